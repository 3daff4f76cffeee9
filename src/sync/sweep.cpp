#include "sync/sweep.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/free_memory.hpp"
#include "base/parallel.hpp"
#include "base/planted.hpp"

namespace edsm::sync {
namespace {

/// One that waits for its cloud must not hold up all others.
constexpr std::size_t kScopesAtOnce = 4;

/// Why a source that was asked for has no value, in the words of a binding's status; empty: it has
/// one, or nobody knows.
std::string_view loss(const base::Result<std::string>& version) {
  if (version) return {};
  if (version.error().code == cloud::kSourceDisabled) return cloud::kSourceDisabled;
  return version.error().failure == base::Failure::absent ? "SourceGone" : std::string_view();
}

}  // namespace

base::Task<void> Sweep::run() {
  auto& clock = shared_.outside.clock;
  for (;;) {
    co_await sweep();
    const auto interval = shared_.settings.resync_interval;
    const auto jitter = static_cast<std::uint64_t>(interval.count() / 10) + 1;
    const auto early = base::Duration(static_cast<std::int64_t>(clock.random() % jitter));
    co_await clock.sleep_for(interval - early);
  }
}

base::Task<void> Sweep::sweep() {
  const auto start = shared_.outside.clock.now();
  auto all = scopes();
  const std::function<base::Task<void>(std::size_t)> one = [this, &all](std::size_t i) {
    return compare(all[i]);
  };
  co_await base::parallel(all.size(), kScopesAtOnce, one);
  report(all, shared_.outside.clock.now() - start);
  all.clear();
  base::give_free_memory_back();
}

bool Sweep::takes_part(const BindingState& state) const {
  if (state.provider == nullptr || state.binding.deleting) return false;
  if (provider_ != nullptr && state.provider != provider_) return false;
  const bool everybody = base::planted(base::Bug::sweep_for_everybody);
  if (!shared_.gate.passes(state) && !everybody) return false;
  return !shared_.pause_of(state.binding).holds();
}

std::vector<Sweep::Scope> Sweep::scopes() const {
  std::map<base::Text, Scope> found;
  for (const auto& [key, state] : shared_.bindings.all()) {
    if (!takes_part(state)) continue;
    auto& scope = found[state.source.scope];
    if (scope.provider == nullptr) {
      scope.provider = state.provider;
      scope.place =
          fmt::format("{}/{}", state.provider->name(), state.provider->place(state.source).region);
    }
    scope.sources.emplace(state.source.id, state.source);
  }
  std::vector<Scope> scopes;
  scopes.reserve(found.size());
  for (auto& [name, scope] : found) scopes.push_back(std::move(scope));
  return scopes;
}

base::Task<void> Sweep::compare(Scope& scope) {
  // Until it is a scope's turn a permission may go.
  std::erase_if(scope.sources, [this](const auto& each) {
    return std::ranges::none_of(shared_.bindings.of_source(each.first), [this](const auto& key) {
      return takes_part(*shared_.bindings.find(key));
    });
  });
  if (scope.sources.empty()) co_return;
  std::vector<cloud::Source> sources;
  for (const auto& [id, source] : scope.sources) sources.push_back(source);
  scope.compared = sources.size();
  auto question = sources;
  const auto versions = co_await scope.provider->versions(std::move(question));
  for (std::size_t i = 0; i < sources.size(); ++i) judge(scope, sources[i].id, versions[i]);
}

void Sweep::judge(Scope& scope, const base::Text& source_id,
                  const base::Result<std::string>& version) {
  const auto lost = loss(version);
  if (!version && lost.empty()) {
    ++scope.errors;
    return;
  }
  for (const auto& key : shared_.bindings.of_source(source_id)) {
    auto& state = *shared_.bindings.find(key);
    // What was never applied is read by its own reconcile.
    if (state.report.state == Report::State::unknown && state.applied.version.empty()) continue;
    const bool known =
        version ? cloud::may_be(*version, state.applied.version) : state.report.reason == lost;
    if (known) continue;
    ++scope.differing;
    if (version) state.wishes.swept_version = *version;
    if (!version) state.wishes.fetch = true;
    shared_.trigger(key);
  }
}

void Sweep::report(const std::vector<Scope>& scopes, base::Duration took) const {
  std::map<std::string, Scope> places;
  for (const auto& scope : scopes) {
    auto& sum = places[scope.place];
    sum.compared += scope.compared;
    sum.differing += scope.differing;
    sum.errors += scope.errors;
  }
  for (const auto& [name, sum] : places) {
    shared_.outside.metrics.sweep(static_cast<std::int64_t>(sum.compared), sum.differing);
    shared_.outside.log.info(
        "swept",
        {{"scope", name},
         {"secrets", sum.compared},
         {"differing", sum.differing},
         {"errors", sum.errors},
         {"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
  }
}

}  // namespace edsm::sync
