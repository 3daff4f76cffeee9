#include "cli/commands/doctor_permissions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edsm::cli {
namespace {

using cloud::aws::Service;
using cloud::aws::Trial;
using Level = Finding::Level;

/// Of the secrets of a region so many are tried: rights are given by path, not one by one.
constexpr std::size_t kTried = 20;

base::Task<void> try_region(cloud::aws::Client& client, std::vector<std::string> secrets,
                            Findings& findings) {
  const auto on_all = co_await cloud::aws::try_all_secrets(client);
  append(findings, judge_trials(on_all, fmt::format("* in {}", client.region()), true));
  std::size_t permitted = 0;
  for (const auto& secret : secrets) {
    auto trial = co_await cloud::aws::try_secret(client, secret);
    if (trial.outcome == Trial::Outcome::permitted) {
      ++permitted;
      continue;
    }
    append(findings, judge_trials({std::move(trial)}, secret, false));
  }
  if (permitted == 0) co_return;
  findings.push_back({Level::good, "iam",
                      fmt::format("{}: secretsmanager:GetSecretValue is permitted on {} of {} "
                                  "secrets tried (no value was read)",
                                  client.region(), permitted, secrets.size()),
                      ""});
}

}  // namespace

Findings judge_trials(const std::vector<Trial>& trials, const std::string& where, bool optional) {
  Findings findings;
  std::vector<std::string> permitted;
  for (const auto& trial : trials) {
    if (trial.outcome == Trial::Outcome::permitted) {
      permitted.push_back(trial.action);
    } else if (trial.outcome == Trial::Outcome::unclear) {
      findings.push_back({Level::unknown, "iam",
                          fmt::format("{} on {}: {}", trial.action, where, trial.why),
                          "run this again when AWS answers"});
    } else if (optional) {
      findings.push_back(
          {Level::notice, "iam",
           fmt::format("{} is not permitted: EDSM works without it, by more calls", trial.action),
           fmt::format("grant {} on *", trial.action)});
    } else {
      findings.push_back({Level::failure, "iam",
                          fmt::format("{} on {}: {}", trial.action, where, trial.why),
                          fmt::format("grant {} on {}", trial.action, where)});
    }
  }
  if (!permitted.empty()) {
    findings.push_back({Level::good, "iam",
                        fmt::format("{}: {} permitted", where, fmt::join(permitted, ", ")), ""});
  }
  return findings;
}

base::Task<Findings> examine_permissions(cloud::aws::Cloud& cloud,
                                         std::vector<cloud::aws::QueueUrl> queues,
                                         SecretsByRegion secrets) {
  Findings findings;
  for (const auto& queue : queues) {
    const auto client = cloud.client(Service::sqs, queue.region);
    if (!client) continue;
    const auto trials = co_await cloud::aws::try_queue(**client, queue.url);
    append(findings, judge_trials(trials, queue.name, false));
  }
  for (auto& [region, names] : secrets) {
    const auto client = cloud.client(Service::secretsmanager, region);
    if (!client) continue;
    if (names.size() > kTried) names.resize(kTried);
    co_await try_region(**client, names, findings);
  }
  co_return findings;
}

}  // namespace edsm::cli
