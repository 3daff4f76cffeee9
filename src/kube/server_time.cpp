#include "kube/server_time.hpp"

#include <algorithm>

namespace edsm::kube {

void ServerTime::learn(base::WallTime date, base::Instant sent, base::Instant received) {
  const Bounds seen{date.time_since_epoch() - received.time_since_epoch(),
                    date.time_since_epoch() + std::chrono::seconds(1) - sent.time_since_epoch()};
  if (!offset_) {
    offset_ = seen;
    return;
  }
  const Bounds both{std::max(offset_->low, seen.low), std::min(offset_->high, seen.high)};
  // A clock was set, or clocks have drifted apart since: the latest answer is right.
  offset_ = both.low <= both.high ? both : seen;
}

base::WallTime ServerTime::at(base::Instant now, base::WallTime local) const {
  if (!offset_) return local;
  const auto at = [&](base::Duration offset) {
    return base::WallTime(now.time_since_epoch() + offset);
  };
  return std::clamp(local, at(offset_->low), at(offset_->high));
}

}  // namespace edsm::kube
