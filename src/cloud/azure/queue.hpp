#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "cloud/azure/hosts.hpp"
#include "cloud/files.hpp"

namespace edsm::cloud::azure {

/// A shared access policy of Service Bus.
struct SharedKey {
  std::string name;
  base::SecretBytes key;  ///< its text, as the connection string has it
};

/// A queue of Service Bus, or a topic's subscription.
struct Queue {
  std::string origin;  ///< "https://shop.servicebus.windows.net"
  std::string host;    ///< "shop.servicebus.windows.net"
  std::string entity;  ///< "edsm-events", "topic/subscriptions/name": a path, nothing to encode
  std::string scope;   ///< of tokens: "https://servicebus.azure.net/.default"
  std::shared_ptr<const SharedKey> key{};  ///< null: the controller's identity is used

  /// "servicebus/shop/edsm-events"
  std::string name() const;
};

/// AZURE_SERVICEBUS_QUEUE_URL (or SERVICEBUS_QUEUE_URL), several separated by commas:
/// https://NAMESPACE.servicebus.windows.net/QUEUE or …/TOPIC/subscriptions/NAME. With
/// AZURE_SERVICEBUS_CONNECTION_STRING the queues of its namespace are received from with its key;
/// its EntityPath is a queue, where no other is given. AZURE_SERVICEBUS_AUDIENCE is whom tokens are
/// for. Failure::invalid with a text that names the variable and the remedy; no part of a key.
base::Result<std::vector<Queue>> load_queues(const Getenv& env, const Hosts& hosts);

/// Failure::invalid, code "InvalidQueueUrl".
base::Result<Queue> parse_queue_url(std::string_view text, const Hosts& hosts);

/// Whether it is received from as the controller's identity.
inline bool needs_credentials(const Queue& queue) {
  return queue.key == nullptr;
}

}  // namespace edsm::cloud::azure
