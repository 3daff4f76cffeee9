#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/aws/client.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::aws {

/// What DescribeSecret and ListSecrets say of one secret, as far as it matters here.
struct SecretFacts {
  std::string arn;
  std::string name;
  std::string current_version;  ///< carries AWSCURRENT; empty: none does
  bool deleted = false;         ///< scheduled for deletion
};

struct SecretPage {
  std::vector<SecretFacts> secrets;
  std::string next_token;  ///< empty: the last page
};

/// One secret's value with the names under which it may have been asked for.
struct NamedValue {
  std::string arn;
  std::string name;
  base::Result<Value> value;
};

struct BatchAnswer {
  std::vector<NamedValue> values;
  std::map<std::string, base::Error, std::less<>> errors;  ///< by the id that was asked for
};

/// The calls of Secrets Manager in one region. Error texts name the secret and, where a permission
/// is missing, the action to grant.
class SecretsManager {
 public:
  static constexpr std::size_t batch_limit = 20;

  explicit SecretsManager(std::unique_ptr<Client> client) : client_(std::move(client)) {}

  base::Task<base::Result<Value>> get_value(std::string id);
  /// 1 to 20 ids. Secrets may be missing from the answer: ask again.
  base::Task<base::Result<BatchAnswer>> get_values(std::vector<std::string> ids);
  base::Task<base::Result<SecretFacts>> describe(std::string id);
  base::Task<base::Result<SecretPage>> list(std::string next_token);

 private:
  std::unique_ptr<Client> client_;
};

}  // namespace edsm::cloud::aws
