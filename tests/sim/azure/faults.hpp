#pragma once

#include <string>

#include "sim/common/denials.hpp"

namespace edsm::sim::azure {

/// What may go wrong within the services; what goes wrong on the way is the network's business.
/// Chances are per mille. All may be changed at any time.
struct Faults : Denials {
  /// A request to the vault is answered with 429, and when to come again.
  unsigned throttled = 0;
  /// A lock ends as soon as it was given: the service had to move the queue.
  unsigned locks_lost = 0;
  /// Messages are received in any order, not in that of their arrival.
  bool unordered = false;
  /// Somebody between EDSM and the vault answers with a challenge of his own: he would like a token
  /// for another service.
  unsigned forged_challenges = 0;
};

/// For whom a forged challenge wants a token.
inline constexpr std::string_view kForgedResource = "https://management.azure.com";

}  // namespace edsm::sim::azure
