#include "cli/commands/doctor_google_rights.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cloud/gcp/inspect/policy.hpp"

namespace edsm::cli {
namespace {

using cloud::gcp::SecretName;
using cloud::gcp::Service;
using cloud::gcp::Subscription;
using Level = Finding::Level;

/// Of the secrets of a project so many are tried: rights are given to many, not one by one.
constexpr std::size_t kTried = 20;
/// Of those with one kind of trouble, so many are named.
constexpr std::size_t kNamed = 3;

/// A permission of the controller, and the least role that has it.
struct Need {
  std::string_view permission;
  std::string_view role;
  std::string_view without;  ///< what EDSM does then; empty: it cannot work
};
constexpr auto kOfSubscription = std::to_array<Need>(
    {{"pubsub.subscriptions.consume", "roles/pubsub.subscriber", ""},
     {"pubsub.subscriptions.get", "roles/pubsub.viewer",
      "EDSM takes ten seconds for its deadline, and counts deliveries itself"}});
constexpr auto kOfSecret = std::to_array<Need>(
    {{"secretmanager.versions.access", "roles/secretmanager.secretAccessor", ""},
     {"secretmanager.versions.get", "roles/secretmanager.viewer",
      "the sweep reads values to see whether they are new"}});

std::vector<std::string> permissions_of(const auto& needs) {
  std::vector<std::string> names;
  names.reserve(needs.size());
  for (const auto& need : needs) names.emplace_back(need.permission);
  return names;
}

Granted granted_in(const base::Result<base::JsonDocument>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return cloud::gcp::parse_permissions(answer->root());
}

Finding missing(const Need& need, const std::string& where, std::string remedy) {
  if (need.without.empty()) {
    return {Level::failure, "iam", fmt::format("{}: {} is not permitted", where, need.permission),
            std::move(remedy)};
  }
  return {Level::notice, "iam",
          fmt::format("{}: {} is not permitted: {}", where, need.permission, need.without),
          std::move(remedy)};
}

Finding unclear(const std::string& where, const base::Error& error) {
  return {Level::unknown, "iam",
          fmt::format("{}: its rights could not be asked for: {}", where, base::describe(error)),
          "run this again when it answers; emulators know no IAM"};
}

std::string grant_on(const SecretName& name, std::string_view role, const std::string& member) {
  const auto region =
      name.location == cloud::gcp::global ? std::string() : " --location=" + name.location;
  return fmt::format(
      "gcloud secrets add-iam-policy-binding {} --project={}{} --member={} --role={}", name.secret,
      name.project, region, member, role);
}

}  // namespace

Findings judge_subscription_rights(const Subscription& subscription, const Granted& granted,
                                   const std::string& member) {
  const auto where = fmt::format("pubsub/{}/{}", subscription.project, subscription.id);
  if (!granted) return {unclear(where, granted.error())};
  Findings findings;
  std::vector<std::string> permitted;
  for (const auto& need : kOfSubscription) {
    if (granted->contains(std::string(need.permission))) {
      permitted.emplace_back(need.permission);
      continue;
    }
    findings.push_back(
        missing(need, where,
                fmt::format("gcloud pubsub subscriptions add-iam-policy-binding {} --project={} "
                            "--member={} --role={}",
                            subscription.id, subscription.project, member, need.role)));
  }
  if (!permitted.empty()) {
    say(findings, Level::good, "iam",
        fmt::format("{}: {} permitted", where, fmt::join(permitted, ", ")), "");
  }
  return findings;
}

Findings judge_secret_rights(const std::vector<std::pair<SecretName, Granted>>& answers,
                             const std::string& member) {
  Findings findings;
  const auto first_error =
      std::ranges::find_if(answers, [](const auto& each) { return !each.second.has_value(); });
  if (first_error != answers.end())
    findings.push_back(unclear(first_error->first.resource(), first_error->second.error()));
  for (const auto& need : kOfSecret) {
    std::size_t permitted = 0;
    std::vector<const SecretName*> without;
    for (const auto& [name, granted] : answers) {
      if (!granted) continue;
      if (granted->contains(std::string(need.permission))) {
        ++permitted;
      } else {
        without.push_back(&name);
      }
    }
    // What is optional is granted for all of them, if it is.
    const auto named = std::min(without.size(), need.without.empty() ? kNamed : std::size_t{1});
    for (std::size_t i = 0; i < named; ++i) {
      auto where = without[i]->resource();
      const auto more = without.size() - named;
      if (i + 1 == named && more > 0) where += fmt::format(" and {} more", more);
      findings.push_back(missing(need, where, grant_on(*without[i], need.role, member)));
    }
    if (permitted > 0) {
      say(findings, Level::good, "iam",
          fmt::format("{} is permitted on {} of {} secrets tried", need.permission, permitted,
                      permitted + without.size()),
          "");
    }
  }
  return findings;
}

base::Task<Findings> examine_google_rights(cloud::gcp::Cloud& cloud,
                                           std::vector<Subscription> subscriptions,
                                           std::vector<SecretName> secrets, std::string member) {
  Findings findings;
  const auto pubsub = cloud.client(Service::pubsub, "");
  for (const auto& subscription : subscriptions) {
    auto call = cloud::gcp::permissions_call(subscription.str(), permissions_of(kOfSubscription));
    const auto answer = co_await pubsub->call(std::move(call));
    append(findings, judge_subscription_rights(subscription, granted_in(answer), member));
  }
  std::vector<std::pair<SecretName, Granted>> answers;
  std::map<std::string, std::size_t> tried;
  for (const auto& name : secrets) {
    if (++tried[name.project] > kTried) continue;
    const auto client = cloud.client(Service::secretmanager, name.location);
    auto call = cloud::gcp::permissions_call(name.resource(), permissions_of(kOfSecret));
    const auto answer = co_await client->call(std::move(call));
    answers.emplace_back(name, granted_in(answer));
  }
  append(findings, judge_secret_rights(answers, member));
  co_return findings;
}

}  // namespace edsm::cli
