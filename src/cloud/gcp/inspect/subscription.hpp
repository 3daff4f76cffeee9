#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cloud/gcp/client.hpp"
#include "cloud/gcp/pubsub.hpp"

namespace edsm::cloud::gcp {

/// What a subscription's own configuration says.
struct SubscriptionFacts {
  std::string topic;  ///< "projects/P/topics/T", or deleted_topic
  std::chrono::seconds deadline{10};
  std::string dead_letter_topic;  ///< empty: none
  std::int64_t max_attempts = 0;
  bool spaced = false;  ///< a retry policy lets time pass between deliveries
  std::string filter;
  bool pushes = false;  ///< to an endpoint, a table or a bucket: it cannot be pulled
  bool detached = false;
  std::optional<std::chrono::seconds> expires;  ///< after so long without a reader; nullopt: never
  std::chrono::seconds retention{0};            ///< of what nobody acknowledges
};
inline constexpr std::string_view deleted_topic = "_deleted-topic_";

/// pubsub.subscriptions.get, and what its answer says. `name` is the full one.
Call subscription_call(const std::string& name);
SubscriptionFacts parse_subscription_facts(const boost::json::value& json);

}  // namespace edsm::cloud::gcp
