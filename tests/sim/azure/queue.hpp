#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/azure/events.hpp"
#include "sim/azure/faults.hpp"
#include "sim/azure/wire.hpp"
#include "sim/common/long_polls.hpp"

namespace edsm::sim::azure {

/// A queue of Service Bus: messages, locks, deliveries. Sessions, partitions, detection of
/// duplicates, scheduled messages and times to live are not simulated.
class Queue {
 public:
  /// Takes a message that was delivered too often in vain.
  using Bury = std::function<void(Content content)>;

  /// `faults` has to live as long as this.
  Queue(Timeline& timeline, std::string path, const Faults& faults);

  // -- configuration, to be changed at any time
  base::Duration lock_time = std::chrono::minutes(1);
  unsigned max_deliveries = 10;  ///< 0: nothing becomes a dead letter
  int lost_status = 404;         ///< what a lost lock is answered with; 410, too, is documented
  Bury bury;

  // -- the actors
  /// Returns what observers call the message; its MessageId is not its own, if it comes twice.
  std::string send(Content content);
  /// All locks end.
  void lose_locks();

  // -- the observers
  struct Counts {
    std::size_t waiting = 0;
    std::size_t locked = 0;
    std::size_t polls = 0;   ///< that wait for a message
    std::uint64_t sent = 0;  ///< ever
    std::uint64_t completed = 0;
    bool empty() const { return waiting + locked == 0; }
  };
  Counts counts() const;
  const std::string& path() const { return path_; }
  /// What observers call the message of a sequence number.
  std::string id_of(std::uint64_t sequence) const;

  // -- the wire
  struct Received {
    std::uint64_t sequence = 0;
    std::string lock;  ///< empty: the message was removed
    Content content;
    boost::json::object properties;  ///< BrokerProperties of this delivery
  };
  struct Poll {
    base::Duration hold{0};
    bool removes = false;        ///< instead of a lock
    std::function<bool()> gone;  ///< nobody waits for the answer any more
    std::function<void(const std::optional<Received>&)> done;
  };
  /// Calls `done` as soon as there is a message, or with none when the wait is over.
  void receive(Poll poll);
  // By the lock of a delivery; an error if it has ended.
  Answer<void> complete(std::uint64_t sequence, std::string_view lock);
  Answer<void> unlock(std::uint64_t sequence, std::string_view lock);
  Answer<void> renew(std::uint64_t sequence, std::string_view lock);

 private:
  struct Message {
    Content content;
    base::WallTime enqueued{};
    unsigned deliveries = 0;
    std::string lock{};  ///< empty: nobody has it
    base::Instant locked_until{};
  };
  using Messages = std::map<std::uint64_t, Message>;

  /// Frees messages whose locks have ended.
  void expire();
  /// It may be received again, or has become a dead letter.
  Messages::iterator release(Messages::iterator message);
  Answer<Messages::iterator> held_by(std::uint64_t sequence, std::string_view lock);
  std::optional<Received> take(bool removes);
  Messages::iterator next_free();

  Timeline& timeline_;
  std::string path_;
  const Faults& faults_;
  Messages messages_;  ///< by sequence number
  std::uint64_t sent_ = 0;
  std::uint64_t completed_ = 0;
  LongPolls polls_;
};

}  // namespace edsm::sim::azure
