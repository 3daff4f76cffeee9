#include "sync/queue.hpp"

#include <algorithm>

#include "base/planted.hpp"

namespace edsm::sync {

void WorkQueue::enlist(Place place) {
  later_.emplace(place->second.due, place->second.order, place);
}

void WorkQueue::delist(Place place) {
  const auto& entry = place->second;
  later_.erase({entry.due, entry.order, place});
  ready_.erase({entry.priority, entry.order, place});
}

void WorkQueue::add(const std::string& key, base::Instant due, Priority priority) {
  const bool runs = running(key);
  if (runs && base::planted(base::Bug::forget_what_happens_meanwhile)) return;
  const auto [at, fresh] = waiting_.try_emplace(key, Entry{due, priority, next_order_});
  if (fresh) {
    ++next_order_;
  } else {
    Entry& entry = at->second;
    if (due >= entry.due && priority >= entry.priority) return;
    if (!runs) delist(&*at);
    entry.due = std::min(entry.due, due);
    entry.priority = std::min(entry.priority, priority);
  }
  if (!runs) enlist(&*at);
}

void WorkQueue::promote(base::Instant now) {
  while (!later_.empty() && std::get<0>(*later_.begin()) <= now) {
    const auto [due, order, place] = *later_.begin();
    later_.erase(later_.begin());
    ready_.emplace(place->second.priority, order, place);
  }
}

void WorkQueue::hasten() {
  promote(base::Instant::max());
}

std::optional<WorkQueue::Taken> WorkQueue::take(base::Instant now) {
  promote(now);
  if (ready_.empty()) return std::nullopt;
  const auto place = std::get<Place>(*ready_.begin());
  ready_.erase(ready_.begin());
  auto entry = waiting_.extract(place->first);
  running_.insert(entry.key());
  return Taken{std::move(entry.key()), entry.mapped().due};
}

void WorkQueue::done(const std::string& key) {
  running_.erase(key);
  const auto again = waiting_.find(key);
  if (again != waiting_.end()) enlist(&*again);
}

bool WorkQueue::ready(const std::string& key, base::Instant now) const {
  const auto at = waiting_.find(key);
  return at != waiting_.end() && at->second.due <= now;
}

std::optional<base::Instant> WorkQueue::next_due() const {
  if (!ready_.empty()) return base::Instant::min();
  if (later_.empty()) return std::nullopt;
  return std::get<0>(*later_.begin());
}

}  // namespace edsm::sync
