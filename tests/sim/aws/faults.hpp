#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace edsm::sim::aws {

/// What may go wrong within the services; what goes wrong on the way is the network's business.
/// Chances are per mille. All may be changed at any time.
struct Faults {
  /// ListSecrets shows the secrets as they were so long ago (AWS promises five minutes at most).
  base::Duration list_lag{0};
  /// One secret of a BatchGetSecretValue is answered with an error, the others are not.
  unsigned batch_throttled = 0;
  unsigned batch_internal_error = 0;
  /// A BatchGetSecretValue's answer ends early, with a NextToken for the rest.
  unsigned batch_short = 0;
  /// So many bytes of values fit into one BatchGetSecretValue's answer; one value always does.
  std::size_t batch_bytes = std::size_t{1} << 20U;
  /// A received message stays visible, so that it is soon received again.
  unsigned queue_duplicates = 0;
  /// Messages are received in any order, not in that of their arrival.
  bool queue_unordered = false;

  /// From now on the operation ("GetSecretValue", "ReceiveMessage") is refused; with a secret's
  /// name, for that secret only (GetSecretValue and DescribeSecret; a batch reads with
  /// GetSecretValue's permission).
  void deny(std::string_view operation, std::string_view secret = {}) {
    denied_.emplace(operation, secret);
  }
  void allow(std::string_view operation, std::string_view secret = {}) {
    denied_.erase({std::string(operation), std::string(secret)});
  }
  bool denied(std::string_view operation, std::string_view secret = {}) const {
    return denied_.contains({std::string(operation), std::string(secret)});
  }

  /// Secrets, by name, whose key of KMS cannot be used: reading their values is a
  /// DecryptionFailure.
  std::set<std::string, std::less<>> undecryptable;

 private:
  std::set<std::pair<std::string, std::string>> denied_;
};

}  // namespace edsm::sim::aws
