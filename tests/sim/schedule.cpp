#include "sim/schedule.hpp"

#include <algorithm>
#include <utility>

namespace edsm::sim {

base::WallTime Schedule::epoch() {
  using namespace std::chrono;
  return base::WallTime(sys_days(year_month_day(year(2026), month(11), day(23))));
}

/// SplitMix64: small, fast, and the same everywhere.
std::uint64_t Schedule::random() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

base::Duration Schedule::between(base::Duration low, base::Duration high) {
  const auto range = static_cast<std::uint64_t>((high - low).count()) + 1;
  return low + base::Duration(static_cast<std::int64_t>(random() % range));
}

void Schedule::push(Item item) {
  heap_.push_back(std::move(item));
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void Schedule::at(base::Instant when, Owner owner, std::function<void()> act) {
  if (owner != kWorld && dropped_.contains(owner)) return;
  push({std::max(when, now_), ++order_, owner, std::move(act)});
}

void Schedule::resume(Owner owner) {
  auto kept = paused_.extract(owner);
  if (kept.empty()) return;
  for (auto& item : kept.mapped()) at(now_, owner, std::move(item.act));
}

std::optional<Owner> Schedule::step(base::Instant until) {
  while (!heap_.empty() && heap_.front().at <= until) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    Item item = std::move(heap_.back());
    heap_.pop_back();
    if (item.owner != kWorld && dropped_.contains(item.owner)) continue;
    now_ = std::max(now_, item.at);
    const auto paused = paused_.find(item.owner);
    if (paused != paused_.end()) {
      paused->second.push_back(std::move(item));
      continue;
    }
    ++steps_;
    item.act();
    return item.owner;
  }
  now_ = std::max(now_, until);
  return std::nullopt;
}

}  // namespace edsm::sim
