#pragma once

#include <string>

#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/azure/azure.hpp"
#include "cloud/azure/inspect/bus_entity.hpp"

/// Queues of Azure's Service Bus, and subscriptions of topics.
namespace edsm::cli {

/// What Service Bus answered of one.
struct QueueSeen {
  cloud::azure::Queue queue;
  /// A lock that there cannot be was to be renewed: the error tells what is there, and our rights.
  base::Result<> touched{};
  /// Only who may manage it sees more.
  base::Result<cloud::azure::EntityFacts> facts{};
};

/// No message is received, so none is counted as delivered or kept from the controller.
base::Task<QueueSeen> look_at_queue(cloud::azure::Cloud& cloud, cloud::azure::Queue queue);
/// Pure. `assignee` is the controller's identity, for commands.
Findings judge_queue(const QueueSeen& seen, const std::string& assignee);

}  // namespace edsm::cli
