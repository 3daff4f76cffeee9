#include "sim/common/long_polls.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace edsm::sim {

void LongPolls::add(Poll poll) {
  polls_.push_back(std::move(poll));
  serve();
}

void LongPolls::serve() {
  std::vector<std::function<void()>> answers;
  for (auto at = polls_.begin(); at != polls_.end();) {
    const bool gone = at->gone && at->gone();
    if (!gone) {
      auto answer = at->take(at->until <= timeline_.now());
      if (!answer) {
        ++at;
        continue;
      }
      answers.push_back(std::move(answer));
    }
    at = polls_.erase(at);
  }
  wake_up();
  // Last, because whoever is answered may ask again at once.
  for (auto& answer : answers) answer();
}

void LongPolls::wake_up() {
  if (polls_.empty()) return;
  base::Instant next = next_().value_or(base::Instant::max());
  for (const Poll& each : polls_) next = std::min(next, each.until);
  next = std::max(next, timeline_.now());
  if (wakes_at_ && *wakes_at_ <= next && *wakes_at_ >= timeline_.now()) return;
  wakes_at_ = next;
  timeline_.after(next - timeline_.now(), [this, next, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    if (wakes_at_ == next) wakes_at_.reset();
    serve();
  });
}

}  // namespace edsm::sim
