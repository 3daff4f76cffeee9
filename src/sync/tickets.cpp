#include "sync/tickets.hpp"

#include <algorithm>
#include <utility>

namespace edsm::sync {
namespace {
base::Instant extension_after(base::Instant from, base::Duration hold_time) {
  return from + hold_time * 2 / 3;
}
}  // namespace

void TicketLedger::open(Ticket ticket, const std::vector<std::string>& items,
                        base::Duration hold_time) {
  if (items.empty()) {
    settled_.push_back(std::move(ticket));
    return;
  }
  const Id id = next_++;
  hold_times_[ticket.inbox] = hold_time;
  for (const auto& item : items) items_[item].waiting.insert(id);
  const auto extend_at = extension_after(ticket.received, hold_time);
  open_.emplace(id, Open{std::move(ticket), {items.begin(), items.end()}, hold_time, extend_at});
}

void TicketLedger::begin(const std::string& item) {
  const auto at = items_.find(item);
  if (at == items_.end()) return;
  at->second.covered.merge(at->second.waiting);
}

void TicketLedger::settle(const std::string& item, const std::vector<std::string>& successors) {
  const auto at = items_.find(item);
  if (at == items_.end()) return;
  const auto covered = std::exchange(at->second.covered, {});
  for (const Id id : covered) {
    for (const auto& successor : successors) {
      open_.at(id).items.insert(successor);
      items_[successor].waiting.insert(id);
    }
    // Passed on to this item once more while it ran: that change needs another run.
    if (!at->second.waiting.contains(id)) drop_item(id, item);
  }
  if (items_[item].empty()) items_.erase(item);
}

void TicketLedger::drop_item(Id id, const std::string& item) {
  auto& open = open_.at(id);
  open.items.erase(item);
  if (open.items.empty()) close(id, settled_);
}

void TicketLedger::again(const std::string& item) {
  const auto at = items_.find(item);
  if (at == items_.end()) return;
  at->second.waiting.merge(at->second.covered);
  at->second.covered.clear();
}

void TicketLedger::give_up(const std::string& item) {
  const auto at = items_.find(item);
  if (at == items_.end()) return;
  auto failed = std::exchange(at->second.covered, {});
  failed.merge(at->second.waiting);
  for (const Id id : failed) close(id, returned_);
  items_.erase(item);
}

void TicketLedger::close(Id id, std::vector<Ticket>& into) {
  auto node = open_.extract(id);
  for (const auto& item : node.mapped().items) {
    const auto at = items_.find(item);
    if (at == items_.end()) continue;
    at->second.waiting.erase(id);
    at->second.covered.erase(id);
    if (at->second.empty()) items_.erase(at);
  }
  into.push_back(std::move(node.mapped().ticket));
}

bool TicketLedger::awaited(const std::string& item) const {
  return items_.contains(item);
}

std::vector<TicketLedger::Ticket> TicketLedger::take_settled() {
  return std::exchange(settled_, {});
}
std::vector<TicketLedger::Ticket> TicketLedger::take_returned() {
  return std::exchange(returned_, {});
}

std::vector<TicketLedger::Extension> TicketLedger::due_extensions(base::Instant now) {
  std::vector<Extension> due;
  for (auto& [id, open] : open_) {
    if (open.extend_at > now) continue;
    due.push_back({open.ticket.inbox, open.ticket.handle});
    open.extend_at = extension_after(now, open.hold_time);
  }
  return due;
}

std::optional<base::Instant> TicketLedger::next_extension() const {
  std::optional<base::Instant> next;
  for (const auto& [id, open] : open_) {
    if (!next || open.extend_at < *next) next = open.extend_at;
  }
  return next;
}

base::Duration TicketLedger::hold_time(std::size_t inbox) const {
  const auto at = hold_times_.find(inbox);
  return at == hold_times_.end() ? base::Duration(std::chrono::seconds(30)) : at->second;
}

std::size_t TicketLedger::open_count(std::size_t inbox) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      open_, [&](const auto& entry) { return entry.second.ticket.inbox == inbox; }));
}

}  // namespace edsm::sync
