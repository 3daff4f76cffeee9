#include "cli/commands/doctor_delivery.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands/table.hpp"
#include "cloud/aws/inspect/event_pattern.hpp"
#include "cloud/aws/inspect/queue_policy.hpp"

namespace edsm::cli {
namespace {

using cloud::aws::EventKind;
using cloud::aws::Rule;
using Level = Finding::Level;

/// Of the secrets with one kind of trouble, so many are named.
constexpr std::size_t kNamed = 3;
/// Together they tell of every new value by way of CloudTrail.
constexpr std::array kValueCalls = {EventKind::put_secret_value, EventKind::update_secret,
                                    EventKind::update_version_stage};
constexpr std::array kLifecycle = {EventKind::created, EventKind::removed, EventKind::restored};
constexpr std::array kReads = {EventKind::value_read, EventKind::batch_read};
constexpr std::string_view kPattern =
    R"({"source":["aws.secretsmanager"],"detail-type":["Secret Label Updated"],)"
    R"("detail":{"labelUpdated":["AWSCURRENT"]}})";

/// What decode_event reads: the event, or its detail.
bool arrives_readable(const Route& route) {
  const auto& path = route.target.input_path;
  return !route.target.rewritten && (path.empty() || path == "$" || path == "$.detail");
}

bool works(const Route& route) {
  return route.rule.enabled && arrives_readable(route);
}

bool tells_of_values(const Passage& passage, const Rule& rule, const std::string& secret) {
  return passage.passes(rule, EventKind::label_updated, secret) ||
         std::ranges::all_of(kValueCalls,
                             [&](EventKind kind) { return passage.passes(rule, kind, secret); });
}

bool passes_any(const Passage& passage, const Rule& rule, const auto& kinds,
                const std::string& secret) {
  return std::ranges::any_of(kinds,
                             [&](EventKind kind) { return passage.passes(rule, kind, secret); });
}

bool passes_something(const Delivery& delivery, const Passage& passage, const Rule& rule) {
  return std::ranges::any_of(delivery.secrets, [&](const std::string& secret) {
    return passage.passes(rule, EventKind::label_updated, secret) ||
           passes_any(passage, rule, kValueCalls, secret) ||
           passes_any(passage, rule, kLifecycle, secret);
  });
}

/// A working rule that tells of new values of the secret; nullptr: none does.
const Route* bearer_of(const Delivery& delivery, const Passage& passage,
                       const std::string& secret) {
  const auto found = std::ranges::find_if(delivery.routes, [&](const Route& route) {
    return works(route) && tells_of_values(passage, route.rule, secret);
  });
  return found == delivery.routes.end() ? nullptr : &*found;
}

std::string some_of(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), kNamed);
  auto text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

// -- remedies: what to type --------------------------------------------------------------

std::string target_command(const Delivery& delivery, const std::string& rule,
                           const std::string& id = "edsm") {
  return fmt::format("aws events put-targets --region {} --rule {} --targets Id={},Arn={}",
                     delivery.place.region, rule, id, delivery.facts.arn);
}

std::string enable_command(const Delivery& delivery, const Rule& rule) {
  return fmt::format("aws events enable-rule --region {} --name {}", delivery.place.region,
                     rule.name);
}

std::string new_rule_commands(const Delivery& delivery) {
  const auto name = delivery.queue + "-label-updated";
  return fmt::format("aws events put-rule --region {} --name {} --event-pattern '{}' && {}",
                     delivery.place.region, name, kPattern, target_command(delivery, name));
}

// -- why nothing is heard of a secret ------------------------------------------------------

/// In words that follow "new values of X do not reach the queue: ".
struct Cause {
  std::string what;
  std::string remedy;
  auto operator<=>(const Cause&) const = default;
};

std::optional<Cause> broken_route(const Delivery& delivery, const Passage& passage,
                                  const std::string& secret) {
  for (const auto& route : delivery.routes) {
    if (!tells_of_values(passage, route.rule, secret)) continue;
    if (!route.rule.enabled) {
      return Cause{fmt::format("rule {} is disabled", route.rule.name),
                   enable_command(delivery, route.rule)};
    }
    return Cause{
        fmt::format("rule {} sends something else than the event: its target has an input path, "
                    "an input or an input transformer",
                    route.rule.name),
        target_command(delivery, route.rule.name, route.target.id)};
  }
  return std::nullopt;
}

Cause why_deaf(const Delivery& delivery, const Passage& passage, const std::string& secret) {
  if (auto cause = broken_route(delivery, passage, secret)) return *cause;
  const auto other = std::ranges::find_if(
      delivery.others, [&](const Rule& rule) { return tells_of_values(passage, rule, secret); });
  if (other != delivery.others.end()) {
    return {
        fmt::format("rule {} lets them through, but the queue is none of its targets", other->name),
        target_command(delivery, other->name)};
  }
  if (delivery.routes.empty())
    return {"no rule sends events to the queue", new_rule_commands(delivery)};
  std::vector<std::string> names;
  names.reserve(delivery.routes.size());
  for (const auto& route : delivery.routes) names.push_back(route.rule.name);
  return {fmt::format("the pattern of no rule matches their events ({})", some_of(names)),
          new_rule_commands(delivery)};
}

void judge_values(const Delivery& delivery, const Passage& passage, Findings& findings) {
  std::map<Cause, std::vector<std::string>> deaf;
  std::map<std::string, std::size_t> heard;
  for (const auto& secret : delivery.secrets) {
    const auto* const bearer = bearer_of(delivery, passage, secret);
    if (bearer != nullptr) {
      ++heard[bearer->rule.name];
    } else {
      deaf[why_deaf(delivery, passage, secret)].push_back(secret);
    }
  }
  for (const auto& [rule, count] : heard) {
    findings.push_back({Level::good, "rules",
                        fmt::format("{}: rule {} brings new values of {}", delivery.queue, rule,
                                    counted(count, "secret")),
                        ""});
  }
  for (const auto& [cause, secrets] : deaf) {
    findings.push_back({Level::failure, "rules",
                        fmt::format("{}: new values of {} do not reach the queue: {}",
                                    delivery.queue, some_of(secrets), cause.what),
                        cause.remedy});
  }
}

void judge_lifecycle(const Delivery& delivery, const Passage& passage, Findings& findings) {
  std::vector<std::string> missing;
  for (const auto kind : kLifecycle) {
    const bool comes = std::ranges::any_of(delivery.routes, [&](const Route& route) {
      return works(route) && passage.passes(route.rule, kind, delivery.secrets.front());
    });
    if (!comes) missing.emplace_back(to_string(kind));
  }
  if (missing.empty()) {
    findings.push_back(
        {Level::good, "rules",
         fmt::format("{}: created, deleted and restored secrets are told of", delivery.queue), ""});
  } else {
    findings.push_back({Level::notice, "rules",
                        fmt::format("{}: no rule brings {}; the sweep finds them", delivery.queue,
                                    fmt::join(missing, ", ")),
                        "if that is too late: the second rule of docs/aws.md, and a trail"});
  }
}

/// What is odd about one rule, whether or not another makes up for it.
void judge_route(const Delivery& delivery, const Passage& passage, const Route& route,
                 Findings& findings) {
  const auto& rule = route.rule;
  const auto add = [&](Level level, std::string what, std::string remedy) {
    findings.push_back({level, "rules",
                        fmt::format("{}: rule {} {}", delivery.queue, rule.name, what),
                        std::move(remedy)});
  };
  if (!cloud::aws::EventPattern::parse(rule.pattern)) {
    add(Level::unknown, "has a pattern that this version cannot read",
        "grant events:TestEventPattern, so that AWS can be asked what it matches");
  } else if (!passes_something(delivery, passage, rule)) {
    add(Level::warning, "matches no event of the secrets that bindings name",
        fmt::format("correct its pattern, or take the queue off it: {}", rule.pattern));
  } else if (!works(route)) {
    add(Level::warning,
        rule.enabled ? "does not send the events as they are" : "is disabled: it sends nothing",
        rule.enabled ? target_command(delivery, rule.name, route.target.id)
                     : enable_command(delivery, rule));
  }
  if (passes_any(passage, rule, kReads, delivery.secrets.front())) {
    add(Level::warning, "lets reads of values through: EDSM hears of each of its own calls",
        "let the pattern name the events in detail.eventName, as docs/aws.md does");
  }
}

}  // namespace

bool Passage::passes(const Rule& rule, EventKind kind, const std::string& secret) const {
  const auto answered = answered_.find(Question(rule.name, kind, secret));
  if (answered != answered_.end()) return answered->second;
  const auto pattern = cloud::aws::EventPattern::parse(rule.pattern);
  return pattern && pattern->matches(cloud::aws::sample_event(kind, secret, place_));
}

bool Passage::learn(const Rule& rule, EventKind kind, const std::string& secret, bool passes) {
  const bool ours = this->passes(rule, kind, secret);
  answered_[Question(rule.name, kind, secret)] = passes;
  return ours != passes;
}

Findings judge_rules(const Delivery& delivery, const Passage& passage) {
  Findings findings;
  judge_values(delivery, passage, findings);
  const bool enough = healthy(findings);
  for (const auto& route : delivery.routes) {
    // A broken one whose work nobody else does has been named already.
    const bool named = !enough && !works(route) && passes_something(delivery, passage, route.rule);
    if (!named) judge_route(delivery, passage, route, findings);
  }
  if (!delivery.routes.empty()) judge_lifecycle(delivery, passage, findings);
  return findings;
}

Findings judge_admission(const Delivery& delivery, const Passage& passage) {
  Findings findings;
  std::vector<std::string> admitted;
  for (const auto& route : delivery.routes) {
    if (!works(route) || !passes_something(delivery, passage, route.rule)) continue;
    const auto& rule = route.rule;
    const auto admission =
        cloud::aws::admits_rule(delivery.facts.policy, delivery.facts.arn, rule.arn);
    if (admission == cloud::aws::Admission::admitted) {
      admitted.push_back(rule.name);
    } else if (admission == cloud::aws::Admission::depends) {
      findings.push_back({Level::unknown, "policy",
                          fmt::format("{}: whether its policy lets rule {} in depends on a "
                                      "condition that this command does not know",
                                      delivery.queue, rule.name),
                          "see whether the rule's FailedInvocations in CloudWatch stay at zero"});
    } else {
      findings.push_back(
          {Level::failure, "policy",
           fmt::format("{}: its policy does not let rule {} in: its events are lost",
                       delivery.queue, rule.name),
           fmt::format(R"(add to its attribute Policy: {{"Effect":"Allow","Principal":)"
                       R"({{"Service":"events.amazonaws.com"}},"Action":"sqs:SendMessage",)"
                       R"("Resource":"{}","Condition":{{"ArnEquals":{{"aws:SourceArn":"{}"}}}}}})",
                       delivery.facts.arn, rule.arn)});
    }
  }
  if (!admitted.empty()) {
    findings.push_back(
        {Level::good, "policy",
         fmt::format("{}: its policy lets {} in", delivery.queue, fmt::join(admitted, " and ")),
         ""});
  }
  const auto& key = delivery.facts.kms_key;
  if (key.ends_with("alias/aws/sqs")) {
    findings.push_back({Level::failure, "policy",
                        fmt::format("{}: EventBridge cannot use its key {}", delivery.queue, key),
                        "encrypt it with SqsManagedSseEnabled, or with a customer managed key"});
  } else if (!key.empty()) {
    findings.push_back({Level::notice, "policy",
                        fmt::format("{}: it is encrypted with {}", delivery.queue, key),
                        "the key's policy has to permit events.amazonaws.com kms:GenerateDataKey "
                        "and kms:Decrypt"});
  }
  return findings;
}

bool wants_trail(const Delivery& delivery, const Passage& passage) {
  return std::ranges::any_of(delivery.routes, [&](const Route& route) {
    const auto& secret = delivery.secrets.front();
    return works(route) && (passes_any(passage, route.rule, kLifecycle, secret) ||
                            passes_any(passage, route.rule, kValueCalls, secret));
  });
}

Findings judge_trails(const Delivery& delivery, const Passage& passage,
                      const std::vector<cloud::aws::Trail>& trails) {
  const auto good = std::ranges::find_if(trails, [](const cloud::aws::Trail& trail) {
    return trail.logging && trail.management_writes;
  });
  const auto& region = delivery.place.region;
  if (good != trails.end()) {
    return {{Level::good, "trail",
             fmt::format("{}: trail {} logs management events that write", region, good->name),
             ""}};
  }
  const bool without_it = std::ranges::any_of(delivery.routes, [&](const Route& route) {
    return works(route) &&
           passage.passes(route.rule, EventKind::label_updated, delivery.secrets.front());
  });
  const auto level = without_it ? Level::warning : Level::failure;
  const std::string effect = "so EventBridge gets no calls, and rules for them send nothing";
  if (trails.empty()) {
    return {{level, "trail", fmt::format("{}: there is no trail, {}", region, effect),
             fmt::format("aws cloudtrail create-trail --region {0} --name management "
                         "--s3-bucket-name BUCKET --is-multi-region-trail && aws cloudtrail "
                         "start-logging --region {0} --name management",
                         region)}};
  }
  Findings findings;
  for (const auto& trail : trails) {
    if (!trail.management_writes) {
      findings.push_back(
          {level, "trail",
           fmt::format("{}: trail {} logs no management events that write, {}", region, trail.name,
                       effect),
           fmt::format("aws cloudtrail put-event-selectors --region {} --trail-name {} "
                       "--event-selectors "
                       "'[{{\"ReadWriteType\":\"WriteOnly\",\"IncludeManagementEvents\":true}}]'",
                       region, trail.arn)});
    } else {
      findings.push_back(
          {level, "trail",
           fmt::format("{}: trail {} is not logging, {}", region, trail.name, effect),
           fmt::format("aws cloudtrail start-logging --region {} --name {}", region, trail.arn)});
    }
  }
  return findings;
}

}  // namespace edsm::cli
