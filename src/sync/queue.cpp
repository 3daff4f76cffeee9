#include "sync/queue.hpp"

#include <algorithm>

#include "base/planted.hpp"

namespace edsm::sync {

void WorkQueue::enlist(const base::Text& key, const Entry& entry) {
  later_.emplace(entry.due, entry.order, key);
}

void WorkQueue::delist(const base::Text& key, const Entry& entry) {
  later_.erase({entry.due, entry.order, key});
  ready_.erase({entry.priority, entry.order, key});
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
    if (!runs) delist(key, entry);
    entry.due = std::min(entry.due, due);
    entry.priority = std::min(entry.priority, priority);
  }
  if (!runs) enlist(key, at->second);
}

void WorkQueue::promote(base::Instant now) {
  while (!later_.empty() && std::get<0>(*later_.begin()) <= now) {
    auto node = later_.extract(later_.begin());
    auto& [due, order, key] = node.value();
    ready_.emplace(waiting_.at(key).priority, order, key);
  }
}

void WorkQueue::hasten() {
  promote(base::Instant::max());
}

std::optional<WorkQueue::Taken> WorkQueue::take(base::Instant now) {
  promote(now);
  if (ready_.empty()) return std::nullopt;
  auto node = ready_.extract(ready_.begin());
  const base::Text key = std::move(std::get<2>(node.value()));
  const auto entry = waiting_.extract(key);
  running_.insert(key);
  return Taken{key.str(), entry.mapped().due};
}

void WorkQueue::done(const std::string& key) {
  running_.erase(key);
  const auto again = waiting_.find(key);
  if (again != waiting_.end()) enlist(key, again->second);
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
