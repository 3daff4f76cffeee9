#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "base/parallel.hpp"
#include "cli/commands/cloud_doctor.hpp"
#include "cli/commands/doctor_google_identity.hpp"
#include "cli/commands/doctor_google_rights.hpp"
#include "cli/commands/doctor_hearing.hpp"
#include "cli/commands/doctor_sources.hpp"
#include "cli/commands/doctor_topic_probe.hpp"
#include "cli/environment.hpp"
#include "cloud/gcp/gcp.hpp"
#include "cloud/gcp/provider.hpp"
#include "net/curl_http.hpp"
#include "sync/plan.hpp"

namespace edsm::cli {
namespace {

using cloud::gcp::SecretName;
using cloud::gcp::Service;
using cloud::gcp::Subscription;
using Level = Finding::Level;

constexpr CloudTerms kTerms{
    .cloud = "Google Cloud",
    .variable = "GCP_PUBSUB_SUBSCRIPTION",
    .hold = "acknowledgement deadline",
    .dead_letters = "a dead-letter topic",
    .refusal_is_unknown = true,
};
/// Reads of a project's secrets share a small quota with everybody else: 600 a minute.
constexpr std::size_t kLookedAt = 100;
constexpr std::size_t kParallel = 8;
constexpr int kMaxPages = 10;
constexpr std::string_view kGrants =
    "to check this (variable doctor_permissions of the Terraform example)";

/// Something optional that could not be read.
Finding not_seen(std::string area, const std::string& what, const base::Error& error,
                 std::string_view permission) {
  const bool refused = error.failure == base::Failure::refused;
  return {Level::unknown, std::move(area), fmt::format("{}: {}", what, base::describe(error)),
          refused ? fmt::format("grant {} {}", permission, kGrants)
                  : fmt::format("it is read by {}", permission)};
}

/// Google Cloud as the controller would see it.
class Google {
 public:
  Google(const boost::asio::any_io_executor& executor, base::Clock& clock,
         cloud::gcp::Settings settings)
      : clock_(clock),
        subscriptions_(settings.subscriptions),
        api_url_(cloud::gcp::secret_manager_url(settings, cloud::gcp::global)),
        requests_(executor, cloud_transport(settings.ca_bundle)),
        direct_(executor, direct_transport()),
        log_(clock, silence_, telemetry::Level::error, telemetry::Format::text) {
    if (settings.credentials) origin_ = cloud::gcp::origin_of(*settings.credentials);
    cloud_ = std::make_unique<cloud::gcp::Cloud>(std::move(settings), requests_, requests_, direct_,
                                                 clock, log_, metrics_);
    cloud_->read_no_values();
  }

  base::Task<Findings> examine(std::vector<Reported> bindings) {
    auto origin = origin_;
    auto identity =
        co_await examine_google_identity(*cloud_, clock_, requests_, std::move(origin), api_url_);
    findings_ = std::move(identity.findings);
    // Without a token every further answer would be the same.
    if (!identity.usable) co_return std::move(findings_);
    collect_secrets(bindings, identity.project);
    co_await look_at_subscriptions(identity.member);
    co_await look_at_secrets();
    co_await look_at_sinks();
    if (!subscriptions_.empty()) {
      append(findings_, judge_secrets(hearing_));
      append(findings_, judge_sinks(hearing_));
      co_await look_at_policies();
    }
    auto of_rights = co_await examine_google_rights(*cloud_, present_, existing(), identity.member);
    append(findings_, std::move(of_rights));
    auto of_sources = co_await examine_sources(cloud_->provider(), std::move(bindings), kTerms);
    append(findings_, std::move(of_sources));
    co_return std::move(findings_);
  }

  base::Task<Findings> probe(std::vector<Reported> bindings, ProbeWish wish) {
    return probe_topics(*cloud_, clock_, direct_, hearing_.listeners, std::move(bindings),
                        std::move(wish));
  }

 private:
  /// Of bindings that may be served; each once.
  void collect_secrets(const std::vector<Reported>& bindings, const std::string& project) {
    std::set<std::string> known;
    for (const auto& [binding, status] : bindings) {
      if (binding.provider != cloud_->provider().name()) continue;
      const auto* const ready = status.condition("Ready");
      if (ready != nullptr && ready->reason == sync::kNotAllowed) continue;
      const auto source = cloud_->provider().resolve(*binding.query);
      if (!source) continue;  // examine_sources says why
      auto name = cloud::gcp::name_of(*source);
      if (name.project == cloud::gcp::own_project) name.project = project;
      name.version.clear();
      if (name.project.empty() || !known.insert(name.resource()).second) continue;
      if (hearing_.secrets.size() < kLookedAt) hearing_.secrets.push_back({std::move(name), {}});
    }
    if (known.size() <= hearing_.secrets.size()) return;
    say(findings_, Level::notice, "topics",
        fmt::format("of {} secrets {} are looked at", known.size(), hearing_.secrets.size()), "");
  }

  base::Task<void> look_at_subscriptions(const std::string& member) {
    if (subscriptions_.empty()) {
      say(findings_, Level::notice, "queue",
          "no subscription is configured: only the sweep finds changes",
          fmt::format("set {} where `edsm run` starts", kTerms.variable));
      co_return;
    }
    const auto pubsub = cloud_->client(Service::pubsub, "");
    for (const auto& subscription : subscriptions_) {
      auto call = cloud::gcp::subscription_call(subscription.str());
      const auto answer = co_await pubsub->call(std::move(call));
      if (!answer) {
        findings_.push_back(judge_unread(subscription, answer.error(), member));
        hearing_.listeners.push_back({subscription, {}});
        if (answer.error().failure != base::Failure::absent) present_.push_back(subscription);
        continue;
      }
      auto facts = cloud::gcp::parse_subscription_facts(answer->root());
      append(findings_, judge_subscription(subscription, facts));
      hearing_.listeners.push_back({subscription, std::move(facts)});
      present_.push_back(subscription);
    }
    if (present_.empty()) co_return;
    say(findings_, Level::notice, "queue",
        "how many messages wait is told by Cloud Monitoring only, as "
        "pubsub.googleapis.com/subscription/num_undelivered_messages",
        "");
  }

  base::Task<void> look_at_secrets() {
    std::map<std::string, std::unique_ptr<cloud::gcp::Client>> clients;
    for (const auto& secret : hearing_.secrets) {
      auto& client = clients[secret.name.location];
      if (client == nullptr) client = cloud_->client(Service::secretmanager, secret.name.location);
    }
    std::vector<base::Error> errors(hearing_.secrets.size());
    const std::function<base::Task<void>(std::size_t)> read_one = [&](std::size_t i) {
      return read_topics_into(*clients[hearing_.secrets[i].name.location], hearing_.secrets[i],
                              errors[i]);
    };
    co_await base::parallel(errors.size(), kParallel, read_one);
    for (std::size_t i = 0; i < errors.size(); ++i) {
      auto& secret = hearing_.secrets[i];
      if (secret.told) {
        hearing_.projects.learn(secret.name.project, secret.told->number);
      } else if (errors[i].failure == base::Failure::absent) {
        absent_.insert(secret.name.resource());  // examine_sources says so
      } else if (unseen_.empty()) {
        unseen_ = secret.name.resource();
        findings_.push_back(not_seen(
            "topics", unseen_, errors[i],
            fmt::format("secretmanager.secrets.get (roles/secretmanager.viewer) on {}", unseen_)));
      }
    }
  }
  static base::Task<void> read_topics_into(cloud::gcp::Client& client, BoundSecret& secret,
                                           base::Error& error) {
    auto call = cloud::gcp::topics_call(secret.name);
    auto answer = co_await client.call(std::move(call));
    if (answer) {
      secret.told = cloud::gcp::parse_topics(answer->root());
    } else {
      error = std::move(answer.error());
    }
  }

  base::Task<void> look_at_sinks() {
    if (subscriptions_.empty()) co_return;
    const auto logging = cloud_->client(Service::logging, "");
    std::set<std::string> projects;
    for (const auto& secret : hearing_.secrets) projects.insert(secret.name.project);
    for (const auto& project : projects) co_await look_at_sinks_of(*logging, project);
  }
  base::Task<void> look_at_sinks_of(cloud::gcp::Client& logging, const std::string& project) {
    std::vector<cloud::gcp::Sink> sinks;
    std::string page;
    for (int pages = 0; pages < kMaxPages; ++pages) {
      auto call = cloud::gcp::sinks_call(project, page);
      const auto answer = co_await logging.call(std::move(call));
      if (!answer) {
        findings_.push_back(not_seen("sink", "log sinks of " + project, answer.error(),
                                     "logging.sinks.list on the project"));
        co_return;
      }
      page = cloud::gcp::parse_sinks(answer->root(), sinks);
      if (page.empty()) break;
    }
    hearing_.sinks[project] = std::move(sinks);
  }

  /// Who may publish to the topics, and move dead letters.
  base::Task<void> look_at_policies() {
    std::set<std::string> seen;
    for (const auto& listener : hearing_.listeners) {
      if (!listener.facts) continue;
      const auto& facts = *listener.facts;
      const bool real = facts.topic.starts_with("projects/") && seen.insert(facts.topic).second;
      if (real) {
        co_await look_at_policy(facts.topic, cloud::gcp::Right::publish,
                                publishers_of(hearing_, facts.topic));
      }
      if (facts.dead_letter_topic.empty()) continue;
      const std::vector<Publisher> mover = {dead_letter_mover(hearing_, listener.subscription)};
      co_await look_at_policy(facts.dead_letter_topic, cloud::gcp::Right::publish, mover);
      co_await look_at_policy(listener.subscription.str(), cloud::gcp::Right::consume, mover);
    }
  }
  base::Task<void> look_at_policy(std::string resource, cloud::gcp::Right right,
                                  std::vector<Publisher> members) {
    if (members.empty()) co_return;
    const auto pubsub = cloud_->client(Service::pubsub, "");
    auto call = cloud::gcp::policy_call(resource);
    const auto answer = co_await pubsub->call(std::move(call));
    if (answer) {
      const auto policy = cloud::gcp::parse_policy(answer->root());
      append(findings_, judge_policy(resource, policy, right, members));
      co_return;
    }
    const bool topic = right == cloud::gcp::Right::publish;
    findings_.push_back(not_seen(
        "policy", resource, answer.error(),
        fmt::format("pubsub.{}.getIamPolicy on {}", topic ? "topics" : "subscriptions", resource)));
  }

  /// Nobody has a right on what is not there.
  std::vector<SecretName> existing() const {
    std::vector<SecretName> names;
    for (const auto& secret : hearing_.secrets) {
      if (!absent_.contains(secret.name.resource())) names.push_back(secret.name);
    }
    return names;
  }

  base::Clock& clock_;
  std::vector<Subscription> subscriptions_;
  std::string api_url_;
  cloud::gcp::CredentialOrigin origin_;
  net::CurlHttp requests_;
  net::CurlHttp direct_;
  Silence silence_;
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  std::unique_ptr<cloud::gcp::Cloud> cloud_;

  Findings findings_;
  Hearing hearing_;
  std::vector<Subscription> present_;
  std::set<std::string> absent_;
  std::string unseen_;
};

base::Task<Findings> examine(base::Clock& clock, std::vector<Reported> bindings,
                             std::optional<ProbeWish> wish) {
  auto settings = cloud::gcp::load_settings(environment);
  if (!settings) co_return unusable(settings.error());
  const auto executor = co_await boost::asio::this_coro::executor;
  Google google(executor, clock, std::move(*settings));
  auto findings = co_await google.examine(bindings);
  if (!wish) co_return findings;
  auto probed = co_await google.probe(std::move(bindings), std::move(*wish));
  append(findings, std::move(probed));
  co_return findings;
}

}  // namespace

CloudDoctor google_doctor() {
  return {"gcp", {"GCP_PUBSUB_SUBSCRIPTION", "PUBSUB_QUEUE_URL"}, examine};
}

}  // namespace edsm::cli
