#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace edsm::sim::gcp {

/// What may go wrong within the services; what goes wrong on the way is the network's business.
/// Chances are per mille. All may be changed at any time.
struct Faults {
  /// A value arrives damaged, which its checksum shows.
  unsigned damaged = 0;
  /// A pulled message is handed out again soon, although its deadline has not passed.
  unsigned duplicates = 0;
  /// Messages are pulled in any order (the service promises none), not in that of their arrival.
  bool unordered = false;
  /// An acknowledgement after the deadline, of a message that nobody has pulled since, is accepted
  /// and does nothing. Else it acknowledges.
  unsigned late_acks_lost = 0;

  /// From now on the operation ("AccessSecretVersion", "Pull") is not permitted; with a secret's
  /// name, for that secret only.
  void deny(std::string_view operation, std::string_view secret = {}) {
    denied_.emplace(operation, secret);
  }
  void allow(std::string_view operation, std::string_view secret = {}) {
    denied_.erase({std::string(operation), std::string(secret)});
  }
  bool denied(std::string_view operation, std::string_view secret = {}) const {
    return denied_.contains({std::string(operation), std::string(secret)});
  }

  /// Operations whose quota is used up.
  std::set<std::string, std::less<>> exhausted;

 private:
  std::set<std::pair<std::string, std::string>> denied_;
};

}  // namespace edsm::sim::gcp
