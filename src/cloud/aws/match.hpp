#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

/// How a secret is named, and which names may mean the same one.
///
/// Match keys are "aws/<region>/<account>/<name>". In a binding's keys the account is that of its
/// ARN, or "*" if only a name is known. A hint that knows its account has keys with it and with
/// "*"; one that does not has keys with "?" and "*", and bindings by ARN have such a key too. So
/// two known and different accounts never match, and everything else does. A hint for all regions
/// (of replication) has "*" for the region, and each binding a key for it.
namespace edsm::cloud::aws {

/// arn:<partition>:secretsmanager:<region>:<account>:secret:<name>[-xxxxxx]
struct SecretArn {
  std::string region;
  std::string account;
  std::string resource;  ///< the name with its random suffix; without, if the ARN is partial
};
/// nullopt if it is none, or not one of a secret.
std::optional<SecretArn> parse_secret_arn(std::string_view text);

/// A name that CreateSecret would accept, or one of a managed secret (they have a "!").
bool valid_secret_name(std::string_view name);

/// "db-a1B2c3" -> "db"; nullopt if it does not end like a random suffix.
std::optional<std::string_view> without_suffix(std::string_view resource);

/// True if `path` (name, ARN or partial ARN) may mean the secret with this full ARN and name.
bool means(std::string_view path, std::string_view arn, std::string_view name);

/// Of a binding by name or ARN.
std::vector<std::string> binding_keys(std::string_view region, std::string_view path);

/// Collects the keys of one hint from every way in which an event names its secret.
class HintKeys {
 public:
  static constexpr std::size_t max_ids = 32;

  /// `region` is used for names; empty, or none that could be: unknown, so all. An ARN brings its
  /// own.
  explicit HintKeys(std::string_view region, bool all_regions = false);

  /// A name, ARN or partial ARN; anything else is ignored, and so is what comes after `max_ids`.
  void add(std::string_view id);
  bool empty() const { return keys_.empty() && names_.empty(); }
  std::vector<std::string> take() &&;

 private:
  void add_name(std::string_view region, std::string_view account, std::string_view name);

  std::string region_;
  bool all_regions_;
  std::size_t ids_ = 0;
  std::string account_;             ///< of the ARN that came along, which is also that of the names
  std::vector<std::string> names_;  ///< bare ones
  std::vector<std::string> keys_;
};

}  // namespace edsm::cloud::aws
