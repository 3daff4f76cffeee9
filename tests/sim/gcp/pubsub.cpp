#include "sim/gcp/pubsub.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"

namespace edsm::sim::gcp {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::int64_t least_deadline = 10;
constexpr std::int64_t most_deadline = 600;
constexpr std::string_view source = "CloudPubSubDeadLetterSource";

std::int64_t number_at(const json::object& input, std::string_view name) {
  const auto* const found = input.if_contains({name.data(), name.size()});
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

std::unexpected<ServiceError> not_found(std::string_view resource) {
  return fail("NOT_FOUND", fmt::format("Resource not found (resource={}).",
                                       resource.substr(resource.rfind('/') + 1)));
}

std::unexpected<ServiceError> exists(std::string_view resource) {
  return fail("ALREADY_EXISTS", fmt::format("Resource already exists in the project (resource={}).",
                                            resource.substr(resource.rfind('/') + 1)));
}

json::object subscription_json(const Subscription& subscription) {
  json::object body{{"name", subscription.name()},
                    {"topic", subscription.topic()},
                    {"ackDeadlineSeconds", subscription.deadline.count()}};
  if (subscription.max_attempts > 0) {
    body["deadLetterPolicy"] = json::object{{"deadLetterTopic", subscription.dead_letter_topic},
                                            {"maxDeliveryAttempts", subscription.max_attempts}};
  }
  return body;
}

json::object message_json(const Subscription::Pulled& pulled) {
  json::object message{{"messageId", pulled.id}, {"publishTime", timestamp(pulled.published)}};
  if (!pulled.content.data.empty()) message["data"] = base::base64(pulled.content.data);
  json::object attributes;
  for (const auto& [name, value] : pulled.content.attributes) attributes[name] = value;
  if (!attributes.empty()) message["attributes"] = std::move(attributes);
  json::object received{{"ackId", pulled.ack_id}, {"message", std::move(message)}};
  if (pulled.attempt != 0) received["deliveryAttempt"] = pulled.attempt;
  return received;
}

Answer<json::object> parse(const net::Request& request) {
  const auto body = request.body.view();
  boost::system::error_code error;
  json::value value = json::parse(body.empty() ? "{}" : body, error);
  if (error || !value.is_object()) return invalid("Invalid JSON payload received.");
  return std::move(value.get_object());
}

std::string_view operation_of(const net::Request& request, const Path& path, bool topic) {
  if (path.verb == "pull") return "Pull";
  if (path.verb == "acknowledge") return "Acknowledge";
  if (path.verb == "modifyAckDeadline") return "ModifyAckDeadline";
  if (path.verb == "publish") return "Publish";
  const bool get = request.method == net::Method::get;
  if (topic) return get ? "GetTopic" : "CreateTopic";
  return get ? "GetSubscription" : "CreateSubscription";
}

}  // namespace

Subscription& PubSub::make_subscription(std::string name, std::string topic) {
  auto& made = subscriptions_[name];
  made = std::make_unique<Subscription>(timeline_, name, std::move(topic), faults_);
  return *made;
}

std::vector<std::string> PubSub::publish(std::string_view topic, const Content& content) {
  std::vector<std::string> ids;
  for (const auto& [name, subscription] : subscriptions_) {
    if (subscription->topic() == topic) ids.push_back(subscription->publish(content));
  }
  return ids;
}

void PubSub::set_dead_letters(Subscription& subscription, std::string topic,
                              unsigned max_attempts) {
  subscription.dead_letter_topic = std::move(topic);
  subscription.max_attempts = max_attempts;
  subscription.bury = [this, &subscription](const Content& content, base::WallTime published) {
    Content dead = content;
    const auto& name = subscription.name();
    const auto add = [&dead](std::string_view what, std::string value) {
      dead.attributes.emplace(fmt::format("{}{}", source, what), std::move(value));
    };
    // projects/P/subscriptions/S
    add("SubscriptionProject", name.substr(9, name.find('/', 9) - 9));
    add("Subscription", name.substr(name.rfind('/') + 1));
    add("DeliveryCount", std::to_string(subscription.max_attempts));
    add("TopicPublishTime", timestamp(published));
    publish(subscription.dead_letter_topic, dead);
  };
}

void PubSub::answer(const net::Request& request, const Path& path, CloudCall& call,
                    std::function<bool()> gone, const Done& done) {
  const bool topic = path[2] == "topics";
  const auto name = fmt::format("projects/{}/{}/{}", path[1], path[2], path[3]);
  call.operation = operation_of(request, path, topic);
  if (faults_.denied(call.operation)) {
    done(fail("PERMISSION_DENIED", "User not authorized to perform this action."));
    return;
  }
  const auto input = parse(request);
  if (!input) {
    done(std::unexpected(input.error()));
    return;
  }
  if (topic) {
    done(of_topic(request, path, *input, call));
    return;
  }
  if (call.operation == "CreateSubscription") {
    done(create(name, *input));
    return;
  }
  const auto found = subscriptions_.find(name);
  if (found == subscriptions_.end()) {
    done(not_found(name));
    return;
  }
  Subscription& subscription = *found->second;
  if (call.operation == "Pull") {
    pull(subscription, *input, call, std::move(gone), done);
  } else if (call.operation == "GetSubscription") {
    done(subscription_json(subscription));
  } else {
    done(acknowledge(subscription, *input, call, call.operation != "Acknowledge"));
  }
}

Answer<json::object> PubSub::of_topic(const net::Request& /*request*/, const Path& path,
                                      const Object& input, CloudCall& call) {
  const auto name = fmt::format("projects/{}/topics/{}", path[1], path[3]);
  const bool there = topics_.contains(name);
  if (call.operation == "CreateTopic") {
    if (there) return exists(name);
    topics_.insert(name);
    return json::object{{"name", name}};
  }
  if (!there) return not_found(name);
  if (call.operation == "Publish") return publish_all(name, input);
  return json::object{{"name", name}};
}

Answer<json::object> PubSub::publish_all(std::string_view topic, const Object& input) {
  const auto* const messages = input.if_contains("messages");
  if (messages == nullptr || !messages->is_array() || messages->get_array().empty())
    return invalid("No messages to publish.");
  json::array ids;
  for (const auto& each : messages->get_array()) {
    const auto& message = each.as_object();
    const auto data = base::base64_decode(text_at(message, "data"));
    Content content{std::string(data ? data->view() : std::string_view()), {}};
    if (const auto* const attributes = message.if_contains("attributes"); attributes != nullptr) {
      for (const auto& [name, value] : attributes->as_object())
        content.attributes.emplace(name, value.as_string());
    }
    if (!data || (content.data.empty() && content.attributes.empty()))
      return invalid("A message must have data or attributes.");
    auto published = publish(topic, content);
    ids.emplace_back(published.empty() ? std::string("0") : published.front());
  }
  return json::object{{"messageIds", std::move(ids)}};
}

Answer<json::object> PubSub::create(const std::string& name, const Object& input) {
  if (subscriptions_.contains(name)) return exists(name);
  const std::string topic(text_at(input, "topic"));
  if (!topics_.contains(topic)) return not_found(topic);
  const auto deadline = number_at(input, "ackDeadlineSeconds");
  if (deadline != 0 && (deadline < least_deadline || deadline > most_deadline))
    return invalid(fmt::format("Invalid ack deadline given (ack_deadline_secs={}).", deadline));
  std::string dead_letters;
  std::int64_t attempts = 0;
  if (const auto* const policy = input.if_contains("deadLetterPolicy"); policy != nullptr) {
    dead_letters = text_at(policy->as_object(), "deadLetterTopic");
    attempts = number_at(policy->as_object(), "maxDeliveryAttempts");
    if (attempts == 0) attempts = 5;
    if (attempts < 5 || attempts > 100)
      return invalid("Invalid maximum of delivery attempts given.");
    if (!topics_.contains(dead_letters)) return not_found(dead_letters);
  }
  auto& made = make_subscription(name, topic);
  if (deadline != 0) made.deadline = seconds(deadline);
  if (attempts != 0) set_dead_letters(made, dead_letters, static_cast<unsigned>(attempts));
  return subscription_json(made);
}

Answer<json::object> PubSub::acknowledge(Subscription& subscription, const Object& input,
                                         CloudCall& call, bool modify) {
  const auto time = number_at(input, "ackDeadlineSeconds");
  if (modify && (time < 0 || time > most_deadline))
    return invalid(fmt::format("Invalid ack deadline given (ack_deadline_secs={}).", time));
  std::vector<std::string> ack_ids;
  if (const auto* const ids = input.if_contains("ackIds"); ids != nullptr && ids->is_array()) {
    for (const auto& id : ids->get_array()) ack_ids.emplace_back(id.as_string());
  }
  if (ack_ids.empty()) return invalid("No ack ids specified.");
  for (const auto& each : ack_ids) call.ids.push_back(subscription.id_of(each));
  const auto result =
      modify ? subscription.modify(ack_ids, seconds(time)) : subscription.acknowledge(ack_ids);
  if (!result) return std::unexpected(result.error());
  return json::object();
}

void PubSub::pull(Subscription& subscription, const Object& input, CloudCall& call,
                  std::function<bool()> gone, const Done& done) const {
  const auto max = number_at(input, "maxMessages");
  if (max <= 0) {
    done(invalid("No max_messages specified."));
    return;
  }
  const auto* const at_once = input.if_contains("returnImmediately");
  Subscription::Poll poll;
  poll.max = static_cast<std::size_t>(max);
  poll.hold =
      at_once != nullptr && at_once->is_bool() && at_once->get_bool() ? base::Duration{} : hold;
  poll.gone = std::move(gone);
  poll.done = [&call, done](const std::vector<Subscription::Pulled>& pulled) {
    json::array messages;
    for (const auto& each : pulled) {
      call.ids.push_back(each.id);
      messages.push_back(message_json(each));
    }
    // No empty list: the member is absent.
    done(messages.empty() ? json::object{}
                          : json::object{{"receivedMessages", std::move(messages)}});
  };
  subscription.pull(std::move(poll));
}

}  // namespace edsm::sim::gcp
