#include "sim/aws/queue.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edsm::sim::aws {
namespace {

constexpr std::chrono::seconds max_visibility = std::chrono::hours(12);
constexpr std::string_view handle_prefix = "AQEB";

}  // namespace

Queue::Queue(Timeline& timeline, std::string arn, const Faults& faults, Queue* dead_letters)
    : timeline_(timeline),
      arn_(std::move(arn)),
      faults_(faults),
      dead_letters_(dead_letters),
      handles_(std::string(handle_prefix), static_cast<std::uint32_t>(timeline.random() >> 16U)),
      polls_(timeline, [this] { return next_visible(); }) {}

// -- the actors

std::string Queue::enqueue(std::string body, base::Duration delay) {
  Message message;
  message.id = uuid(timeline_);
  message.body = std::move(body);
  message.sent = timeline_.wall();
  message.visible_at = timeline_.now() + delay;
  std::string id = message.id;
  messages_.emplace(++sent_, std::move(message));
  polls_.serve();
  return id;
}

bool Queue::redeliver(std::string_view id) {
  const auto found =
      std::ranges::find_if(messages_, [id](const auto& each) { return each.second.id == id; });
  if (found == messages_.end() || !found->second.in_flight) return false;
  found->second.visible_at = timeline_.now();
  polls_.serve();
  return true;
}

// -- the observers

Queue::Counts Queue::counts() const {
  Counts counts;
  for (const auto& [number, message] : messages_) {
    if (message.visible_at <= timeline_.now()) {
      ++counts.visible;
    } else {
      ++(message.in_flight ? counts.in_flight : counts.delayed);
    }
  }
  counts.polls = polls_.waiting();
  counts.sent = sent_;
  counts.deleted = deleted_;
  return counts;
}

std::vector<std::string> Queue::bodies() const {
  std::vector<std::string> bodies;
  for (const auto& [number, message] : messages_) bodies.push_back(message.body);
  return bodies;
}

// -- receipt handles

Answer<Handles::Handle> Queue::parse(std::string_view handle) const {
  const auto decoded = handles_.decode(handle);
  if (decoded && decoded->number <= sent_) return *decoded;
  return fail(
      "ReceiptHandleIsInvalid",
      fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle));
}

std::string Queue::id_of(std::string_view handle) const {
  const auto parsed = parse(handle);
  const auto found = parsed ? messages_.find(parsed->number) : messages_.end();
  return found == messages_.end() ? std::string() : found->second.id;
}

Answer<void> Queue::remove(std::string_view handle) {
  const auto parsed = parse(handle);
  if (!parsed) return std::unexpected(parsed.error());
  const auto found = messages_.find(parsed->number);
  // A handle of an earlier receive is accepted and does nothing. One whose time is over, but whose
  // message nobody received since, still deletes.
  if (found == messages_.end() || found->second.receives != parsed->delivery) return {};
  messages_.erase(found);
  ++deleted_;
  return {};
}

Answer<void> Queue::change_visibility(std::string_view handle, std::chrono::seconds time) {
  const auto parsed = parse(handle);
  if (!parsed) return std::unexpected(parsed.error());
  const auto found = messages_.find(parsed->number);
  if (found == messages_.end()) {
    return fail("InvalidParameterValue",
                fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: Message does "
                            "not exist or is not available for visibility timeout change.",
                            handle));
  }
  Message& message = found->second;
  // Whose time is over, or who received it before, is told nothing, and changes nothing.
  const bool ours = message.receives == parsed->delivery && message.in_flight &&
                    message.visible_at > timeline_.now();
  if (!ours) return {};
  if (timeline_.now() + time > message.received + max_visibility) {
    return fail(
        "InvalidParameterValue",
        fmt::format("Value {} for parameter VisibilityTimeout is invalid. Reason: Total "
                    "VisibilityTimeout for the message is beyond the limit [43200 seconds].",
                    time.count()));
  }
  message.visible_at = timeline_.now() + time;
  polls_.serve();
  return {};
}

// -- receiving

std::vector<std::uint64_t> Queue::visible() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, message] : messages_) {
    if (message.visible_at <= timeline_.now()) numbers.push_back(number);
  }
  if (!faults_.queue_unordered) return numbers;
  for (std::size_t i = numbers.size(); i > 1; --i)
    std::swap(numbers[i - 1], numbers[(timeline_.random() >> 8U) % i]);
  return numbers;
}

std::vector<Queue::Received> Queue::take(const Poll& poll) {
  std::vector<Received> received;
  for (const std::uint64_t number : visible()) {
    if (received.size() == poll.max) break;
    Message& message = messages_.at(number);
    if (dead_letters() != nullptr && message.receives >= max_receives) {
      Message dead = std::move(message);
      messages_.erase(number);
      dead.dead_letter_of = arn_;
      dead.in_flight = false;
      dead_letters_->messages_.emplace(++dead_letters_->sent_, std::move(dead));
      dead_letters_->polls_.wake_up();
      continue;
    }
    ++message.receives;
    message.received = timeline_.now();
    if (message.receives == 1) message.first_received = timeline_.wall();
    if (!chance(timeline_, faults_.queue_duplicates)) {
      message.in_flight = true;
      message.visible_at = timeline_.now() + poll.visibility.value_or(visibility);
    }
    received.push_back({message.id, handles_.encode(number, message.receives), message.body,
                        message.sent, message.first_received, message.receives,
                        message.dead_letter_of});
  }
  return received;
}

void Queue::receive(Poll poll) {
  const base::Instant until = timeline_.now() + poll.wait;
  auto gone = std::move(poll.gone);
  polls_.add({until, std::move(gone), [this, poll = std::move(poll)](bool last) {
                auto received = take(poll);
                std::function<void()> answer;
                if (last || !received.empty())
                  answer = [done = poll.done, received = std::move(received)] { done(received); };
                return answer;
              }});
}

std::optional<base::Instant> Queue::next_visible() const {
  std::optional<base::Instant> next;
  for (const auto& [number, message] : messages_) {
    if (!next || message.visible_at < *next) next = message.visible_at;
  }
  return next;
}

}  // namespace edsm::sim::aws
