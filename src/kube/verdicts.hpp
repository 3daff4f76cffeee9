#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/secret.hpp"

namespace edsm::kube {

/// What the API server says of a bearer token and what its holder asks for.
enum class Verdict : std::uint8_t {
  allowed,
  unknown,    ///< nobody's token: wrong, expired, or its holder is gone
  forbidden,  ///< somebody's, who may not
};

/// Remembers verdicts for a short time, by a keyed digest of the token and never by the token.
/// Bounded: where too many are remembered the one that is forgotten soonest makes room, so that a
/// flood of wrong tokens does not push out the good ones. Pure: time is an argument.
class Verdicts {
 public:
  /// A right that was taken away, and a token that has expired, count until then.
  static constexpr base::Duration kAllowedFor = std::chrono::seconds(60);
  static constexpr base::Duration kRefusedFor = std::chrono::seconds(10);
  static constexpr std::size_t kMost = 256;

  /// `key`: of the digests; random, and for this process only.
  explicit Verdicts(base::SecretBytes key) : key_(std::move(key)) {}

  std::optional<Verdict> find(std::string_view token, base::Instant now) const;
  void remember(std::string_view token, Verdict verdict, base::Instant now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Verdict verdict;
    base::Instant until;
  };

  base::SecretBytes key_;
  std::map<base::Sha256, Entry> entries_;
};

}  // namespace edsm::kube
