#include "cloud/gcp/inbox.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"

namespace edsm::cloud::gcp {
namespace {

using std::chrono::seconds;

/// An empty answer to a long poll that comes sooner is no reason to ask again at once.
constexpr base::Duration min_empty_poll = seconds(1);
/// Ids of messages are numbers of up to 20 digits; what is longer is cut for the log.
constexpr std::size_t max_id = 64;

}  // namespace

PubsubInbox::PubsubInbox(std::unique_ptr<Pubsub> pubsub, const Projects& projects, Births& births,
                         base::Clock& clock)
    : pubsub_(std::move(pubsub)),
      projects_(projects),
      births_(births),
      clock_(clock),
      name_(fmt::format("pubsub/{}/{}", pubsub_->subscription().project,
                        pubsub_->subscription().id)) {}

base::Duration PubsubInbox::stuck_after() const {
  // A token may have to be fetched first.
  return Pubsub::poll_time + std::chrono::minutes(1);
}

Message PubsubInbox::decode(PubsubMessage raw) {
  Message message;
  message.content = raw.intact ? decode_event(raw.attributes, raw.data.view(), projects_, &births_)
                               : Malformed{"its data is not base64"};
  message.ticket = std::move(raw.ack_id);
  message.id = raw.id.substr(0, max_id);
  message.sent_at = base::parse_rfc3339(raw.publish_time);
  message.receive_count = deliveries_.came(message.id, raw.delivery_attempt);
  return message;
}

base::Task<base::Result<std::vector<Message>>> PubsubInbox::receive() {
  const base::Instant start = clock_.now();
  auto received = co_await pubsub_->pull();
  if (!received) co_return std::unexpected(std::move(received.error()));
  if (received->empty()) co_await clock_.sleep_until(start + min_empty_poll);
  std::vector<Message> messages;
  messages.reserve(received->size());
  for (auto& raw : *received) messages.push_back(decode(std::move(raw)));
  co_return messages;
}

base::Task<std::vector<base::Result<>>> PubsubInbox::acknowledge(std::vector<std::string> tickets) {
  return pubsub_->acknowledge(std::move(tickets));
}

base::Task<std::vector<base::Result<>>> PubsubInbox::hold(std::vector<std::string> tickets,
                                                          base::Duration time) {
  const auto rounded =
      std::clamp(std::chrono::ceil<seconds>(time), Pubsub::min_deadline, Pubsub::max_deadline);
  return pubsub_->modify_deadline(std::move(tickets), rounded);
}

}  // namespace edsm::cloud::gcp
