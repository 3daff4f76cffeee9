#include "cli/commands/doctor_bus.hpp"

#include <utility>

#include <fmt/format.h>

#include "cli/commands/azure_commands.hpp"
#include "cli/commands/table.hpp"
#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

using cloud::azure::EntityFacts;
using cloud::azure::Queue;
using Level = Finding::Level;

constexpr std::string_view kVariable = "AZURE_SERVICEBUS_QUEUE_URL";
constexpr std::string_view kRole = "Azure Service Bus Data Receiver";
/// Less leaves no time to write, roll out and complete the message.
constexpr std::chrono::seconds kShortLock{10};
/// Fewer leave no room for an outage of a minute.
constexpr std::int64_t kFewDeliveries = 3;

Finding of_queue(Level level, const Queue& queue, std::string_view what, std::string remedy) {
  return {level, "queue", fmt::format("{}: {}", queue.name(), what), std::move(remedy)};
}

/// The entity's last name, and the flags that say where it is.
std::string without_sessions(const Queue& queue) {
  if (cloud::lower(queue.entity).contains("/subscriptions/")) {
    return fmt::format("make a subscription of the topic without sessions, and name it in {}",
                       kVariable);
  }
  return fmt::format(
      "make a queue without sessions, let the vaults' events go there, and name it in {}: az "
      "servicebus queue create --resource-group GROUP --namespace-name {} --name NAME "
      "--lock-duration PT1M --max-delivery-count 10",
      kVariable, queue.host.substr(0, queue.host.find('.')));
}

/// Who may not receive, or from what there is not.
Finding judge_refusal(const Queue& queue, const base::Error& error, const std::string& assignee) {
  const auto text = base::describe(error);
  if (error.code == cloud::azure::kNoEntity) {
    return of_queue(Level::failure, queue, text,
                    fmt::format("correct {}: no queue of that name is in the namespace, or it is "
                                "disabled; a topic is received from by its subscription, "
                                "TOPIC/subscriptions/NAME",
                                kVariable));
  }
  if (error.failure == base::Failure::absent) {
    return of_queue(Level::unknown, queue,
                    fmt::format("{}: whether it is there could not be told from this answer", text),
                    "see that it is: " + show_entity(queue));
  }
  if (error.code == "Http400") {
    return of_queue(Level::failure, queue, text + "; it may require sessions",
                    without_sessions(queue));
  }
  const bool refused =
      error.failure == base::Failure::refused || error.failure == base::Failure::credentials;
  if (refused && queue.key != nullptr) {
    return of_queue(Level::failure, queue, text,
                    fmt::format("the key {} of AZURE_SERVICEBUS_CONNECTION_STRING must be one of "
                                "this queue with the claim Listen, and the namespace allow local "
                                "authentication",
                                queue.key->name));
  }
  if (refused) {
    return of_queue(Level::failure, queue, text + "; or there is no such queue",
                    fmt::format("see that {} is right, and grant what is missing (it takes some "
                                "minutes): {}",
                                kVariable, assign_role(kRole, assignee, resource_id(queue))));
  }
  return of_queue(Level::failure, queue, text, remedy_for(error, "Azure Service Bus"));
}

/// What keeps messages from coming or going.
std::optional<Finding> judge_use(const Queue& queue, const EntityFacts& facts) {
  if (facts.sessions) {
    return of_queue(Level::failure, queue,
                    "it requires sessions, which Event Grid cannot deliver to and EDSM not receive "
                    "from",
                    without_sessions(queue));
  }
  if (!facts.status.empty() && facts.status != "Active") {
    return of_queue(Level::failure, queue, "its status is " + facts.status,
                    fmt::format("az resource update --ids {} --set properties.status=Active",
                                resource_id(queue)));
  }
  return std::nullopt;
}

Findings judge_facts(const Queue& queue, const EntityFacts& facts) {
  if (auto unusable = judge_use(queue, facts)) return {std::move(*unusable)};
  Findings findings;
  const auto add = [&](Level level, std::string_view what, std::string remedy) {
    findings.push_back(of_queue(level, queue, what, std::move(remedy)));
  };
  const auto set = [&](std::string_view field) {
    return fmt::format("az resource update --ids {} --set properties.{}", resource_id(queue),
                       field);
  };
  add(Level::good,
      fmt::format("reachable, held for {} s; {} waiting",
                  facts.lock.value_or(std::chrono::seconds(60)).count(),
                  counted(static_cast<std::size_t>(facts.waiting.value_or(0)), "message")),
      "");
  if (facts.partitioned) {
    add(Level::warning, "it is partitioned: receives over HTTP may be half a minute late",
        "make one that is not; a queue cannot be changed in this");
  }
  if (facts.lock && *facts.lock < kShortLock) {
    add(Level::warning, fmt::format("messages come back after {} s already", facts.lock->count()),
        set("lockDuration=PT1M"));
  }
  if (facts.max_deliveries > 0 && facts.max_deliveries < kFewDeliveries) {
    add(Level::warning,
        fmt::format("a message is given up after {} deliveries", facts.max_deliveries),
        set("maxDeliveryCount=10"));
  }
  if (facts.dead_letters.value_or(0) > 0) {
    add(Level::warning,
        fmt::format("{} in its dead-letter queue",
                    counted(static_cast<std::size_t>(*facts.dead_letters), "message")),
        "docs/runbook.md#edsmmessagesgivenup");
  } else if (facts.dead_letters) {
    add(Level::good, "its dead-letter queue is empty", "");
  }
  return findings;
}

}  // namespace

Findings judge_queue(const QueueSeen& seen, const std::string& assignee) {
  const auto& queue = seen.queue;
  // That it can be described says that it is there, whatever the other answer said.
  const bool there = seen.touched || seen.touched.error().code == cloud::azure::kNoLock ||
                     (seen.facts && seen.touched.error().failure == base::Failure::absent);
  if (!there) {
    // Why it cannot be received from may be seen.
    if (seen.facts && (seen.facts->sessions || seen.touched.error().code == "Http400")) {
      if (auto unusable = judge_use(queue, *seen.facts)) return {std::move(*unusable)};
    }
    return {judge_refusal(queue, seen.touched.error(), assignee)};
  }
  if (seen.facts) return judge_facts(queue, *seen.facts);
  Findings findings;
  findings.push_back(of_queue(Level::good, queue, "reachable, and may be received from", ""));
  findings.push_back(of_queue(
      Level::unknown, queue,
      "whether it has sessions or partitions, and dead letters, is told to who may manage it",
      fmt::format("it must have neither (docs/azure.md): {}", show_entity(queue))));
  return findings;
}

base::Task<QueueSeen> look_at_queue(cloud::azure::Cloud& cloud, Queue queue) {
  const auto client = cloud.client(queue, &cloud::azure::entity_error);
  QueueSeen seen{.queue = std::move(queue)};
  auto touch = cloud::azure::touch_call(seen.queue);
  auto touched = co_await client->send(std::move(touch));
  if (!touched) {
    seen.touched = std::unexpected(std::move(touched.error()));
    // Then nothing else would be answered either.
    const auto failure = seen.touched.error().failure;
    if (failure == base::Failure::transient || failure == base::Failure::throttled) {
      seen.facts = std::unexpected(seen.touched.error());
      co_return seen;
    }
  }
  auto describe = cloud::azure::describe_call(seen.queue);
  auto described = co_await client->send(std::move(describe));
  if (described) {
    seen.facts = cloud::azure::parse_entity(described->body.view());
  } else {
    seen.facts = std::unexpected(std::move(described.error()));
  }
  co_return seen;
}

}  // namespace edsm::cli
