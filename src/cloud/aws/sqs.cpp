#include "cloud/aws/sqs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "cloud/aws/errors.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using base::string_at;

constexpr std::size_t batch_size = 10;
constexpr int batch_attempts = 3;
/// Ten messages of 1 MiB, and what escaping makes of them.
constexpr std::size_t max_receive = std::size_t{32} << 20U;

SqsMessage read_message(const boost::json::value& json) {
  SqsMessage message;
  message.id = string_at(json, "MessageId");
  message.receipt_handle = string_at(json, "ReceiptHandle");
  message.body = string_at(json, "Body");
  message.sent_timestamp = string_at(json, "Attributes.SentTimestamp");
  const auto count = parse_number(string_at(json, "Attributes.ApproximateReceiveCount"));
  message.receive_count =
      static_cast<int>(std::clamp<std::int64_t>(count.value_or(1), 1, 1'000'000));
  const auto expected = string_at(json, "MD5OfBody");
  const auto actual = base::md5_hex(message.body);
  message.intact = expected.empty() || !actual || same_ignoring_case(*actual, expected);
  return message;
}

bool retryable(const base::Error& error) {
  return error.failure == Failure::transient || error.failure == Failure::throttled;
}

}  // namespace

/// Many receipt handles, one operation, one result each.
struct Sqs::Batch {
  std::string operation;
  std::string action;  ///< the permission that it needs
  std::vector<std::string> handles;
  std::optional<std::chrono::seconds> visibility{};
  std::vector<base::Result<>> results{};
};

base::Error Sqs::explain(base::Error error, std::string_view action) const {
  if (error.failure == Failure::refused) {
    error.text += fmt::format(
        "; grant sqs:{} on the queue {}, and kms:Decrypt if it is encrypted with a key of yours",
        action, queue_.name);
  } else if (error.failure == Failure::absent) {
    error.text +=
        fmt::format("; the queue {} of SQS_QUEUE_URL does not exist in account {}, region {}",
                    queue_.name, queue_.account, queue_.region);
  } else {
    error.text += fmt::format(" (queue {})", queue_.name);
  }
  return error;
}

base::Task<base::Result<std::vector<SqsMessage>>> Sqs::receive() {
  base::JsonWriter json;
  json.begin_object().member("QueueUrl", queue_.url).key("MaxNumberOfMessages").number(batch_size);
  json.key("WaitTimeSeconds").number(poll_time / std::chrono::seconds(1));
  json.key("MessageSystemAttributeNames").begin_array();
  json.string("SentTimestamp").string("ApproximateReceiveCount").end_array().end_object();
  const base::Duration timeout = poll_time + std::chrono::seconds(10);
  auto body = std::move(json).take();
  auto answer = co_await polls_->call("ReceiveMessage", std::move(body), timeout, max_receive);
  if (!answer) co_return std::unexpected(explain(std::move(answer.error()), "ReceiveMessage"));
  std::vector<SqsMessage> messages;
  if (const auto* const list = base::array_at(answer->root(), "Messages")) {
    for (const auto& json_message : *list) {
      if (messages.size() == batch_size) break;  // more was not asked for
      messages.push_back(read_message(json_message));
    }
  }
  co_return messages;
}

base::Task<std::vector<base::Result<>>> Sqs::remove(std::vector<std::string> receipt_handles) {
  Batch batch{"DeleteMessageBatch", "DeleteMessage", std::move(receipt_handles)};
  return in_batches(std::move(batch));
}

base::Task<std::vector<base::Result<>>> Sqs::change_visibility(
    std::vector<std::string> receipt_handles, std::chrono::seconds time) {
  Batch batch{"ChangeMessageVisibilityBatch", "ChangeMessageVisibility", std::move(receipt_handles),
              time};
  return in_batches(std::move(batch));
}

base::Task<std::vector<base::Result<>>> Sqs::in_batches(Batch batch) {
  batch.results.resize(batch.handles.size());
  for (std::size_t first = 0; first < batch.handles.size(); first += batch_size) {
    std::vector<std::size_t> indices;
    for (std::size_t i = first; i < std::min(first + batch_size, batch.handles.size()); ++i)
      indices.push_back(i);
    // Entries that failed by the service's fault are sent again, alone.
    for (int attempt = 0; attempt < batch_attempts && !indices.empty(); ++attempt) {
      const bool answered = co_await one_batch(batch, indices);
      if (!answered) break;
      std::erase_if(indices, [&batch](std::size_t i) {
        return batch.results[i].has_value() || !retryable(batch.results[i].error());
      });
    }
  }
  co_return std::move(batch.results);
}

base::Task<bool> Sqs::one_batch(Batch& batch, std::vector<std::size_t> indices) {
  base::JsonWriter json;
  json.begin_object().member("QueueUrl", queue_.url).key("Entries").begin_array();
  for (const std::size_t i : indices) {
    json.begin_object()
        .member("Id", fmt::format("{}", i))
        .member("ReceiptHandle", batch.handles[i]);
    if (batch.visibility) json.key("VisibilityTimeout").number(batch.visibility->count());
    json.end_object();
  }
  json.end_array().end_object();
  auto body = std::move(json).take();
  std::string operation = batch.operation;
  const auto answer = co_await calls_->call(std::move(operation), std::move(body));
  if (!answer) {
    const base::Error error = explain(answer.error(), batch.action);
    for (const std::size_t i : indices) batch.results[i] = std::unexpected(error);
    co_return false;
  }
  for (const std::size_t i : indices) batch.results[i] = {};
  const auto* const failures = base::array_at(answer->root(), "Failed");
  if (failures == nullptr) co_return true;
  for (const auto& failure : *failures) {
    const auto index = parse_number(string_at(failure, "Id"));
    if (!index || std::ranges::find(indices, static_cast<std::size_t>(*index)) == indices.end())
      continue;
    std::string code = bare_code(string_at(failure, "Code"));
    const bool ours = base::bool_at(failure, "SenderFault").value_or(false);
    base::Error error{ours ? classify(code, 400) : Failure::transient,
                      std::move(code),
                      fmt::format("sqs {} of one message", batch.operation),
                      {}};
    batch.results[static_cast<std::size_t>(*index)] =
        std::unexpected(explain(std::move(error), batch.action));
  }
  co_return true;
}

base::Task<base::Result<InboxFacts>> Sqs::attributes() {
  base::JsonWriter json;
  json.begin_object().member("QueueUrl", queue_.url).key("AttributeNames").begin_array();
  json.string("VisibilityTimeout").string("RedrivePolicy").end_array().end_object();
  auto body = std::move(json).take();
  auto answer = co_await calls_->call("GetQueueAttributes", std::move(body));
  if (!answer) co_return std::unexpected(explain(std::move(answer.error()), "GetQueueAttributes"));
  InboxFacts facts;
  const auto visibility = parse_number(string_at(answer->root(), "Attributes.VisibilityTimeout"));
  if (visibility) facts.hold_time = std::chrono::seconds(std::min(*visibility, max_hold.count()));
  const auto redrive =
      base::JsonDocument::parse(string_at(answer->root(), "Attributes.RedrivePolicy"));
  facts.dead_letters = redrive && !string_at(redrive->root(), "deadLetterTargetArn").empty();
  co_return facts;
}

}  // namespace edsm::cloud::aws
