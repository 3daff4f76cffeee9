#include "cli/commands/doctor_queue_probe.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "cloud/aws/inspect/sample_events.hpp"

namespace edsm::cli {
namespace {

using cloud::aws::QueueUrl;

/// Without the version, so that the value is read whatever is there already.
std::string event_about(const std::string& secret, const QueueUrl& queue) {
  auto event =
      sample_event(cloud::aws::EventKind::label_updated, secret, {queue.region, queue.account});
  event["detail"].get_object().erase("versionId");
  return boost::json::serialize(event);
}

base::Task<base::Result<>> send(cloud::aws::Cloud& cloud, QueueUrl queue, std::string event) {
  auto client = cloud.client(cloud::aws::Service::sqs, queue.region);
  if (!client) co_return std::unexpected(std::move(client.error()));
  base::JsonWriter json;
  json.begin_object().member("QueueUrl", queue.url).member("MessageBody", event);
  auto body = std::move(json.end_object()).take();
  const auto answer = co_await (*client)->call("SendMessage", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  co_return base::Result<>();
}

ProbePlan plan_of(cloud::aws::Cloud& cloud, const QueueUrl& queue, const std::string& secret) {
  ProbePlan plan{.queue = queue.name,
                 .inbox = fmt::format("sqs/{}/{}", queue.region, queue.name),
                 .about = "an event that concerns no binding",
                 .reads_value = false};
  plan.reads = {"GetSecretValue", "BatchGetSecretValue"};
  plan.send = [&cloud, queue, event = event_about(secret, queue)] {
    return send(cloud, queue, event);
  };
  plan.to_send = fmt::format("grant sqs:SendMessage on {} to who probes", queue.name);
  plan.to_receive = "SQS_QUEUE_URL of the controller";
  plan.to_delete = "sqs:DeleteMessage";
  return plan;
}

base::Result<ProbePlan> plan_for(cloud::aws::Cloud& cloud, const Reported& reported,
                                 const std::vector<QueueUrl>& queues) {
  const auto& binding = reported.binding;
  auto& provider = cloud.provider();
  const auto source = provider.resolve(*binding.query);
  if (!source) return std::unexpected(source.error());
  const auto region = provider.place(*source).region;
  const auto queue = std::ranges::find(queues, region, &QueueUrl::region);
  if (queue == queues.end()) {
    return base::fail(base::Failure::absent, "NoQueue",
                      fmt::format("there is no queue in {}, where its secret is", region));
  }
  auto plan = plan_of(cloud, *queue, std::string(source->path()));
  plan.about = fmt::format("an event about the secret of {}", binding.key.str());
  plan.reads_value = true;
  return plan;
}

}  // namespace

base::Task<Findings> probe_queues(cloud::aws::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                                  std::vector<QueueUrl> queues, std::vector<Reported> bindings,
                                  ProbeWish wish) {
  std::vector<ProbePlan> plans;
  for (const auto& queue : queues) {
    // Of a secret that was made up this moment.
    if (wish.binding.empty()) {
      plans.push_back(plan_of(
          cloud, queue, fmt::format("edsm-doctor/{:016x}{:016x}", clock.random(), clock.random())));
    }
  }
  for (const auto& each : bindings) {
    if (each.binding.key.str() != wish.binding) continue;
    auto plan = plan_for(cloud, each, queues);
    if (!plan) co_return no_probe(wish, plan.error(), "AWS");
    plans.push_back(std::move(*plan));
  }
  auto findings = co_await run_probes(std::move(plans), clock, metrics, std::move(wish));
  co_return findings;
}

}  // namespace edsm::cli
