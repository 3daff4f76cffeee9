#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sync {

/// Which received messages wait for which work: the book behind "acknowledge after effect".
///
/// A message is opened with the items (bindings, later workloads) that it concerns. An item settles
/// it only by a run of work that began after the message was opened: `begin(item)` marks whom the
/// run covers, `settle`, `again` or `give_up` says how it ended. A message without items left is
/// settled and may be acknowledged; one of whose items was given up goes back to its queue.
/// Of one book each queue asks for its own, so that none waits for another one's answers.
/// Pure: time is an argument.
class TicketLedger {
 public:
  struct Ticket {
    std::size_t inbox = 0;
    std::string handle;
    std::string id;  ///< for logs
    base::Instant received;
  };

  /// `hold_time`: how long the queue keeps the message from others, from `ticket.received` on.
  void open(Ticket ticket, const std::vector<std::string>& items, base::Duration hold_time);

  void begin(const std::string& item);
  /// The run had its effect; what it passed on to (`successors`) must settle too.
  void settle(const std::string& item, const std::vector<std::string>& successors = {});
  /// The run failed but will soon be tried again: its messages wait on.
  void again(const std::string& item);
  /// The run failed for now: its messages, and those that wait for another run, are returned.
  void give_up(const std::string& item);

  /// Whether anybody waits for this item.
  bool awaited(const std::string& item) const;
  /// How many `take_settled` would give.
  std::size_t settled_count(std::size_t inbox) const;
  /// Messages of one queue whose effect is complete / failed since the last call.
  std::vector<Ticket> take_settled(std::size_t inbox);
  std::vector<Ticket> take_returned(std::size_t inbox);
  /// Handles of messages that another receiver would get soon: hold them on. Each is named once per
  /// two thirds of its hold time.
  std::vector<std::string> due_extensions(std::size_t inbox, base::Instant now);

  /// When `due_extensions` has something to say next; nullopt: nothing is open.
  std::optional<base::Instant> next_extension(std::size_t inbox) const;
  /// The hold time that messages of this inbox were opened with last.
  base::Duration hold_time(std::size_t inbox) const;

  std::size_t open_count() const { return open_.size(); }
  std::size_t open_count(std::size_t inbox) const;

 private:
  using Id = std::uint64_t;
  struct Open {
    Ticket ticket;
    std::set<std::string> items;
    base::Duration hold_time;
    base::Instant extend_at;
  };
  struct Inbox {
    std::vector<Ticket> settled;
    std::vector<Ticket> returned;
    std::set<std::pair<base::Instant, Id>> extensions;  ///< of each that is open
    base::Duration hold_time = std::chrono::seconds(30);
  };
  struct Waiters {
    std::set<Id> waiting;  ///< opened after the current run began
    std::set<Id> covered;  ///< by the current run
    bool empty() const { return waiting.empty() && covered.empty(); }
  };

  using Pile = std::vector<Ticket> Inbox::*;

  void drop_item(Id id, const std::string& item);
  void close(Id id, Pile pile);
  Inbox& inbox(std::size_t index);
  const Inbox& inbox(std::size_t index) const;

  std::map<Id, Open> open_;
  std::map<std::string, Waiters, std::less<>> items_;
  std::vector<Inbox> inboxes_;
  Id next_ = 0;
};

}  // namespace edsm::sync
