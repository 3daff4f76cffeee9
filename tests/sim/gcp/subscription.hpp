#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/common/handles.hpp"
#include "sim/common/long_polls.hpp"
#include "sim/gcp/faults.hpp"
#include "sim/gcp/wire.hpp"

namespace edsm::sim::gcp {

using Attributes = std::map<std::string, std::string>;

/// A message as its publisher made it.
struct Content {
  std::string data;
  Attributes attributes;
};

/// A pull subscription: at least once, leased while somebody has it, and to the dead letters after
/// too many deliveries. Retention, filters, ordering keys, exactly-once delivery and retry policies
/// are not simulated.
class Subscription {
 public:
  /// Takes a message that was delivered too often in vain.
  using Bury = std::function<void(const Content& content, base::WallTime published)>;

  /// `faults` has to live as long as this. `name` is "projects/P/subscriptions/S".
  Subscription(Timeline& timeline, std::string name, std::string topic, const Faults& faults);

  // -- configuration, to be changed at any time
  std::chrono::seconds deadline{10};  ///< for acknowledgement
  unsigned max_attempts = 0;          ///< 0: nothing becomes a dead letter
  std::string dead_letter_topic;
  Bury bury;

  // -- the actors
  /// Returns the id of the message.
  std::string publish(Content content);

  // -- the observers
  struct Counts {
    std::size_t waiting = 0;
    std::size_t leased = 0;
    std::size_t polls = 0;        ///< that wait for a message
    std::uint64_t published = 0;  ///< ever
    std::uint64_t acknowledged = 0;
    bool empty() const { return waiting + leased == 0; }
  };
  Counts counts() const;
  const std::string& name() const { return name_; }
  const std::string& topic() const { return topic_; }

  // -- the wire
  struct Pulled {
    std::string id;
    std::string ack_id;
    Content content;
    base::WallTime published{};
    unsigned attempt = 0;  ///< 0: nobody counts, since there are no dead letters
  };
  struct Poll {
    std::size_t max = 1;
    base::Duration hold{0};
    std::function<bool()> gone;  ///< nobody waits for the answer any more
    std::function<void(const std::vector<Pulled>&)> done;
  };
  /// Calls `done` as soon as there is a message, or with none when the wait is over.
  void pull(Poll poll);
  /// An error, and nothing is done, if one of them is no ack id of this subscription. One whose
  /// deadline has passed, or whose message was delivered again, is accepted all the same.
  Answer<void> acknowledge(const std::vector<std::string>& ack_ids);
  /// Zero: it may be delivered again at once.
  Answer<void> modify(const std::vector<std::string>& ack_ids, std::chrono::seconds time);
  /// The message that an ack id belongs to; empty if there is none.
  std::string id_of(std::string_view ack_id) const;

 private:
  struct Message {
    std::string id;
    Content content;
    base::WallTime published{};
    base::Instant available{};
    unsigned deliveries = 0;
    bool leased = false;
  };
  using Messages = std::map<std::uint64_t, Message>;

  Answer<std::vector<Handles::Handle>> parse(const std::vector<std::string>& ack_ids) const;
  /// The message of a delivery, if nobody has got it since.
  Messages::iterator held_by(const Handles::Handle& handle);
  std::vector<std::uint64_t> available();
  std::vector<Pulled> take(const Poll& poll);
  std::optional<base::Instant> next_available() const;

  Timeline& timeline_;
  std::string name_;
  std::string topic_;
  const Faults& faults_;
  Messages messages_;
  std::uint64_t published_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t first_id_;
  Handles handles_;
  LongPolls polls_;
};

}  // namespace edsm::sim::gcp
