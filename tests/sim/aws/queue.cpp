#include "sim/aws/queue.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace edsm::sim::aws {
namespace {

constexpr std::chrono::seconds max_visibility = std::chrono::hours(12);
/// "AQEB", the message's number, its receive, the queue's salt
constexpr std::string_view handle_prefix = "AQEB";
constexpr std::size_t handle_size = 4 + 16 + 8 + 8;

template <class Number>
std::optional<Number> parse_hex(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Queue::Queue(Timeline& timeline, std::string arn, const Faults& faults, Queue* dead_letters)
    : timeline_(timeline),
      arn_(std::move(arn)),
      faults_(faults),
      dead_letters_(dead_letters),
      salt_(static_cast<std::uint32_t>(timeline.random() >> 16U)) {}

// -- the actors

std::string Queue::enqueue(std::string body, base::Duration delay) {
  Message message;
  message.id = uuid(timeline_);
  message.body = std::move(body);
  message.sent = timeline_.wall();
  message.visible_at = timeline_.now() + delay;
  std::string id = message.id;
  messages_.emplace(++sent_, std::move(message));
  serve();
  return id;
}

bool Queue::redeliver(std::string_view id) {
  const auto found =
      std::ranges::find_if(messages_, [id](const auto& each) { return each.second.id == id; });
  if (found == messages_.end() || !found->second.in_flight) return false;
  found->second.visible_at = timeline_.now();
  serve();
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
  counts.polls = polls_.size();
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

std::string Queue::handle_of(std::uint64_t number, unsigned receive) const {
  return fmt::format("{}{:016x}{:08x}{:08x}", handle_prefix, number, receive, salt_);
}

Answer<Queue::Handle> Queue::parse(std::string_view handle) const {
  if (handle.size() == handle_size && handle.starts_with(handle_prefix)) {
    const auto number = parse_hex<std::uint64_t>(handle.substr(4, 16));
    const auto receive = parse_hex<unsigned>(handle.substr(20, 8));
    const auto salt = parse_hex<std::uint32_t>(handle.substr(28, 8));
    if (number && receive && salt == salt_ && *number <= sent_) return Handle{*number, *receive};
  }
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
  if (found == messages_.end() || found->second.receives != parsed->receive) return {};
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
  const bool ours = message.receives == parsed->receive && message.in_flight &&
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
  serve();
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
      dead_letters_->wake_up();
      continue;
    }
    ++message.receives;
    message.received = timeline_.now();
    if (message.receives == 1) message.first_received = timeline_.wall();
    if (!chance(timeline_, faults_.queue_duplicates)) {
      message.in_flight = true;
      message.visible_at = timeline_.now() + poll.visibility.value_or(visibility);
    }
    received.push_back({message.id, handle_of(number, message.receives), message.body, message.sent,
                        message.first_received, message.receives, message.dead_letter_of});
  }
  return received;
}

void Queue::receive(Poll poll) {
  const base::Instant until = timeline_.now() + poll.wait;
  polls_.push_back({std::move(poll), until});
  serve();
}

void Queue::serve() {
  std::vector<std::pair<Poll, std::vector<Received>>> answers;
  for (auto at = polls_.begin(); at != polls_.end();) {
    const bool gone = at->poll.gone && at->poll.gone();
    std::vector<Received> received;
    if (!gone) received = take(at->poll);
    if (!gone && received.empty() && at->until > timeline_.now()) {
      ++at;
      continue;
    }
    if (!gone) answers.emplace_back(std::move(at->poll), std::move(received));
    at = polls_.erase(at);
  }
  wake_up();
  // Last, because whoever is answered may ask again at once.
  for (auto& [poll, received] : answers) poll.done(std::move(received));
}

void Queue::wake_up() {
  if (polls_.empty()) return;
  base::Instant next = base::Instant::max();
  for (const Waiting& each : polls_) next = std::min(next, each.until);
  for (const auto& [number, message] : messages_) next = std::min(next, message.visible_at);
  next = std::max(next, timeline_.now());
  if (wakes_at_ && *wakes_at_ <= next && *wakes_at_ >= timeline_.now()) return;
  wakes_at_ = next;
  timeline_.after(next - timeline_.now(), [this, next, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    if (wakes_at_ == next) wakes_at_.reset();
    serve();
  });
}

}  // namespace edsm::sim::aws
