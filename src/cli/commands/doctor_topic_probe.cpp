#include "cli/commands/doctor_topic_probe.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "cloud/gcp/provider.hpp"

namespace edsm::cli {
namespace {

using cloud::gcp::Service;

/// Of the secret as a whole, so that the value is read whatever is there already.
base::SecretBytes message_about(const std::string& secret, const std::string& when) {
  base::JsonWriter json;
  json.begin_object().key("messages").begin_array().begin_object();
  json.key("attributes").begin_object().member("eventType", "SECRET_CREATE");
  json.member("dataFormat", "JSON_API_V1").member("secretId", secret).member("timestamp", when);
  json.end_object().end_object().end_array().end_object();
  return std::move(json).take();
}

base::Task<base::Result<>> publish(cloud::gcp::Cloud& cloud, std::string topic, std::string secret,
                                   std::string when) {
  const auto pubsub = cloud.client(Service::pubsub, "");
  cloud::gcp::Call call("Publish", cloud::gcp::path_to(topic) + ":publish");
  call.method = net::Method::post;
  call.body = message_about(secret, when);
  const auto answer = co_await pubsub->call(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  co_return base::Result<>();
}

ProbePlan plan_of(cloud::gcp::Cloud& cloud, const Listener& listener, std::string secret,
                  std::string when) {
  const auto topic = listener.facts->topic;
  ProbePlan plan{.queue = listener.subscription.id,
                 .inbox = shown(listener.subscription),
                 .about = "an event that concerns no binding",
                 .reads_value = false};
  plan.reads = {"AccessSecretVersion"};
  plan.send = [&cloud, topic, secret = std::move(secret), when = std::move(when)] {
    return publish(cloud, topic, secret, when);
  };
  plan.to_send = fmt::format("grant pubsub.topics.publish on {} to who probes", topic);
  plan.to_receive = "GCP_PUBSUB_SUBSCRIPTION of the controller";
  plan.to_delete = "pubsub.subscriptions.consume";
  return plan;
}

base::Result<std::string> secret_of(cloud::gcp::Cloud& cloud, const Reported& reported,
                                    const std::string& project) {
  const auto source = cloud.provider().resolve(*reported.binding.query);
  if (!source) return std::unexpected(source.error());
  auto name = cloud::gcp::name_of(*source);
  if (name.project == cloud::gcp::own_project) name.project = project;
  return name.resource();
}

}  // namespace

base::Task<Findings> probe_topics(cloud::gcp::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                                  std::vector<Listener> listeners, std::vector<Reported> bindings,
                                  ProbeWish wish) {
  const auto project = co_await cloud.project();
  std::string secret;
  std::string about;
  if (wish.binding.empty()) {
    // Of a secret that was made up this moment.
    secret = fmt::format("projects/1/secrets/edsm-doctor-{:016x}{:016x}", clock.random(),
                         clock.random());
  }
  for (const auto& each : bindings) {
    if (each.binding.key.str() != wish.binding) continue;
    auto named = secret_of(cloud, each, project.value_or(""));
    if (!named) co_return no_probe(wish, named.error(), "Google Cloud");
    secret = std::move(*named);
    about = fmt::format("an event about the secret of {}", wish.binding);
  }
  std::vector<ProbePlan> plans;
  Findings findings;
  for (const auto& listener : listeners) {
    if (!listener.facts) {
      say(findings, Finding::Level::unknown, "probe",
          fmt::format("nothing was sent to {}, whose topic is not known",
                      shown(listener.subscription)),
          "grant pubsub.subscriptions.get on it (roles/pubsub.viewer)");
      continue;
    }
    auto plan = plan_of(cloud, listener, secret, base::rfc3339_micro(clock.wall()));
    if (!about.empty()) plan.about = about;
    plan.reads_value = !about.empty();
    plans.push_back(std::move(plan));
    if (!about.empty()) break;  // once is enough
  }
  auto probed = co_await run_probes(std::move(plans), clock, metrics, std::move(wish));
  append(findings, std::move(probed));
  co_return findings;
}

}  // namespace edsm::cli
