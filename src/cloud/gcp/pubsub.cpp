#include "cloud/gcp/pubsub.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using base::string_at;
using boost::json::value;

/// Ids of one request: Google's own clients send at most a thousand.
constexpr std::size_t batch_size = 500;
/// One message of 10 MB in base64, and what is around it.
constexpr std::size_t max_pull = std::size_t{32} << 20U;
constexpr std::size_t max_attributes = 100;

Attributes attributes_of(const value& message) {
  Attributes attributes;
  const auto* const object = base::object_at(message, "attributes");
  if (object == nullptr) return attributes;
  for (const auto& [name, text] : *object) {
    if (attributes.size() == max_attributes) break;
    if (text.is_string()) attributes.emplace(name, text.get_string());
  }
  return attributes;
}

PubsubMessage read_message(const value& json) {
  PubsubMessage message;
  message.ack_id = string_at(json, "ackId");
  message.id = string_at(json, "message.messageId");
  message.publish_time = string_at(json, "message.publishTime");
  const auto attempt = base::int_at(json, "deliveryAttempt").value_or(0);
  message.delivery_attempt = static_cast<int>(std::clamp<std::int64_t>(attempt, 0, 1'000'000));
  if (const auto* const inner = base::find(json, "message")) {
    message.attributes = attributes_of(*inner);
  }
  auto data = base::base64_decode(string_at(json, "message.data"));
  message.intact = data.has_value();
  if (data) message.data = std::move(*data);
  return message;
}

/// A poll that the server, or somebody in between, gave up waiting for.
bool is_empty_poll(const base::Error& error) {
  return error.code == "Timeout" || error.code == "DEADLINE_EXCEEDED" || error.code == "Http504";
}

/// What google.rpc.ErrorInfo says of single ids, where a subscription delivers exactly once:
/// "PERMANENT_FAILURE_INVALID_ACK_ID" or "TRANSIENT_FAILURE_…" by ack id.
std::map<std::string, std::string, std::less<>> failures_by_id(std::string_view body) {
  std::map<std::string, std::string, std::less<>> failures;
  const auto document = base::JsonDocument::parse(body);
  const auto* const details =
      document ? base::array_at(document->root(), "error.details") : nullptr;
  if (details == nullptr) return failures;
  for (const auto& detail : *details) {
    const auto* const metadata = base::object_at(detail, "metadata");
    if (metadata == nullptr) continue;
    for (const auto& [id, text] : *metadata) {
      if (text.is_string()) failures.emplace(id, text.get_string());
    }
  }
  std::erase_if(failures, [](const auto& each) {
    return !each.second.starts_with("PERMANENT_FAILURE_") &&
           !each.second.starts_with("TRANSIENT_FAILURE_");
  });
  return failures;
}

std::chrono::seconds seconds_at(const value& json, std::string_view path) {
  const auto number = base::int_at(json, path).value_or(0);
  return std::clamp(std::chrono::seconds(number), Pubsub::min_deadline, Pubsub::max_deadline);
}

}  // namespace

/// Many ack ids, one operation, one result each.
struct Pubsub::Batch {
  std::string operation;
  std::string verb;
  std::vector<std::string> ids;
  std::optional<std::chrono::seconds> deadline{};
  std::vector<base::Result<>> results{};
};

std::string Pubsub::path(std::string_view verb) const {
  return fmt::format("/v1/projects/{}/subscriptions/{}{}",
                     net::percent_encode(subscription_.project),
                     net::percent_encode(subscription_.id), verb);
}

base::Error Pubsub::explain(base::Error error, std::string_view permission) const {
  const auto name = subscription_.str();
  if (error.code == "PERMISSION_DENIED") {
    error.text += fmt::format("; grant roles/pubsub.subscriber (pubsub.subscriptions.{}) on {}",
                              permission, name);
  } else if (error.code == "FAILED_PRECONDITION") {
    error.text += fmt::format(
        "; {} may be detached from its topic, or push its messages: it must "
        "be a pull subscription",
        name);
  } else if (error.failure == Failure::absent) {
    error.text += fmt::format(
        "; {} of GCP_PUBSUB_SUBSCRIPTION does not exist (one that nobody reads is deleted after 31 "
        "days, unless it never expires)",
        name);
  } else {
    error.text += fmt::format(" ({})", name);
  }
  return error;
}

base::Task<base::Result<std::vector<PubsubMessage>>> Pubsub::pull() {
  Call call("Pull", path(":pull"));
  base::JsonWriter json;
  json.begin_object().key("maxMessages").number(static_cast<std::int64_t>(wanted_)).end_object();
  call.method = net::Method::post;
  call.body = std::move(json).take();
  call.timeout = poll_time;
  call.max_body = max_pull;
  call.max_attempts = 1;  // the caller pulls again anyway
  call.fails_fast = false;
  auto answer = co_await polls_->call(std::move(call));
  std::vector<PubsubMessage> messages;
  if (!answer && is_empty_poll(answer.error())) co_return messages;
  if (!answer) {
    // Whoever may publish decides how large an answer is; a single message always fits.
    if (answer.error().code == "ResponseTooLarge") wanted_ = std::max(wanted_ / 4, std::size_t{1});
    co_return std::unexpected(explain(std::move(answer.error()), "consume"));
  }
  if (const auto* const list = base::array_at(answer->root(), "receivedMessages")) {
    for (const auto& each : *list) {
      if (messages.size() == wanted_) break;  // more was not asked for
      messages.push_back(read_message(each));
    }
  }
  wanted_ = std::min(wanted_ * 2, max_messages);
  co_return messages;
}

base::Task<std::vector<base::Result<>>> Pubsub::acknowledge(std::vector<std::string> ack_ids) {
  Batch batch{"Acknowledge", ":acknowledge", std::move(ack_ids)};
  return in_batches(std::move(batch));
}

base::Task<std::vector<base::Result<>>> Pubsub::modify_deadline(std::vector<std::string> ack_ids,
                                                                std::chrono::seconds deadline) {
  Batch batch{"ModifyAckDeadline", ":modifyAckDeadline", std::move(ack_ids), deadline};
  return in_batches(std::move(batch));
}

base::Task<std::vector<base::Result<>>> Pubsub::in_batches(Batch batch) {
  batch.results.resize(batch.ids.size());
  for (std::size_t first = 0; first < batch.ids.size(); first += batch_size) {
    co_await one_batch(batch, first, std::min(batch_size, batch.ids.size() - first));
  }
  co_return std::move(batch.results);
}

/// One request; if it is refused for an id in it, its halves.
base::Task<void> Pubsub::one_batch(Batch& batch, std::size_t first, std::size_t count) {
  Call call(batch.operation, path(batch.verb));
  base::JsonWriter json;
  json.begin_object().key("ackIds").begin_array();
  for (std::size_t i = first; i < first + count; ++i) json.string(batch.ids[i]);
  json.end_array();
  if (batch.deadline) json.key("ackDeadlineSeconds").number(batch.deadline->count());
  json.end_object();
  call.method = net::Method::post;
  call.body = std::move(json).take();
  base::SecretBytes refused;
  const auto answer = co_await calls_->call(std::move(call), refused);
  if (answer) co_return;

  const auto failures = failures_by_id(refused.view());
  const bool an_id = answer.error().failure == Failure::invalid;
  if (failures.empty() && an_id && count > 1) {
    co_await one_batch(batch, first, count / 2);
    co_await one_batch(batch, first + count / 2, count - count / 2);
    co_return;
  }
  const base::Error error = explain(answer.error(), "consume");
  for (std::size_t i = first; i < first + count; ++i) {
    const auto failure = failures.find(batch.ids[i]);
    if (failure != failures.end()) {
      const bool permanent = failure->second.starts_with("PERMANENT_");
      batch.results[i] =
          base::fail(permanent ? Failure::invalid : Failure::transient,
                     permanent ? "InvalidAckId" : "TransientAckFailure",
                     fmt::format("pubsub {} of one message ({}): its deadline has passed, or the "
                                 "service asks to try again",
                                 batch.operation, subscription_.str()));
    } else if (failures.empty()) {
      batch.results[i] = std::unexpected(error);
    }
  }
}

base::Task<base::Result<InboxFacts>> Pubsub::facts() {
  Call call("GetSubscription", path(""));
  auto answer = co_await calls_->call(std::move(call));
  InboxFacts facts;
  facts.hold_time = min_deadline;
  if (!answer) {
    // pubsub.subscriptions.get is not in roles/pubsub.subscriber's right to consume everywhere.
    if (answer.error().code == "PERMISSION_DENIED") co_return facts;
    co_return std::unexpected(explain(std::move(answer.error()), "get"));
  }
  facts.hold_time = seconds_at(answer->root(), "ackDeadlineSeconds");
  facts.dead_letters = !string_at(answer->root(), "deadLetterPolicy.deadLetterTopic").empty();
  co_return facts;
}

}  // namespace edsm::cloud::gcp
