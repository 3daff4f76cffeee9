#include "sim/gcp/subscription.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace edsm::sim::gcp {

Subscription::Subscription(Timeline& timeline, std::string name, std::string topic,
                           const Faults& faults)
    : timeline_(timeline),
      name_(std::move(name)),
      topic_(std::move(topic)),
      faults_(faults),
      // By the name and not by chance: worlds without Google draw nothing for it.
      first_id_(9'000'000'000'000'000 + checksum(name_)),
      handles_("RVNEUAYWLF1GSFE3", checksum(name_)),
      polls_(timeline, [this] { return next_available(); }) {}

std::string Subscription::publish(Content content) {
  Message message;
  message.id = std::to_string(first_id_ + ++published_);
  message.content = std::move(content);
  message.published = timeline_.wall();
  message.available = timeline_.now();
  std::string id = message.id;
  messages_.emplace(published_, std::move(message));
  polls_.serve();
  return id;
}

Subscription::Counts Subscription::counts() const {
  Counts counts;
  for (const auto& [number, message] : messages_)
    ++(message.available <= timeline_.now() ? counts.waiting : counts.leased);
  counts.polls = polls_.waiting();
  counts.published = published_;
  counts.acknowledged = acknowledged_;
  return counts;
}

// -- ack ids

Answer<std::vector<Handles::Handle>> Subscription::parse(
    const std::vector<std::string>& ack_ids) const {
  std::vector<Handles::Handle> handles;
  for (const auto& ack_id : ack_ids) {
    const auto handle = handles_.decode(ack_id);
    if (!handle || handle->number > published_)
      return invalid(fmt::format("Invalid ack id (ack_id={}).", ack_id));
    handles.push_back(*handle);
  }
  return handles;
}

std::string Subscription::id_of(std::string_view ack_id) const {
  const auto handle = handles_.decode(ack_id);
  const auto found = handle ? messages_.find(handle->number) : messages_.end();
  return found == messages_.end() ? std::string() : found->second.id;
}

Subscription::Messages::iterator Subscription::held_by(const Handles::Handle& handle) {
  const auto found = messages_.find(handle.number);
  const bool its = found != messages_.end() && found->second.deliveries == handle.delivery;
  return its ? found : messages_.end();
}

Answer<void> Subscription::acknowledge(const std::vector<std::string>& ack_ids) {
  const auto handles = parse(ack_ids);
  if (!handles) return std::unexpected(handles.error());
  for (const auto& handle : *handles) {
    const auto found = held_by(handle);
    if (found == messages_.end()) continue;
    const bool late = found->second.available <= timeline_.now();
    if (late && chance(timeline_, faults_.late_acks_lost)) continue;
    messages_.erase(found);
    ++acknowledged_;
  }
  return {};
}

Answer<void> Subscription::modify(const std::vector<std::string>& ack_ids,
                                  std::chrono::seconds time) {
  const auto handles = parse(ack_ids);
  if (!handles) return std::unexpected(handles.error());
  for (const auto& handle : *handles) {
    const auto found = held_by(handle);
    const bool ours = found != messages_.end() && found->second.leased &&
                      found->second.available > timeline_.now();
    if (ours) found->second.available = timeline_.now() + time;
  }
  polls_.serve();
  return {};
}

// -- pulling

std::vector<std::uint64_t> Subscription::available() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, message] : messages_) {
    if (message.available <= timeline_.now()) numbers.push_back(number);
  }
  if (!faults_.unordered) return numbers;
  for (std::size_t i = numbers.size(); i > 1; --i)
    std::swap(numbers[i - 1], numbers[(timeline_.random() >> 8U) % i]);
  return numbers;
}

std::vector<Subscription::Pulled> Subscription::take(const Poll& poll) {
  std::vector<Pulled> pulled;
  for (const std::uint64_t number : available()) {
    if (pulled.size() == poll.max) break;
    Message& message = messages_.at(number);
    if (max_attempts > 0 && message.deliveries >= max_attempts) {
      const Message dead = std::move(message);
      messages_.erase(number);
      if (bury) bury(dead.content, dead.published);
      continue;
    }
    ++message.deliveries;
    message.leased = !chance(timeline_, faults_.duplicates);
    if (message.leased) message.available = timeline_.now() + deadline;
    pulled.push_back({message.id, handles_.encode(number, message.deliveries), message.content,
                      message.published, max_attempts > 0 ? message.deliveries : 0});
  }
  return pulled;
}

void Subscription::pull(Poll poll) {
  const base::Instant until = timeline_.now() + poll.hold;
  auto gone = std::move(poll.gone);
  polls_.add({until, std::move(gone), [this, poll = std::move(poll)](bool last) {
                auto pulled = take(poll);
                std::function<void()> answer;
                if (last || !pulled.empty())
                  answer = [done = poll.done, pulled = std::move(pulled)] { done(pulled); };
                return answer;
              }});
}

std::optional<base::Instant> Subscription::next_available() const {
  std::optional<base::Instant> next;
  for (const auto& [number, message] : messages_) {
    if (!next || message.available < *next) next = message.available;
  }
  return next;
}

}  // namespace edsm::sim::gcp
