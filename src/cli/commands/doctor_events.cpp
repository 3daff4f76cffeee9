#include "cli/commands/doctor_events.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/commands/doctor_delivery.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

using cloud::aws::EventBridge;
using cloud::aws::EventKind;
using cloud::aws::QueueUrl;
using cloud::aws::Service;
using Level = Finding::Level;

/// Fewer leave no room for an outage of a minute.
constexpr std::int64_t kFewReceives = 3;
constexpr std::string_view kGrants =
    "to check this (variable doctor_permissions of the Terraform "
    "example)";

/// Something optional that could not be read.
Finding not_seen(std::string area, const base::Error& error, std::string_view actions) {
  const bool refused = error.failure == base::Failure::refused;
  return {Level::unknown, std::move(area), base::describe(error),
          refused ? fmt::format("grant {} {}", actions, kGrants)
                  : fmt::format("it is read by {}", actions)};
}

base::Task<void> examine_dead_letters(cloud::aws::Client& sqs, QueueUrl queue,
                                      cloud::aws::QueueFacts facts, Findings& findings) {
  if (facts.dead_letters_arn.empty()) co_return;
  if (facts.max_receives < kFewReceives) {
    findings.push_back(
        {Level::warning, "queue",
         fmt::format("{}: a message is given up after {}", queue.name,
                     counted(static_cast<std::size_t>(facts.max_receives), "receive")),
         "set maxReceiveCount of its redrive policy to 10: a short outage must not cost events"});
  }
  auto url = cloud::aws::queue_url_of(facts.dead_letters_arn, queue);
  if (url.empty()) co_return;
  const auto dead = co_await cloud::aws::read_queue_facts(sqs, std::move(url));
  if (!dead) {
    if (dead.error().failure == base::Failure::absent) {
      findings.push_back({Level::failure, "queue",
                          fmt::format("{}: its dead-letter queue {} does not exist", queue.name,
                                      facts.dead_letters_arn),
                          "make it, or correct the redrive policy"});
    } else {
      findings.push_back(
          not_seen("queue", dead.error(), "sqs:GetQueueAttributes on " + facts.dead_letters_arn));
    }
  } else if (dead->waiting > 0) {
    findings.push_back({Level::warning, "queue",
                        fmt::format("{}: {} in its dead-letter queue", queue.name,
                                    counted(static_cast<std::size_t>(dead->waiting), "message")),
                        "docs/runbook.md#edsmmessagesgivenup"});
  } else {
    findings.push_back(
        {Level::good, "queue", fmt::format("{}: its dead-letter queue is empty", queue.name), ""});
  }
}

/// The rules of a queue; false if they cannot be read.
base::Task<bool> read_routes(EventBridge& bridge, Delivery& delivery, Findings& findings) {
  constexpr std::string_view kActions =
      "events:ListRuleNamesByTarget, events:DescribeRule and events:ListTargetsByRule";
  const auto names = co_await bridge.rule_names(delivery.facts.arn);
  if (!names) {
    findings.push_back(not_seen("rules", names.error(), kActions));
    co_return false;
  }
  for (const auto& name : *names) {
    auto rule = co_await bridge.rule(name);
    if (!rule) {
      findings.push_back(not_seen("rules", rule.error(), kActions));
      co_return false;
    }
    const auto targets = co_await bridge.targets(name);
    if (!targets) {
      findings.push_back(not_seen("rules", targets.error(), kActions));
      co_return false;
    }
    for (const auto& target : *targets) {
      if (target.arn == delivery.facts.arn) delivery.routes.push_back({*rule, target});
    }
  }
  co_return true;
}

/// Rules that could send to the queue and do not: asked for only where something is missing.
base::Task<void> read_others(EventBridge& bridge, Delivery& delivery, Findings& findings) {
  auto rules = co_await bridge.rules();
  if (!rules) {
    findings.push_back(not_seen("rules", rules.error(), "events:ListRules"));
    co_return;
  }
  for (auto& rule : *rules) {
    const bool routed = std::ranges::any_of(
        delivery.routes, [&rule](const Route& route) { return route.rule.name == rule.name; });
    if (!routed && rule.enabled) delivery.others.push_back(std::move(rule));
  }
}

/// Asks AWS what the patterns match; what it says counts.
base::Task<void> ask_aws(EventBridge& bridge, const Delivery& delivery, Passage& passage,
                         Findings& findings) {
  const auto& secret = delivery.secrets.front();
  for (const auto& route : delivery.routes) {
    for (const auto kind : {EventKind::label_updated, EventKind::created, EventKind::value_read}) {
      auto event = boost::json::serialize(sample_event(kind, secret, delivery.place));
      auto pattern = route.rule.pattern;
      const auto passes = co_await bridge.test(std::move(pattern), std::move(event));
      if (!passes) {
        auto finding = not_seen("rules", passes.error(), "events:TestEventPattern");
        finding.what += "; what patterns match was found out here, without AWS";
        findings.push_back(std::move(finding));
        co_return;
      }
      if (!passage.learn(route.rule, kind, secret, *passes)) continue;
      findings.push_back(
          {Level::warning, "rules",
           fmt::format("{}: AWS says that rule {} lets {} {}, this command finds the contrary",
                       delivery.queue, route.rule.name, to_string(kind),
                       *passes ? "through" : "not through"),
           "AWS is right; please report the pattern: " + route.rule.pattern});
    }
  }
}

base::Task<void> examine_trails(cloud::aws::Cloud& cloud, const Delivery& delivery,
                                const Passage& passage, Findings& findings) {
  if (!wants_trail(delivery, passage)) co_return;
  auto client = cloud.client(Service::cloudtrail, delivery.place.region);
  if (!client) co_return;
  cloud::aws::Trails reader(std::move(*client));
  const auto trails = co_await reader.covering();
  if (trails) {
    append(findings, judge_trails(delivery, passage, *trails));
  } else {
    findings.push_back(not_seen("trail", trails.error(),
                                "cloudtrail:DescribeTrails, cloudtrail:GetTrailStatus and "
                                "cloudtrail:GetEventSelectors"));
  }
}

base::Task<void> examine_queue(cloud::aws::Cloud& cloud, QueueUrl queue,
                               std::vector<std::string> secrets, Findings& findings) {
  const auto sqs = cloud.client(Service::sqs, queue.region);
  auto events = cloud.client(Service::events, queue.region);
  if (!sqs || !events) co_return;
  auto facts = co_await cloud::aws::read_queue_facts(**sqs, queue.url);
  if (!facts) co_return;  // examine_inboxes has said why
  Delivery delivery{queue.name,        {queue.region, queue.account}, std::move(*facts), {}, {},
                    std::move(secrets)};
  if (delivery.secrets.empty()) delivery.secrets.emplace_back("any-secret");
  findings.push_back(
      {Level::good, "queue",
       fmt::format("{}: {} waiting, {} in work", queue.name,
                   counted(static_cast<std::size_t>(delivery.facts.waiting), "message"),
                   delivery.facts.in_work),
       ""});
  co_await examine_dead_letters(**sqs, queue, delivery.facts, findings);

  EventBridge bridge(std::move(*events));
  const bool seen = co_await read_routes(bridge, delivery, findings);
  if (!seen) co_return;
  Passage passage(delivery.place);
  co_await ask_aws(bridge, delivery, passage, findings);
  if (!healthy(judge_rules(delivery, passage))) {
    co_await read_others(bridge, delivery, findings);
  }
  append(findings, judge_rules(delivery, passage));
  append(findings, judge_admission(delivery, passage));
  co_await examine_trails(cloud, delivery, passage, findings);
}

}  // namespace

SecretsByRegion secrets_by_region(cloud::Provider& provider, const std::vector<Reported>& bindings,
                                  Readers readers) {
  std::map<std::string, std::set<std::string>> found;
  for (const auto& [binding, status] : bindings) {
    if (binding.provider != provider.name()) continue;
    const auto source = provider.resolve(*binding.query);
    if (!source) continue;  // examine_sources says why
    if (readers == Readers::controller && !provider.identity(*source).empty()) continue;
    found[provider.place(*source).region].emplace(source->path());
  }
  SecretsByRegion result;
  for (const auto& [region, secrets] : found) result[region].assign(secrets.begin(), secrets.end());
  return result;
}

base::Task<Findings> examine_events(cloud::aws::Cloud& cloud, std::vector<QueueUrl> queues,
                                    SecretsByRegion secrets) {
  Findings findings;
  for (const auto& queue : queues) {
    auto of_region = secrets[queue.region];
    co_await examine_queue(cloud, queue, std::move(of_region), findings);
  }
  for (const auto& [region, names] : secrets) {
    const bool heard = std::ranges::any_of(
        queues, [&region](const QueueUrl& queue) { return queue.region == region; });
    if (heard || queues.empty()) continue;
    findings.push_back(
        {Level::warning, "rules",
         fmt::format("{} of {}, and no queue there: the sweep finds changes, unless that region's "
                     "events are forwarded",
                     counted(names.size(), "secret"), region),
         fmt::format("make a queue and rules in {} and add it to SQS_QUEUE_URL", region)});
  }
  co_return findings;
}

}  // namespace edsm::cli
