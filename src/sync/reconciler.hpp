#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/task.hpp"
#include "sync/apply.hpp"
#include "sync/outcome.hpp"
#include "sync/plan.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Makes one target what its binding wishes: plan, inspect, fetch, shape, apply. All decisions are
/// in plan.hpp, shape.hpp and apply.hpp; here they are carried out. What came of it goes to
/// `Aftermath`.
class Reconciler {
 public:
  explicit Reconciler(Shared& shared) : shared_(shared) {}

  /// One run for the key in `taken` ("namespace/name").
  base::Task<void> work(WorkQueue::Taken taken);

 private:
  base::Task<Outcome> reconcile(Run& run);
  base::Task<base::Result<>> inspect(Run& run);
  base::Task<Outcome> fetch_and_apply(Run& run);
  base::Task<Outcome> apply(Run& run, const cloud::Value& value);
  base::Task<Outcome> source_gone(Run& run, base::Error error);
  base::Task<void> give_up_leftovers(base::ObjectKey key, std::int64_t settled);

  Shared& shared_;
};

}  // namespace edsm::sync
