#include "sync/sweep.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/planted.hpp"

namespace edsm::sync {

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
  auto& outside = shared_.outside;
  struct Scope {
    cloud::Provider* provider;
    std::map<base::Text, cloud::Source> sources;  ///< by id: each once
  };
  std::map<base::Text, Scope> scopes;
  for (const auto& [key, state] : shared_.bindings.all()) {
    if (state.provider == nullptr || state.binding.deleting) continue;
    if (provider_ != nullptr && state.provider != provider_) continue;
    const bool everybody = base::planted(base::Bug::sweep_for_everybody);
    if (!shared_.gate.passes(state) && !everybody) continue;
    if (shared_.pause_of(state.binding).holds()) continue;
    auto& scope = scopes[state.source.scope];
    scope.provider = state.provider;
    scope.sources.emplace(state.source.id, state.source);
  }
  for (auto& [name, scope] : scopes) {
    std::vector<cloud::Source> sources;
    for (const auto& [id, source] : scope.sources) sources.push_back(source);
    const auto start = outside.clock.now();
    const auto versions = co_await scope.provider->versions(sources);
    std::int64_t differing = 0;
    std::size_t errors = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const bool gone = !versions[i] && versions[i].error().failure == base::Failure::absent;
      if (!versions[i] && !gone) {
        ++errors;
        continue;
      }
      for (const auto& key : shared_.bindings.of_source(sources[i].id)) {
        auto& state = *shared_.bindings.find(key);
        // What was never applied is read by its own reconcile.
        if (state.report.state == Report::State::unknown && state.applied.version.empty()) continue;
        const bool known_gone = gone && state.report.reason == "SourceGone";
        if (known_gone || (!gone && *versions[i] == state.applied.version)) continue;
        ++differing;
        if (gone) state.wishes.fetch = true;
        if (!gone) state.wishes.swept_version = *versions[i];
        shared_.trigger(key);
      }
    }
    outside.metrics.sweep(static_cast<std::int64_t>(sources.size()), differing);
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(outside.clock.now() - start);
    outside.log.info("swept", {{"scope", name.view()},
                               {"secrets", sources.size()},
                               {"differing", differing},
                               {"errors", errors},
                               {"took_ms", took.count()}});
  }
}

}  // namespace edsm::sync
