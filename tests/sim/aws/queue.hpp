#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/aws/faults.hpp"
#include "sim/aws/wire.hpp"
#include "sim/common/handles.hpp"
#include "sim/common/long_polls.hpp"

namespace edsm::sim::aws {

/// A standard SQS queue: at least once, hidden while in flight, and to the dead letters after too
/// many receives. Retention, FIFO and the limit of 120,000 in flight are not simulated.
class Queue {
 public:
  /// `faults` and `dead_letters` (none: nullptr) have to live as long as this.
  Queue(Timeline& timeline, std::string arn, const Faults& faults, Queue* dead_letters);

  // -- configuration, to be changed at any time
  std::chrono::seconds visibility{30};
  unsigned max_receives = 0;  ///< 0: nothing becomes a dead letter

  // -- the actors
  /// Returns the id of the message. With a delay it becomes visible that much later.
  std::string enqueue(std::string body, base::Duration delay = {});
  /// A message in flight is visible again, before its time.
  bool redeliver(std::string_view id);

  // -- the observers
  struct Counts {
    std::size_t visible = 0;
    std::size_t in_flight = 0;
    std::size_t delayed = 0;
    std::size_t polls = 0;      ///< that wait for a message
    std::uint64_t sent = 0;     ///< ever
    std::uint64_t deleted = 0;  ///< ever
    bool empty() const { return visible + in_flight + delayed == 0; }
  };
  Counts counts() const;
  /// Of all messages in it, in the order of their arrival.
  std::vector<std::string> bodies() const;

  // -- the wire
  struct Received {
    std::string id;
    std::string handle;
    std::string body;
    base::WallTime sent{};
    base::WallTime first_received{};
    unsigned receives = 0;
    std::string dead_letter_of;  ///< ARN of the queue that gave it up
  };
  struct Poll {
    std::size_t max = 1;
    base::Duration wait{0};
    std::optional<std::chrono::seconds> visibility;  ///< else the queue's
    std::function<bool()> gone;                      ///< nobody waits for the answer any more
    std::function<void(std::vector<Received>)> done;
  };
  /// Calls `done` as soon as there is a message, or with none when the wait is over. A poll that
  /// is gone gets nothing.
  void receive(Poll poll);
  Answer<void> remove(std::string_view handle);
  Answer<void> change_visibility(std::string_view handle, std::chrono::seconds time);
  /// The message that a handle belongs to; empty if there is none.
  std::string id_of(std::string_view handle) const;
  const std::string& arn() const { return arn_; }
  const Queue* dead_letters() const { return max_receives > 0 ? dead_letters_ : nullptr; }

 private:
  struct Message {
    std::string id;
    std::string body;
    base::WallTime sent{};
    base::WallTime first_received{};
    base::Instant received{};
    base::Instant visible_at{};
    unsigned receives = 0;
    bool in_flight = false;  ///< hidden because of a receive, not of a delay
    std::string dead_letter_of;
  };
  using Messages = std::map<std::uint64_t, Message>;

  Answer<Handles::Handle> parse(std::string_view handle) const;
  /// The messages that may be received now, in the order in which they will be.
  std::vector<std::uint64_t> visible();
  std::vector<Received> take(const Poll& poll);
  std::optional<base::Instant> next_visible() const;

  Timeline& timeline_;
  std::string arn_;
  const Faults& faults_;
  Queue* dead_letters_;
  Messages messages_;
  std::uint64_t sent_ = 0;
  std::uint64_t deleted_ = 0;
  Handles handles_;
  LongPolls polls_;
};

}  // namespace edsm::sim::aws
