#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace edsm::sim {

/// What a simulated cloud does not permit, to be changed at any time.
class Denials {
 public:
  /// From now on the operation ("GetSecretValue", "Pull") is refused; with a secret's name, for
  /// that secret only.
  void deny(std::string_view operation, std::string_view secret = {}) {
    denied_.emplace(operation, secret);
  }
  void allow(std::string_view operation, std::string_view secret = {}) {
    denied_.erase({std::string(operation), std::string(secret)});
  }
  bool denied(std::string_view operation, std::string_view secret = {}) const {
    return denied_.contains({std::string(operation), std::string(secret)});
  }

 private:
  std::set<std::pair<std::string, std::string>> denied_;
};

}  // namespace edsm::sim
