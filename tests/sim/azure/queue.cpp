#include "sim/azure/queue.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;

/// The default time to live, in seconds: for ever.
constexpr double for_ever = 922337203685.47754;

/// The service has them in this order.
json::object sorted(const json::object& properties) {
  std::map<std::string, json::value> by_name;
  for (const auto& [name, value] : properties) by_name.emplace(name, value);
  json::object result;
  for (auto& [name, value] : by_name) result[name] = std::move(value);
  return result;
}

}  // namespace

Queue::Queue(Timeline& timeline, std::string path, const Faults& faults)
    : timeline_(timeline), path_(std::move(path)), faults_(faults), polls_(timeline, [this] {
        std::optional<base::Instant> next;
        for (const auto& [sequence, message] : messages_) {
          const auto at = message.lock.empty() ? timeline_.now() : message.locked_until;
          if (!next || at < *next) next = at;
        }
        return next;
      }) {}

std::string Queue::id_of(std::uint64_t sequence) const {
  return fmt::format("{}/{}", path_, sequence);
}

std::string Queue::send(Content content) {
  if (!content.properties.contains("MessageId")) content.properties["MessageId"] = uuid(timeline_);
  const auto sequence = ++sent_;
  messages_.emplace(sequence, Message{std::move(content), timeline_.wall()});
  polls_.serve();
  return id_of(sequence);
}

void Queue::lose_locks() {
  for (auto& [sequence, message] : messages_)
    message.locked_until = std::min(message.locked_until, timeline_.now());
  polls_.serve();
}

Queue::Counts Queue::counts() const {
  Counts counts;
  for (const auto& [sequence, message] : messages_) {
    const bool locked = !message.lock.empty() && message.locked_until > timeline_.now();
    ++(locked ? counts.locked : counts.waiting);
  }
  counts.polls = polls_.waiting();
  counts.sent = sent_;
  counts.completed = completed_;
  return counts;
}

// -- locks

Queue::Messages::iterator Queue::release(Messages::iterator message) {
  message->second.lock.clear();
  if (max_deliveries == 0 || message->second.deliveries < max_deliveries) return std::next(message);
  auto dead = std::move(message->second.content);
  const auto next = messages_.erase(message);
  dead.custom["DeadLetterReason"] = "\"MaxDeliveryCountExceeded\"";
  dead.custom["DeadLetterErrorDescription"] =
      fmt::format("\"Message could not be consumed after {} delivery attempts.\"", max_deliveries);
  if (bury) bury(std::move(dead));
  return next;
}

void Queue::expire() {
  for (auto at = messages_.begin(); at != messages_.end();) {
    const bool ended = !at->second.lock.empty() && at->second.locked_until <= timeline_.now();
    at = ended ? release(at) : std::next(at);
  }
}

Answer<Queue::Messages::iterator> Queue::held_by(std::uint64_t sequence, std::string_view lock) {
  expire();
  const auto found = messages_.find(sequence);
  const bool its = found != messages_.end() && !lock.empty() && found->second.lock == lower(lock);
  if (its) return found;
  return fail(lost_status, {},
              "The lock supplied is invalid. Either the lock expired, or the message has already "
              "been removed from the queue.");
}

Answer<void> Queue::complete(std::uint64_t sequence, std::string_view lock) {
  const auto held = held_by(sequence, lock);
  if (!held) return std::unexpected(held.error());
  messages_.erase(*held);
  ++completed_;
  return {};
}

Answer<void> Queue::unlock(std::uint64_t sequence, std::string_view lock) {
  const auto held = held_by(sequence, lock);
  if (!held) return std::unexpected(held.error());
  release(*held);
  polls_.serve();
  return {};
}

Answer<void> Queue::renew(std::uint64_t sequence, std::string_view lock) {
  const auto held = held_by(sequence, lock);
  if (!held) return std::unexpected(held.error());
  (*held)->second.locked_until = timeline_.now() + lock_time;
  return {};
}

// -- receiving

Queue::Messages::iterator Queue::next_free() {
  expire();
  std::vector<Messages::iterator> free;
  for (auto at = messages_.begin(); at != messages_.end(); ++at) {
    if (at->second.lock.empty()) free.push_back(at);
  }
  if (free.empty()) return messages_.end();
  if (!faults_.unordered) return free.front();
  return free[(timeline_.random() >> 8U) % free.size()];
}

std::optional<Queue::Received> Queue::take(bool removes) {
  const auto found = next_free();
  if (found == messages_.end()) return std::nullopt;
  auto& [sequence, message] = *found;
  ++message.deliveries;
  Received received{sequence, {}, message.content, message.content.properties};
  auto& shown = received.properties;
  shown["DeliveryCount"] = message.deliveries;
  shown["EnqueuedSequenceNumber"] = 0;
  shown["EnqueuedTimeUtc"] = http_date(message.enqueued);
  shown["SequenceNumber"] = sequence;
  shown["State"] = "Active";
  shown["TimeToLive"] = for_ever;
  if (removes) {
    messages_.erase(found);
    ++completed_;
  } else {
    message.lock = received.lock = uuid(timeline_);
    message.locked_until = timeline_.now() + lock_time;
    shown["LockToken"] = message.lock;
    shown["LockedUntilUtc"] = http_date(timeline_.wall() + lock_time);
    if (chance(timeline_, faults_.locks_lost)) message.locked_until = timeline_.now();
  }
  shown = sorted(shown);
  return received;
}

void Queue::receive(Poll poll) {
  const base::Instant until = timeline_.now() + poll.hold;
  auto gone = std::move(poll.gone);
  polls_.add({until, std::move(gone), [this, poll = std::move(poll)](bool last) {
                auto received = take(poll.removes);
                std::function<void()> answer;
                if (last || received)
                  answer = [done = poll.done, received = std::move(received)] { done(received); };
                return answer;
              }});
}

}  // namespace edsm::sim::azure
