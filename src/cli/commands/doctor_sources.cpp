#include "cli/commands/doctor_sources.hpp"

#include <algorithm>
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

Finding judge_inbox(const cloud::Inbox& inbox, const cloud::InboxFacts& facts,
                    const CloudTerms& terms) {
  const auto seconds = facts.hold_time / std::chrono::seconds(1);
  if (facts.hold_time < kShortHold) {
    return {Level::warning, "queue",
            fmt::format("{}: messages come back after {} s already", inbox.name(), seconds),
            fmt::format("set the {} to 30 s or more", terms.hold)};
  }
  if (facts.hold_time > kLongHold) {
    return {
        Level::warning, "queue",
        fmt::format("{}: what a replica had received when it crashed comes back after {} s only",
                    inbox.name(), seconds),
        fmt::format("set the {} to a minute: EDSM extends it while it works", terms.hold)};
  }
  if (!facts.dead_letters) {
    return {Level::warning, "queue",
            fmt::format("{}: reachable, but it has no dead-letter queue: a message that nobody can "
                        "handle is dropped after ten tries",
                        inbox.name()),
            fmt::format("give it {}", terms.dead_letters)};
  }
  return {
      Level::good, "queue",
      fmt::format("{}: reachable, held for {} s, with a dead-letter queue", inbox.name(), seconds),
      ""};
}

/// What is wrong, by its code: a missing permission may befall a thousand secrets.
using Troubles = std::map<std::string, Findings>;

void add_trouble(Troubles& troubles, const std::string& subject, const base::Error& error,
                 const CloudTerms& terms) {
  const bool optional = terms.refusal_is_unknown && error.failure == base::Failure::refused;
  troubles[error.code].push_back({optional ? Level::unknown : Level::failure, "secrets",
                                  fmt::format("{}: {}", subject, base::describe(error)),
                                  remedy_for(error, terms.cloud)});
}

/// Of the secrets of a region.
struct Seen {
  std::size_t asked = 0;
  std::size_t good = 0;
};

void report(const Troubles& troubles, Findings& findings) {
  for (const auto& [code, each] : troubles) {
    const auto named = std::min(each.size(), kNamed);
    findings.insert(findings.end(), each.begin(),
                    each.begin() + static_cast<std::ptrdiff_t>(named));
    if (each.size() == named) continue;
    findings.push_back({each.front().level, "secrets",
                        fmt::format("and {} more with {}", each.size() - named, code),
                        "edsm status -A shows them all"});
  }
}

}  // namespace

base::Task<Findings> examine_inboxes(std::vector<cloud::Inbox*> inboxes, CloudTerms terms) {
  Findings findings;
  if (inboxes.empty()) {
    findings.push_back({Level::warning, "queue",
                        "no queue of events is configured: only the sweep "
                        "finds changes",
                        fmt::format("set {} where `edsm run` starts", terms.variable)});
  }
  for (auto* const inbox : inboxes) {
    const auto facts = co_await inbox->describe();
    if (facts) {
      findings.push_back(judge_inbox(*inbox, *facts, terms));
    } else {
      findings.push_back({Level::failure, "queue",
                          fmt::format("{}: {}", inbox->name(), base::describe(facts.error())),
                          remedy_for(facts.error(), terms.cloud)});
    }
  }
  co_return findings;
}

base::Task<Findings> examine_sources(cloud::Provider& provider, std::vector<Reported> bindings,
                                     CloudTerms terms) {
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
      add_trouble(troubles, binding.key.str(), source.error(), terms);
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
        add_trouble(troubles, asked[i].id.str(), versions[i].error(), terms);
      }
    }
  }
  for (const auto& [region, seen] : regions) {
    if (seen.good == 0) continue;
    findings.push_back({Level::good, "secrets",
                        fmt::format("{}/{}: {} of {} can be seen", provider.name(), region,
                                    seen.good, counted(seen.asked, "secret")),
                        ""});
  }
  report(troubles, findings);
  co_return findings;
}

}  // namespace edsm::cli
