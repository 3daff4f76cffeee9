#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "sim/common/denials.hpp"

namespace edsm::sim::aws {

/// What may go wrong within the services; what goes wrong on the way is the network's business.
/// Chances are per mille. All may be changed at any time. Of one secret GetSecretValue and
/// DescribeSecret can be denied; a batch reads with the permission of the former.
struct Faults : Denials {
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

  /// Secrets, by name, whose key of KMS cannot be used: reading their values is a
  /// DecryptionFailure.
  std::set<std::string, std::less<>> undecryptable;
};

}  // namespace edsm::sim::aws
