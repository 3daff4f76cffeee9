#include "cli/commands/doctor_cloud.hpp"

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

/// A cause that many secrets share is said with some of them.
constexpr std::size_t kNamed = 3;
/// Less leaves no time to write, roll out and delete the message.
constexpr base::Duration kShortHold = std::chrono::seconds(10);

Finding judge_inbox(const cloud::Inbox& inbox, const cloud::InboxFacts& facts) {
  const auto seconds = facts.hold_time / std::chrono::seconds(1);
  if (facts.hold_time < kShortHold) {
    return {Level::warning, "queue",
            fmt::format("{}: messages come back after {} s already", inbox.name(), seconds),
            "set the visibility time-out to 30 s or more"};
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

/// Secrets by what is wrong with them.
using Troubles = std::map<std::string, std::vector<std::string>>;

void add_troubles(const Troubles& troubles, Findings& findings) {
  for (const auto& [cause, sources] : troubles) {
    std::string names;
    for (std::size_t i = 0; i < sources.size() && i < kNamed; ++i) {
      names += (i == 0 ? "" : ", ") + sources[i];
    }
    if (sources.size() > kNamed) names += fmt::format(" and {} more", sources.size() - kNamed);
    findings.push_back({Level::failure, "secrets", fmt::format("{}: {}", names, cause), ""});
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

base::Task<Findings> examine_sources(cloud::Provider& provider,
                                     std::vector<sync::Binding> bindings) {
  Findings findings;
  Troubles troubles;
  std::map<std::string, std::map<std::string, cloud::Source>> scopes;
  for (const auto& binding : bindings) {
    if (binding.provider != provider.name()) continue;
    auto source = provider.resolve(binding.query);
    if (!source) {
      troubles[base::describe(source.error())].push_back(binding.key.str());
      continue;
    }
    scopes[source->scope].emplace(source->id, *source);
  }
  for (auto& [scope, sources] : scopes) {
    std::vector<cloud::Source> asked;
    for (auto& [id, source] : sources) asked.push_back(source);
    auto question = asked;
    const auto versions = co_await provider.versions(std::move(question));
    std::size_t good = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (versions[i]) {
        ++good;
      } else {
        troubles[base::describe(versions[i].error())].push_back(asked[i].id);
      }
    }
    findings.push_back(
        {Level::good, "secrets",
         fmt::format("{}: {} of {} can be seen", scope, good, counted(asked.size(), "secret")),
         ""});
  }
  add_troubles(troubles, findings);
  co_return findings;
}

}  // namespace edsm::cli
