#include "sim/aws/queue_api.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "net/url.hpp"
#include "sim/aws/secrets_api.hpp"

namespace edsm::sim::aws {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

/// An error if it is out of range; nullopt if it is absent.
Answer<std::optional<std::int64_t>> number(const json::object& input, std::string_view name,
                                           std::int64_t least, std::int64_t most) {
  const auto* const found = input.if_contains({name.data(), name.size()});
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (!found->is_int64())
    return fail("SerializationException", fmt::format("{} is no number", name));
  const std::int64_t value = found->get_int64();
  if (value >= least && value <= most) return value;
  return fail("InvalidParameterValue",
              fmt::format("Value {} for parameter {} is invalid. Reason: Must be >= {} and <= {}, "
                          "if provided.",
                          value, name, least, most));
}

/// True for a name of the array, or if that has All.
bool asked_for(const json::object& input, std::string_view member, std::string_view name) {
  const auto* const names = input.if_contains({member.data(), member.size()});
  if (names == nullptr || !names->is_array()) return false;
  return std::ranges::any_of(names->get_array(), [name](const json::value& each) {
    return each.is_string() && (each.get_string() == "All" ||
                                each.get_string() == json::string_view(name.data(), name.size()));
  });
}

bool valid_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= 80 && std::ranges::all_of(id, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

std::string milliseconds(base::WallTime time) {
  return fmt::format(
      "{}", std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
}

json::object message_json(const Queue::Received& message, const json::object& input) {
  json::object attributes;
  const auto add = [&](std::string_view name, std::string value) {
    // The older name of the member is still understood.
    if (asked_for(input, "MessageSystemAttributeNames", name) ||
        asked_for(input, "AttributeNames", name)) {
      attributes.emplace(json::string_view(name.data(), name.size()), std::move(value));
    }
  };
  add("SenderId", "AIDAEXAMPLE");
  add("SentTimestamp", milliseconds(message.sent));
  add("ApproximateReceiveCount", fmt::format("{}", message.receives));
  add("ApproximateFirstReceiveTimestamp", milliseconds(message.first_received));
  if (!message.dead_letter_of.empty()) add("DeadLetterQueueSourceArn", message.dead_letter_of);
  json::object result{{"MessageId", message.id},
                      {"ReceiptHandle", message.handle},
                      {"MD5OfBody", base::md5_hex(message.body).value_or("")},
                      {"Body", message.body}};
  if (!attributes.empty()) result["Attributes"] = std::move(attributes);
  return result;
}

}  // namespace

void QueueApi::answer(std::string_view operation, const Object& input, CloudCall& call,
                      std::function<bool()> gone, const Done& done) {
  const auto url = net::Url::parse(text_at(input, "QueueUrl"));
  const auto found = url ? queues_.find(url->path) : queues_.end();
  if (found == queues_.end()) {
    done(fail("QueueDoesNotExist", "The specified queue does not exist."));
    return;
  }
  Queue& queue = *found->second;
  // A batch needs the permission of the single call.
  std::string_view permission = operation;
  if (permission.ends_with("Batch")) permission.remove_suffix(5);
  if (faults_.denied(operation) || faults_.denied(permission)) {
    done(std::unexpected(access_denied(Api::sqs, permission, queue.arn())));
  } else if (operation == "ReceiveMessage") {
    receive(queue, input, call, std::move(gone), done);
  } else if (operation == "GetQueueAttributes") {
    done(attributes(queue, input));
  } else if (operation == "DeleteMessage") {
    done(remove(queue, input, call));
  } else if (operation == "ChangeMessageVisibility") {
    done(change(queue, input, call));
  } else if (operation == "DeleteMessageBatch") {
    done(batch(queue, input, call, &remove));
  } else if (operation == "ChangeMessageVisibilityBatch") {
    done(batch(queue, input, call, &change));
  } else if (operation == "SendMessage") {
    done(send(queue, input));
  } else {
    done(fail("UnknownOperationException", ""));
  }
}

Answer<json::object> QueueApi::attributes(const Queue& queue, const Object& input) {
  const Queue::Counts counts = queue.counts();
  json::object attributes;
  const auto add = [&](std::string_view name, std::string value) {
    if (asked_for(input, "AttributeNames", name))
      attributes.emplace(json::string_view(name.data(), name.size()), std::move(value));
  };
  add("QueueArn", queue.arn());
  add("VisibilityTimeout", fmt::format("{}", queue.visibility.count()));
  add("ApproximateNumberOfMessages", fmt::format("{}", counts.visible));
  add("ApproximateNumberOfMessagesNotVisible", fmt::format("{}", counts.in_flight));
  add("ApproximateNumberOfMessagesDelayed", fmt::format("{}", counts.delayed));
  if (queue.dead_letters() != nullptr) {
    add("RedrivePolicy",
        json::serialize(json::object{{"deadLetterTargetArn", queue.dead_letters()->arn()},
                                     {"maxReceiveCount", queue.max_receives}}));
  }
  if (attributes.empty()) return json::object{};
  return json::object{{"Attributes", std::move(attributes)}};
}

void QueueApi::receive(Queue& queue, const Object& input, CloudCall& call,
                       std::function<bool()> gone, const Done& done) {
  const auto max = number(input, "MaxNumberOfMessages", 1, 10);
  const auto wait = number(input, "WaitTimeSeconds", 0, 20);
  const auto visibility = number(input, "VisibilityTimeout", 0, 43200);
  for (const auto* const each : {&max, &wait, &visibility}) {
    if (*each) continue;
    done(std::unexpected(each->error()));
    return;
  }
  Queue::Poll poll;
  poll.max = static_cast<std::size_t>(max->value_or(1));
  poll.wait = seconds(wait->value_or(0));
  if (*visibility) poll.visibility = seconds(**visibility);
  poll.gone = std::move(gone);
  poll.done = [input, &call, done](const std::vector<Queue::Received>& received) {
    json::array messages;
    for (const auto& each : received) {
      call.ids.push_back(each.id);
      messages.push_back(message_json(each, input));
    }
    // No empty list: the member is absent.
    done(messages.empty() ? json::object{} : json::object{{"Messages", std::move(messages)}});
  };
  queue.receive(std::move(poll));
}

Answer<json::object> QueueApi::send(Queue& queue, const Object& input) {
  const auto delay = number(input, "DelaySeconds", 0, 900);
  if (!delay) return std::unexpected(delay.error());
  std::string body(text_at(input, "MessageBody"));
  std::string hash = base::md5_hex(body).value_or("");
  std::string id = queue.enqueue(std::move(body), seconds(delay->value_or(0)));
  return json::object{{"MessageId", std::move(id)}, {"MD5OfMessageBody", std::move(hash)}};
}

Answer<json::object> QueueApi::remove(Queue& queue, const Object& entry, CloudCall& call) {
  const std::string_view handle = text_at(entry, "ReceiptHandle");
  call.ids.push_back(queue.id_of(handle));
  const auto removed = queue.remove(handle);
  if (!removed) return std::unexpected(removed.error());
  return json::object{};
}

Answer<json::object> QueueApi::change(Queue& queue, const Object& entry, CloudCall& call) {
  const std::string_view handle = text_at(entry, "ReceiptHandle");
  call.ids.push_back(queue.id_of(handle));
  const auto time = number(entry, "VisibilityTimeout", 0, 43200);
  if (!time) return std::unexpected(time.error());
  if (!*time) {
    return fail("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
  }
  const auto changed = queue.change_visibility(handle, seconds(**time));
  if (!changed) return std::unexpected(changed.error());
  return json::object{};
}

Answer<json::object> QueueApi::batch(Queue& queue, const Object& input, CloudCall& call,
                                     Answer<Object> (*one)(Queue&, const Object&, CloudCall&)) {
  const auto* const entries = input.if_contains("Entries");
  if (entries == nullptr || !entries->is_array() || entries->get_array().empty()) {
    return fail("EmptyBatchRequest",
                "There should be at least one DeleteMessageBatchRequestEntry "
                "in the request.");
  }
  if (entries->get_array().size() > 10) {
    return fail("TooManyEntriesInBatchRequest",
                fmt::format("Maximum number of entries per request are 10. You have sent {}.",
                            entries->get_array().size()));
  }
  std::set<std::string_view> seen;
  for (const auto& each : entries->get_array()) {
    const std::string_view id = each.is_object() ? text_at(each.get_object(), "Id") : "";
    if (!valid_entry_id(id)) {
      return fail("InvalidBatchEntryId",
                  "A batch entry id can only contain alphanumeric characters, hyphens and "
                  "underscores. It can be at most 80 letters long.");
    }
    if (!seen.insert(id).second)
      return fail("BatchEntryIdsNotDistinct", fmt::format("Id {} repeated.", id));
  }
  json::array successful;
  json::array failed;
  for (const auto& each : entries->get_array()) {
    const json::object& entry = each.get_object();
    const auto result = one(queue, entry, call);
    if (result) {
      successful.push_back(json::object{{"Id", entry.at("Id")}});
    } else {
      failed.push_back(json::object{{"Id", entry.at("Id")},
                                    {"SenderFault", true},
                                    {"Code", result.error().code},
                                    {"Message", result.error().message}});
    }
  }
  return json::object{{"Successful", std::move(successful)}, {"Failed", std::move(failed)}};
}

}  // namespace edsm::sim::aws
