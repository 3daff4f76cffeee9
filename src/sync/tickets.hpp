#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sync {

/// Which received messages wait for which work: the book behind "acknowledge after effect".
///
/// A message is opened with the items (bindings, later workloads) that it concerns. An item settles
/// it only by a run of work that began after the message was opened: `begin(item)` marks whom the
/// run covers, `settle`, `again` or `give_up` says how it ended. A message without items left is
/// settled and may be acknowledged; one of whose items was given up goes back to its queue.
/// Pure: time is an argument.
class TicketLedger {
 public:
  struct Ticket {
    std::size_t inbox = 0;
    std::string handle;
    std::string id;  ///< for logs
    base::Instant received;
  };
  struct Extension {
    std::size_t inbox;
    std::string handle;
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
  std::size_t settled_count() const { return settled_.size(); }
  /// Messages whose effect is complete / failed since the last call.
  std::vector<Ticket> take_settled();
  std::vector<Ticket> take_returned();
  /// Messages that another receiver would get soon: hold them on. Each is named once per two thirds
  /// of its hold time.
  std::vector<Extension> due_extensions(base::Instant now);

  /// When `due_extensions` has something to say next; nullopt: nothing is open.
  std::optional<base::Instant> next_extension() const;
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
  struct Waiters {
    std::set<Id> waiting;  ///< opened after the current run began
    std::set<Id> covered;  ///< by the current run
    bool empty() const { return waiting.empty() && covered.empty(); }
  };

  void drop_item(Id id, const std::string& item);
  void close(Id id, std::vector<Ticket>& into);

  std::map<Id, Open> open_;
  std::map<std::string, Waiters, std::less<>> items_;
  std::vector<Ticket> settled_;
  std::vector<Ticket> returned_;
  std::map<std::size_t, base::Duration> hold_times_;
  Id next_ = 0;
};

}  // namespace edsm::sync
