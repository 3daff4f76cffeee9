#pragma once

#include <set>
#include <string>
#include <string_view>

#include "sim/common/denials.hpp"

namespace edsm::sim::gcp {

/// What may go wrong within the services; what goes wrong on the way is the network's business.
/// Chances are per mille. All may be changed at any time.
struct Faults : Denials {
  /// A value arrives damaged, which its checksum shows.
  unsigned damaged = 0;
  /// A pulled message is handed out again soon, although its deadline has not passed.
  unsigned duplicates = 0;
  /// Messages are pulled in any order (the service promises none), not in that of their arrival.
  bool unordered = false;
  /// An acknowledgement after the deadline, of a message that nobody has pulled since, is accepted
  /// and does nothing. Else it acknowledges.
  unsigned late_acks_lost = 0;

  /// Operations whose quota is used up.
  std::set<std::string, std::less<>> exhausted;
};

}  // namespace edsm::sim::gcp
