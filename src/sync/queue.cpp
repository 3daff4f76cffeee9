#include "sync/queue.hpp"

#include <algorithm>

#include "base/planted.hpp"

namespace edsm::sync {

void WorkQueue::enlist(Place place) {
  const auto& entry = place->second;
  lanes_[entry.lane].later.emplace(entry.due, entry.order, place);
}

void WorkQueue::delist(Place place) {
  const auto& entry = place->second;
  lanes_[entry.lane].later.erase({entry.due, entry.order, place});
  lanes_[entry.lane].ready.erase({entry.priority, entry.order, place});
}

void WorkQueue::add(const std::string& key, base::Instant due, Priority priority,
                    std::size_t lane) {
  const bool runs = running(key);
  if (runs && base::planted(base::Bug::forget_what_happens_meanwhile)) return;
  if (lane >= lanes_.size()) lanes_.resize(lane + 1);
  const auto [at, fresh] = waiting_.try_emplace(key, Entry{due, priority, next_order_, lane});
  if (fresh) {
    ++next_order_;
  } else {
    Entry& entry = at->second;
    if (due >= entry.due && priority >= entry.priority && lane == entry.lane) return;
    if (!runs) delist(&*at);
    entry.due = std::min(entry.due, due);
    entry.priority = std::min(entry.priority, priority);
    entry.lane = lane;
  }
  if (!runs) enlist(&*at);
}

void WorkQueue::promote(Lane& lane, base::Instant now) {
  while (!lane.later.empty() && std::get<0>(*lane.later.begin()) <= now) {
    const auto [due, order, place] = *lane.later.begin();
    lane.later.erase(lane.later.begin());
    lane.ready.emplace(place->second.priority, order, place);
  }
}

void WorkQueue::hasten() {
  for (auto& lane : lanes_) promote(lane, base::Instant::max());
}

std::optional<WorkQueue::Taken> WorkQueue::take(base::Instant now) {
  Lane* first = nullptr;
  for (auto& lane : lanes_) {
    if (!has_room(lane)) continue;
    promote(lane, now);
    if (lane.ready.empty()) continue;
    if (first == nullptr || *lane.ready.begin() < *first->ready.begin()) first = &lane;
  }
  if (first == nullptr) return std::nullopt;
  const auto place = std::get<Place>(*first->ready.begin());
  first->ready.erase(first->ready.begin());
  ++first->running;
  auto entry = waiting_.extract(place->first);
  running_.emplace(entry.key(), entry.mapped().lane);
  return Taken{std::move(entry.key()), entry.mapped().due};
}

void WorkQueue::done(const std::string& key) {
  const auto at = running_.find(key);
  if (at == running_.end()) return;
  --lanes_[at->second].running;
  running_.erase(at);
  const auto again = waiting_.find(key);
  if (again != waiting_.end()) enlist(&*again);
}

bool WorkQueue::ready(const std::string& key, base::Instant now) const {
  const auto at = waiting_.find(key);
  return at != waiting_.end() && at->second.due <= now;
}

std::size_t WorkQueue::ready_count() const {
  std::size_t count = 0;
  for (const auto& lane : lanes_) count += lane.ready.size();
  return count;
}

std::size_t WorkQueue::ready_count(std::size_t lane) const {
  return lane < lanes_.size() ? lanes_[lane].ready.size() : 0;
}

std::size_t WorkQueue::running_count(std::size_t lane) const {
  return lane < lanes_.size() ? lanes_[lane].running : 0;
}

std::optional<base::Instant> WorkQueue::next_due() const {
  std::optional<base::Instant> next;
  for (const auto& lane : lanes_) {
    if (!has_room(lane)) continue;
    if (!lane.ready.empty()) return base::Instant::min();
    if (lane.later.empty()) continue;
    const auto due = std::get<0>(*lane.later.begin());
    if (!next || due < *next) next = due;
  }
  return next;
}

}  // namespace edsm::sync
