#include "cli/commands/doctor_bus_probe.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "cli/commands/azure_commands.hpp"
#include "cloud/azure/inspect/bus_entity.hpp"
#include "cloud/azure/provider.hpp"

namespace edsm::cli {
namespace {

using cloud::azure::Queue;
using cloud::azure::SecretName;

/// Without a version, so that the value is read whatever is there already.
base::SecretBytes event_about(const SecretName& name, const std::string& id,
                              const std::string& when) {
  base::JsonWriter json;
  json.begin_object().member("id", id).member("specversion", "1.0");
  json.member("type", "Microsoft.KeyVault.SecretNewVersionCreated").member("source", "edsm doctor");
  json.member("subject", name.secret).member("time", when);
  json.key("data").begin_object().member("VaultName", name.vault).member("ObjectType", "Secret");
  json.member("ObjectName", name.secret);
  json.end_object().end_object();
  return std::move(json).take();
}

base::Task<base::Result<>> send(cloud::azure::Cloud& cloud, Queue queue, SecretName about,
                                std::string id, std::string when) {
  const auto client = cloud.client(queue, &cloud::azure::entity_error);
  auto call = cloud::azure::send_call(queue, event_about(about, id, when));
  const auto answer = co_await client->send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  co_return base::Result<>();
}

ProbePlan plan_of(cloud::azure::Cloud& cloud, base::Clock& clock, const Queue& queue,
                  const SecretName& about) {
  ProbePlan plan{.queue = queue.entity,
                 .inbox = queue.name(),
                 .about = "an event that concerns no binding",
                 .reads_value = false};
  plan.reads = {"GetSecret"};
  auto id = fmt::format("edsm-doctor-{:016x}{:016x}", clock.random(), clock.random());
  plan.send = [&cloud, queue, about, id = std::move(id), when = base::rfc3339_micro(clock.wall())] {
    return send(cloud, queue, about, id, when);
  };
  plan.to_send =
      fmt::format("let who probes send: {}",
                  assign_role("Azure Service Bus Data Sender", "WHO_PROBES", resource_id(queue)));
  plan.to_receive = "AZURE_SERVICEBUS_QUEUE_URL of the controller";
  plan.to_delete = "the role Azure Service Bus Data Receiver";
  return plan;
}

}  // namespace

base::Task<Findings> probe_buses(cloud::azure::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                                 std::vector<Queue> queues, std::vector<Reported> bindings,
                                 ProbeWish wish) {
  // Of a secret that was made up this moment.
  SecretName secret{"edsm-doctor", fmt::format("{:016x}", clock.random()), ""};
  std::string about;
  for (const auto& each : bindings) {
    if (wish.binding.empty() || each.binding.key.str() != wish.binding) continue;
    const auto source = cloud.provider().resolve(*each.binding.query);
    if (!source) co_return no_probe(wish, source.error(), "Azure");
    secret = cloud::azure::place_of(*source).name;
    about = fmt::format("an event about the secret of {}", wish.binding);
  }
  std::vector<ProbePlan> plans;
  for (const auto& queue : queues) {
    auto plan = plan_of(cloud, clock, queue, secret);
    if (!about.empty()) plan.about = about;
    plan.reads_value = !about.empty();
    plans.push_back(std::move(plan));
    if (!about.empty()) break;  // once is enough
  }
  auto findings = co_await run_probes(std::move(plans), clock, metrics, std::move(wish));
  co_return findings;
}

}  // namespace edsm::cli
