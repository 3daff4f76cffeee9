#include "cli/commands/doctor_cloud.hpp"

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "cli/commands/table.hpp"
#include "sync/plan.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

/// Of the secrets with one kind of trouble, so many are told in full.
constexpr std::size_t kNamed = 3;
/// Less leaves no time to write, roll out and delete the message.
constexpr base::Duration kShortHold = std::chrono::seconds(10);
/// EDSM extends it while it works, so more only delays what a replica that crashed had received.
constexpr base::Duration kLongHold = std::chrono::minutes(15);

Finding judge_inbox(const cloud::Inbox& inbox, const cloud::InboxFacts& facts) {
  const auto seconds = facts.hold_time / std::chrono::seconds(1);
  if (facts.hold_time < kShortHold) {
    return {Level::warning, "queue",
            fmt::format("{}: messages come back after {} s already", inbox.name(), seconds),
            "set the visibility time-out to 30 s or more"};
  }
  if (facts.hold_time > kLongHold) {
    return {
        Level::warning, "queue",
        fmt::format("{}: what a replica had received when it crashed comes back after {} s only",
                    inbox.name(), seconds),
        "set the visibility time-out to a minute: EDSM extends it while it works"};
  }
  if (!facts.dead_letters) {
    return {Level::warning, "queue",
            fmt::format("{}: reachable, but it has no dead-letter queue: a message that nobody can "
                        "handle is dropped after ten tries",
                        inbox.name()),
            "give it a redrive policy (examples/terraform has one)"};
  }
  return {
      Level::good, "queue",
      fmt::format("{}: reachable, held for {} s, with a dead-letter queue", inbox.name(), seconds),
      ""};
}

/// What is wrong, by its code: a missing permission may befall a thousand secrets.
using Troubles = std::map<std::string, std::vector<std::string>>;

void add_trouble(Troubles& troubles, const std::string& subject, const base::Error& error) {
  troubles[error.code].push_back(fmt::format("{}: {}", subject, base::describe(error)));
}

/// Of the secrets of a region.
struct Seen {
  std::size_t asked = 0;
  std::size_t good = 0;
};

void report(const Troubles& troubles, Findings& findings) {
  for (const auto& [code, texts] : troubles) {
    for (std::size_t i = 0; i < texts.size() && i < kNamed; ++i) {
      findings.push_back({Level::failure, "secrets", texts[i], ""});
    }
    if (texts.size() <= kNamed) continue;
    findings.push_back({Level::failure, "secrets",
                        fmt::format("and {} more with {}", texts.size() - kNamed, code),
                        "edsm status -A shows them all"});
  }
}

}  // namespace

base::Task<Findings> examine_inboxes(std::vector<cloud::Inbox*> inboxes) {
  Findings findings;
  if (inboxes.empty()) {
    findings.push_back({Level::warning, "queue",
                        "no queue of events is configured: only the sweep "
                        "finds changes",
                        "set SQS_QUEUE_URL where `edsm run` starts"});
  }
  for (auto* const inbox : inboxes) {
    const auto facts = co_await inbox->describe();
    if (facts) {
      findings.push_back(judge_inbox(*inbox, *facts));
    } else {
      findings.push_back({Level::failure, "queue",
                          fmt::format("{}: {}", inbox->name(), base::describe(facts.error())), ""});
    }
  }
  co_return findings;
}

base::Task<Findings> examine_sources(cloud::Provider& provider, std::vector<Reported> bindings) {
  Findings findings;
  Troubles troubles;
  std::map<base::Text, std::map<base::Text, cloud::Source>> scopes;
  for (const auto& [binding, status] : bindings) {
    if (binding.provider != provider.name()) continue;
    // No policy permits it: then nobody asks the cloud on its behalf.
    const auto* const ready = status.condition("Ready");
    if (ready != nullptr && ready->reason == sync::kNotAllowed) continue;
    auto source = provider.resolve(*binding.query);
    if (!source) {
      add_trouble(troubles, binding.key.str(), source.error());
      continue;
    }
    // A role is assumed only after the controller has found that it may be.
    const bool unknown = readiness({binding, status}).status == "Unknown";
    if (unknown && !provider.identity(*source).empty()) continue;
    scopes[source->scope].emplace(source->id, *source);
  }
  std::map<std::string, Seen> regions;
  for (auto& [scope, sources] : scopes) {
    std::vector<cloud::Source> asked;
    for (auto& [id, source] : sources) asked.push_back(source);
    auto question = asked;
    const auto versions = co_await provider.versions(std::move(question));
    auto& seen = regions[provider.place(asked.front()).region];
    seen.asked += asked.size();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (versions[i]) {
        ++seen.good;
      } else {
        add_trouble(troubles, asked[i].id.str(), versions[i].error());
      }
    }
  }
  for (const auto& [region, seen] : regions) {
    findings.push_back({Level::good, "secrets",
                        fmt::format("{}/{}: {} of {} can be seen", provider.name(), region,
                                    seen.good, counted(seen.asked, "secret")),
                        ""});
  }
  report(troubles, findings);
  co_return findings;
}

}  // namespace edsm::cli
