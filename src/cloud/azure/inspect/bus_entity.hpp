#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/azure/client.hpp"
#include "cloud/azure/queue.hpp"

/// What a queue of Service Bus, or a topic's subscription, can be asked without taking a message.
namespace edsm::cloud::azure {

/// What its own description says.
struct EntityFacts {
  std::optional<std::chrono::seconds> lock;  ///< how long a message is kept from others
  std::int64_t max_deliveries = 0;
  bool sessions = false;
  bool partitioned = false;
  std::string status;  ///< "Active", "Disabled", …
  std::optional<std::int64_t> waiting;
  std::optional<std::int64_t> dead_letters;
};

/// Its description, for who may manage it (role Azure Service Bus Data Owner, claim Manage).
Call describe_call(const Queue& queue);
/// Failure::absent, code kNoEntity, if the answer is of nothing that can be received from.
base::Result<EntityFacts> parse_entity(std::string_view xml);

/// Renews a lock that there cannot be: who may receive is told so (404 or 410), who may not 401.
Call touch_call(const Queue& queue);
/// The error of any of these calls. Of what is not there the code is kNoEntity, of a lock that is
/// not kNoLock, and of a 404 that says neither "Http404".
base::Error entity_error(const net::Response& answer, std::string_view what);
inline constexpr std::string_view kNoEntity = "NoEntity";
inline constexpr std::string_view kNoLock = "NoLock";

/// Puts a message into a queue, or into the topic of a subscription.
Call send_call(const Queue& queue, base::SecretBytes event);

}  // namespace edsm::cloud::azure
