#include "cloud/aws/inbox.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/aws/events.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using std::chrono::seconds;

/// An empty answer to a long poll that comes sooner is no reason to ask again at once.
constexpr base::Duration min_empty_poll = seconds(1);

std::optional<base::WallTime> sent_at(std::string_view milliseconds) {
  const auto number = parse_number(milliseconds);
  // Far beyond any clock, but not beyond what a time point holds.
  if (!number || *number > std::int64_t{1} << 50U) return std::nullopt;
  return base::WallTime(std::chrono::milliseconds(*number));
}

Message decode(SqsMessage raw) {
  Message message;
  message.content =
      raw.intact ? decode_event(raw.body) : Malformed{"its MD5 is not that of the body"};
  message.ticket = std::move(raw.receipt_handle);
  message.id = std::move(raw.id);
  message.sent_at = sent_at(raw.sent_timestamp);
  message.receive_count = raw.receive_count;
  return message;
}

}  // namespace

SqsInbox::SqsInbox(std::unique_ptr<Sqs> sqs, base::Clock& clock)
    : sqs_(std::move(sqs)),
      clock_(clock),
      name_(fmt::format("sqs/{}/{}", sqs_->queue().region, sqs_->queue().name)) {}

base::Task<base::Result<std::vector<Message>>> SqsInbox::receive() {
  const base::Instant start = clock_.now();
  auto received = co_await sqs_->receive();
  if (!received) co_return std::unexpected(std::move(received.error()));
  if (received->empty()) co_await clock_.sleep_until(start + min_empty_poll);
  std::vector<Message> messages;
  messages.reserve(received->size());
  for (auto& raw : *received) messages.push_back(decode(std::move(raw)));
  co_return messages;
}

base::Task<std::vector<base::Result<>>> SqsInbox::acknowledge(std::vector<std::string> tickets) {
  return sqs_->remove(std::move(tickets));
}

base::Task<std::vector<base::Result<>>> SqsInbox::hold(std::vector<std::string> tickets,
                                                       base::Duration time) {
  const auto rounded = std::clamp(std::chrono::ceil<seconds>(time), seconds(0), Sqs::max_hold);
  return sqs_->change_visibility(std::move(tickets), rounded);
}

}  // namespace edsm::cloud::aws
