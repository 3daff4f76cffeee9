#include "sim/run.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "sim/checks.hpp"
#include "sim/witness.hpp"
#include "sim/world.hpp"

namespace edsm::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// From the end of the faults until everything is right, at most: back-offs of up to five minutes,
/// a list of the cloud that lags five more, a sweep each five.
constexpr base::Duration kSettle = minutes(20);
/// It counts as settled when all is right and nothing was done for longer than any back-off, lag or
/// sweep takes.
constexpr base::Duration kQuiet = minutes(6);
/// After that nothing may happen for as long again: another sweep, a new round of every watch.
constexpr base::Duration kRest = minutes(6);
/// For new replicas to take the lease, fill their caches and look at everything.
constexpr base::Duration kHandOver = minutes(2);
constexpr int kShrinkTries = 400;
/// A hundred times what an ordinary run takes.
constexpr std::uint64_t kMaxSteps = 500'000;

/// What was done: writes, restarts, and values read unless some cannot be used and are asked for
/// now and then, or the sweep reads them instead of metadata.
std::uint64_t effects_and_reads(const World& world, const Witness& witness) {
  const bool reads =
      world.troubled() || world.scenario().hides_versions() || world.sources.ambiguous();
  return witness.effects() + (reads ? 0 : value_reads(world));
}

/// Runs until the world has settled or the time for it is over; false after an objection.
bool settle(World& world, const Witness& witness) {
  const auto last = world.schedule.now() + kSettle;
  auto quiet_since = world.schedule.now();
  auto seen = effects_and_reads(world, witness);
  while (world.schedule.now() < last) {
    if (!world.run_until(world.schedule.now() + seconds(30))) return false;
    const auto now = effects_and_reads(world, witness);
    if (now != seen) quiet_since = world.schedule.now();
    seen = now;
    const bool quiet = world.schedule.now() - quiet_since >= kQuiet;
    if (quiet && not_converged(world, witness).empty()) break;
  }
  return true;
}

void start_anew(World& world) {
  for (unsigned number = 0; number < world.replicas(); ++number) {
    auto& replica = world.replica(number);
    world.schedule.after({}, [&replica] { replica.crash(); });
    world.schedule.after(seconds(1), [&replica] { replica.start(); });
  }
}

/// All replicas start anew. Whoever leads then finds in the statuses what was done, and does
/// nothing.
void hand_over(World& world, Witness& witness) {
  // Without the key nobody knows what a digest says.
  if (world.troubled() || world.scenario().has(Deed::lose_digest_key)) return;
  // Which of two versions is the current one, a start finds out by a read.
  if (world.sources.ambiguous()) return;
  if (world.scenario().hides_versions()) {
    // Who could not know which version of a number it had looks once when it may.
    start_anew(world);
    if (!world.run_until(world.schedule.now() + kHandOver)) return;
  }
  const Rest rest(world, witness);
  start_anew(world);
  if (world.run_until(world.schedule.now() + kHandOver)) rest.check_effects(world, witness);
  check_converged(world, witness);
}

/// What is wrong, without the names of whom it befell.
std::string kind_of_objection(const std::string& objection) {
  std::string kind;
  for (const char letter : objection) {
    if (letter < '0' || letter > '9') kind += letter;
  }
  return kind.substr(0, 40);
}

}  // namespace

Verdict play(const Scenario& scenario, const Trace& trace) {
  World world(scenario);
  Witness witness(world);
  world.trace = trace;
  world.network.trace = trace;
  world.after_step = [&] {
    if (world.schedule.steps() > kMaxSteps) witness.object("it does not come to rest: a hot loop");
    return witness.look();
  };
  try {
    const auto active = world.begin() + scenario.length() + seconds(1);
    bool good = world.run_until(active);
    if (good) {
      if (trace) trace("-- calm");
      world.calm_down();
      good = settle(world, witness);
    }
    if (good) {
      if (trace) trace("-- rest");
      check_converged(world, witness);
      const Rest rest(world, witness);
      good = witness.objection().empty() && world.run_until(world.schedule.now() + kRest);
      if (good) rest.check(world, witness, static_cast<double>(kRest / minutes(1)));
      // The trail of a sweep's own calls may be on its queue at this very moment, and a moment
      // later that of the other cloud's.
      for (int look = 0; good && look < 2; ++look) {
        good = world.run_until(world.schedule.now() + seconds(10));
        if (not_converged(world, witness).empty()) break;
      }
      check_converged(world, witness);
      if (good && witness.objection().empty()) hand_over(world, witness);
      check_canaries(world, witness);
    }
  } catch (const std::exception& error) {
    witness.object(fmt::format("the program threw: {}", error.what()));
  }
  Verdict verdict;
  verdict.objection = witness.objection();
  verdict.steps = world.schedule.steps();
  verdict.requests = world.network.sent();
  verdict.virtual_time = world.schedule.now() - world.begin();
  verdict.faults = static_cast<std::uint64_t>(std::ranges::count_if(
      scenario.steps, [](const Step& step) { return step.deed >= Deed::crash; }));
  return verdict;
}

Scenario shrink(const Scenario& scenario, const std::string& objection) {
  const auto wanted = kind_of_objection(objection);
  Scenario best = scenario;
  int tries = 0;
  const auto fails = [&](const Scenario& candidate) {
    ++tries;
    return kind_of_objection(play(candidate).objection) == wanted;
  };
  // Halves, quarters, … single steps are taken out as long as it still fails.
  for (std::size_t size = best.steps.size() / 2; size > 0 && tries < kShrinkTries;) {
    bool smaller = false;
    for (std::size_t at = 0; at < best.steps.size() && tries < kShrinkTries;) {
      Scenario candidate = best;
      const auto first = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(size, candidate.steps.size() - at);
      candidate.steps.erase(first, first + static_cast<std::ptrdiff_t>(count));
      if (fails(candidate)) {
        best = std::move(candidate);
        smaller = true;
      } else {
        at += count;
      }
    }
    if (!smaller || size > 1) size /= 2;
  }
  for (auto* const number : {&best.workloads, &best.bindings, &best.secrets, &best.replicas}) {
    while (*number > 1 && tries < kShrinkTries) {
      --*number;
      if (fails(best)) continue;
      ++*number;
      break;
    }
  }
  return best;
}

}  // namespace edsm::sim
