#include "cloud/aws/idle.hpp"

#include <algorithm>

namespace edsm::cloud::aws {

std::vector<std::string> IdleList::take_idle(base::Instant now) {
  std::vector<std::string> idle;
  std::erase_if(used_, [&](const auto& each) {
    const bool goes = now - each.second > keep;
    if (goes) idle.push_back(each.first);
    return goes;
  });
  return idle;
}

std::optional<std::string> IdleList::use(const std::string& name, base::Instant now) {
  std::optional<std::string> gone;
  used_.erase(name);
  if (used_.size() >= most) {
    const auto oldest = std::ranges::min_element(
        used_, [](const auto& a, const auto& b) { return a.second < b.second; });
    gone = oldest->first;
    used_.erase(oldest);
  }
  used_.emplace(name, now);
  return gone;
}

}  // namespace edsm::cloud::aws
