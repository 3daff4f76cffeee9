#include "cloud/refresh_policy.hpp"

#include <algorithm>

namespace edsm::cloud {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Duration early = minutes(15);
constexpr base::Duration margin = seconds(10);
/// New keys that are refused again at once will not get better by asking for still newer ones.
constexpr base::Duration rejection_interval = seconds(30);

}  // namespace

RefreshPolicy::Action RefreshPolicy::next(base::WallTime wall, base::Instant now) const {
  const bool usable = held_ && !rejected_ && (!unusable_ || wall < *unusable_);
  if (!usable) return Action::must_renew;
  return due_ && wall >= *due_ && now >= retry_at_ ? Action::renew : Action::use;
}

void RefreshPolicy::renewed(const std::optional<base::WallTime>& expires, base::WallTime wall,
                            std::uint64_t random) {
  held_ = true;
  rejected_ = false;
  backoff_.reset();
  retry_at_ = base::Instant::min();
  due_.reset();
  unusable_.reset();
  if (!expires) return;
  const base::Duration lifetime = std::max(*expires - wall, base::Duration::zero());
  const base::Duration ahead = std::min(early, lifetime / 3);
  // Up to a fifth earlier, so that many replicas do not ask in the same second.
  const auto jitter = base::Duration(
      static_cast<std::int64_t>(random % static_cast<std::uint64_t>(ahead.count() / 5 + 1)));
  due_ = *expires - ahead - jitter;
  unusable_ = *expires - std::min(margin, lifetime / 3);
}

void RefreshPolicy::failed(base::Instant now, std::uint64_t random) {
  // Half of the wait is certain: an endpoint that fails is never asked in a tight loop.
  const base::Duration floor = std::chrono::milliseconds(500);
  retry_at_ = now + floor + backoff_.next(random);
}

bool RefreshPolicy::reject(base::Instant now) {
  if (last_rejection_ && now - *last_rejection_ < rejection_interval) return false;
  last_rejection_ = now;
  rejected_ = true;
  return true;
}

}  // namespace edsm::cloud
