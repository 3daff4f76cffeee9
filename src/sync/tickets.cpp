#include "sync/tickets.hpp"

#include <utility>

namespace edsm::sync {
namespace {
base::Instant extension_after(base::Instant from, base::Duration hold_time) {
  return from + hold_time * 2 / 3;
}
}  // namespace

void TicketLedger::open(Ticket ticket, const std::vector<std::string>& items,
                        base::Duration hold_time) {
  auto& own = inbox(ticket.inbox);
  if (items.empty()) {
    own.settled.push_back(std::move(ticket));
    return;
  }
  const Id id = next_++;
  own.hold_time = hold_time;
  for (const auto& item : items) items_[item].waiting.insert(id);
  const auto extend_at = extension_after(ticket.received, hold_time);
  own.extensions.emplace(extend_at, id);
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
  if (open.items.empty()) close(id, &Inbox::settled);
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
  for (const Id id : failed) close(id, &Inbox::returned);
  items_.erase(item);
}

void TicketLedger::close(Id id, Pile pile) {
  auto node = open_.extract(id);
  for (const auto& item : node.mapped().items) {
    const auto at = items_.find(item);
    if (at == items_.end()) continue;
    at->second.waiting.erase(id);
    at->second.covered.erase(id);
    if (at->second.empty()) items_.erase(at);
  }
  auto& own = inbox(node.mapped().ticket.inbox);
  own.extensions.erase({node.mapped().extend_at, id});
  (own.*pile).push_back(std::move(node.mapped().ticket));
}

bool TicketLedger::awaited(const std::string& item) const {
  return items_.contains(item);
}

TicketLedger::Inbox& TicketLedger::inbox(std::size_t index) {
  if (index >= inboxes_.size()) inboxes_.resize(index + 1);
  return inboxes_[index];
}
const TicketLedger::Inbox& TicketLedger::inbox(std::size_t index) const {
  static const Inbox nothing;
  return index < inboxes_.size() ? inboxes_[index] : nothing;
}

std::size_t TicketLedger::settled_count(std::size_t inbox) const {
  return this->inbox(inbox).settled.size();
}
std::vector<TicketLedger::Ticket> TicketLedger::take_settled(std::size_t inbox) {
  return std::exchange(this->inbox(inbox).settled, {});
}
std::vector<TicketLedger::Ticket> TicketLedger::take_returned(std::size_t inbox) {
  return std::exchange(this->inbox(inbox).returned, {});
}

std::vector<std::string> TicketLedger::due_extensions(std::size_t inbox, base::Instant now) {
  auto& extensions = this->inbox(inbox).extensions;
  std::vector<Id> ids;
  for (const auto& [at, id] : extensions) {
    if (at > now) break;
    ids.push_back(id);
  }
  std::vector<std::string> due;
  for (const Id id : ids) {
    auto& open = open_.at(id);
    due.push_back(open.ticket.handle);
    extensions.erase({open.extend_at, id});
    open.extend_at = extension_after(now, open.hold_time);
    extensions.emplace(open.extend_at, id);
  }
  return due;
}

std::optional<base::Instant> TicketLedger::next_extension(std::size_t inbox) const {
  const auto& extensions = this->inbox(inbox).extensions;
  return extensions.empty() ? std::nullopt : std::optional(extensions.begin()->first);
}

base::Duration TicketLedger::hold_time(std::size_t inbox) const {
  return this->inbox(inbox).hold_time;
}

std::size_t TicketLedger::open_count(std::size_t inbox) const {
  return this->inbox(inbox).extensions.size();
}

}  // namespace edsm::sync
