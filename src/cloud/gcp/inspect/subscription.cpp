#include "cloud/gcp/inspect/subscription.hpp"

#include <fmt/format.h>

#include "cloud/gcp/names.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::string_at;
using std::chrono::seconds;

/// "2678400s", perhaps with parts of a second.
std::optional<seconds> duration(std::string_view text) {
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  const auto number = parse_number(text.substr(0, text.find('.')));
  if (!number) return std::nullopt;
  return seconds(*number);
}

bool delivers_elsewhere(const boost::json::value& json) {
  return !string_at(json, "pushConfig.pushEndpoint").empty() ||
         !string_at(json, "bigqueryConfig.table").empty() ||
         !string_at(json, "cloudStorageConfig.bucket").empty();
}

}  // namespace

SubscriptionFacts parse_subscription_facts(const boost::json::value& json) {
  // The service's own, where nothing is said.
  constexpr seconds default_expiry = std::chrono::days(31);
  constexpr seconds default_retention = std::chrono::days(7);
  SubscriptionFacts facts;
  facts.topic = string_at(json, "topic");
  facts.deadline = seconds(base::int_at(json, "ackDeadlineSeconds").value_or(10));
  facts.dead_letter_topic = string_at(json, "deadLetterPolicy.deadLetterTopic");
  facts.max_attempts = base::int_at(json, "deadLetterPolicy.maxDeliveryAttempts").value_or(5);
  facts.spaced = base::object_at(json, "retryPolicy") != nullptr;
  facts.filter = string_at(json, "filter");
  facts.pushes = delivers_elsewhere(json);
  facts.detached = base::bool_at(json, "detached").value_or(false);
  facts.expires = duration(string_at(json, "expirationPolicy.ttl"));
  // An empty policy says never.
  if (base::object_at(json, "expirationPolicy") == nullptr) facts.expires = default_expiry;
  facts.retention =
      duration(string_at(json, "messageRetentionDuration")).value_or(default_retention);
  return facts;
}

Call subscription_call(const std::string& name) {
  return {"GetSubscription", path_to(name)};
}

}  // namespace edsm::cloud::gcp
