#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.hpp"
#include "base/error.hpp"
#include "sync/plan.hpp"
#include "sync/shared.hpp"
#include "sync/status.hpp"

namespace edsm::sync {

/// What one run of the reconciler knows beside the stores.
struct Run {
  base::ObjectKey key;
  base::Text uid;               ///< of the binding
  std::int64_t generation = 0;  ///< of the spec that `plan` was made for
  base::Text source_id;
  Wishes wishes;
  bool look_first = false;
  std::uint64_t trigger = 0;
  base::Instant started;
  std::optional<Inspection> inspection;
  bool looked = false;  ///< the server was asked for the target
  Plan plan;            ///< the latest
  /// Of the target that the plan looked at; empty: there was none. What is applied is decided by
  /// the marks of that state, so it must not be written onto another.
  base::Text planned_version;
};

/// How a run ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    settled,   ///< the target is as it should be
    failed,    ///< it is not: `error`
    deferred,  ///< look again at `again_at`; nothing is wrong with us
    paused,    ///< nothing may be done for it just now
    gone,      ///< the binding is
  };
  enum class Step : std::uint8_t { plan, inspect, fetch, shape, apply };

  Kind kind = Kind::settled;
  Step step = Step::plan;
  base::Error error;
  base::Instant again_at;
  Applied applied;          ///< settled: what is now applied
  bool sourceless = false;  ///< failed, and the cloud has no such secret
  bool created = false;
  bool written = false;  ///< a request changed the target
  bool changed = false;  ///< its data took another value
};

Outcome failure(Outcome::Step step, base::Error error);

/// How long to wait before the next try; nullopt: until something changes. Pure but for the
/// backoff.
std::optional<base::Duration> retry_delay(const base::Error& error, base::Backoff& backoff,
                                          std::uint64_t random);
/// A failure in the words of conditions. Pure.
Report failure_report(const Outcome& outcome);

/// Records how runs ended: applied state, retries, tickets, status, Kubernetes Events, metrics,
/// log.
class Aftermath {
 public:
  explicit Aftermath(Shared& shared) : shared_(shared) {}
  void record(const Run& run, const Outcome& outcome);

 private:
  void settled(BindingState& state, const Run& run, const Outcome& outcome);
  void failed(BindingState& state, const Run& run, const Outcome& outcome);
  void note_verdict(const BindingState& state);
  void announce(const BindingState& state, const Run& run, const Outcome& outcome,
                const Hinted& event);
  void arrived(BindingState& state, const Hinted& event);
  void show(BindingState& state, Report report);
  std::vector<std::string> due_workloads(const base::ObjectKey& target);

  Shared& shared_;
};

}  // namespace edsm::sync
