#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <string>

namespace edsm::cloud::gcp {

/// How often each message came. Pub/Sub counts only where there is a dead-letter topic; where there
/// is none, somebody has to, so that one that nobody can deal with is given up in the end. Bounded:
/// the oldest is forgotten first, and counted anew if it comes again.
class Deliveries {
 public:
  static constexpr std::size_t limit = 4096;

  /// `counted` is what the service says; 0: nothing.
  int came(const std::string& id, int counted) {
    if (id.empty()) return std::max(counted, 1);
    const auto [at, fresh] = counts_.try_emplace(id, 0);
    if (fresh) order_.push_back(id);
    const int count = ++at->second;
    if (order_.size() > limit) {
      counts_.erase(order_.front());
      order_.pop_front();
    }
    return std::max(count, counted);
  }
  std::size_t size() const { return counts_.size(); }

 private:
  std::map<std::string, int, std::less<>> counts_;
  std::deque<std::string> order_;
};

}  // namespace edsm::cloud::gcp
