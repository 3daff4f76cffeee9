// The simulation's front door: plays scenarios by their seeds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/exhaustive.hpp"
#include "sim/planted_names.hpp"
#include "sim/run.hpp"

namespace {

using edsm::sim::Scenario;
using edsm::sim::Verdict;

struct Options {
  std::uint64_t seeds = 10000;
  std::uint64_t first = 1;
  std::uint64_t seed = 0;
  unsigned jobs = 1;
  unsigned exhaustive = 0;
  std::string planted;
  bool list_planted = false;
  bool quiet = false;
};

struct Sum {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t first_failed = 0;
  std::uint64_t steps = 0;
  std::uint64_t requests = 0;
  std::uint64_t faults = 0;
  double virtual_hours = 0;
};

void add(Sum& sum, std::uint64_t seed, const Verdict& verdict) {
  ++sum.runs;
  sum.steps += verdict.steps;
  sum.requests += verdict.requests;
  sum.faults += verdict.faults;
  sum.virtual_hours +=
      std::chrono::duration<double, std::ratio<3600>>(verdict.virtual_time).count();
  if (verdict.good()) return;
  ++sum.failed;
  if (sum.first_failed == 0 || seed < sum.first_failed) sum.first_failed = seed;
}

/// Every `stride`-th seed from `first` on. With a planted bug one find is enough.
Sum play_range(const Options& options, std::uint64_t first, std::uint64_t stride) {
  Sum sum;
  for (auto seed = first; seed < options.first + options.seeds; seed += stride) {
    const auto verdict = edsm::sim::play(edsm::sim::draw_scenario(seed));
    add(sum, seed, verdict);
    if (!verdict.good() && !options.quiet) {
      fmt::print("seed {}: {}\n", seed, verdict.objection);
      std::fflush(stdout);
    }
    if (!verdict.good() && !options.planted.empty()) break;
  }
  return sum;
}

/// The program has one thread; several plays at once are several processes, each of which hands one
/// plain value back.
template <class Part>
std::vector<Part> in_processes(unsigned jobs, const std::function<Part(unsigned job)>& work) {
  static_assert(std::is_trivially_copyable_v<Part>);
  if (jobs <= 1) return {work(0)};
  std::fflush(stdout);
  std::vector<int> pipes;
  for (unsigned job = 0; job < jobs; ++job) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    if (::fork() == 0) {
      const auto part = work(job);
      std::fflush(stdout);
      const bool told = ::write(ends[1], &part, sizeof part) == sizeof part;
      std::_Exit(told ? 0 : 1);
    }
    ::close(ends[1]);
    pipes.push_back(ends[0]);
  }
  std::vector<Part> parts;
  for (const int pipe : pipes) {
    Part part;
    if (::read(pipe, &part, sizeof part) != sizeof part) {
      fmt::print("a process of the simulation has died\n");
      std::exit(1);
    }
    ::close(pipe);
    parts.push_back(part);
  }
  while (::wait(nullptr) > 0) {
  }
  return parts;
}

Sum play_all(const Options& options) {
  const auto parts = in_processes<Sum>(options.jobs, [&](unsigned job) {
    return play_range(options, options.first + job, options.jobs);
  });
  Sum total;
  for (const auto& sum : parts) {
    total.runs += sum.runs;
    total.failed += sum.failed;
    total.steps += sum.steps;
    total.requests += sum.requests;
    total.faults += sum.faults;
    total.virtual_hours += sum.virtual_hours;
    const bool earlier = total.first_failed == 0 || sum.first_failed < total.first_failed;
    if (sum.first_failed != 0 && earlier) total.first_failed = sum.first_failed;
  }
  return total;
}

struct Explored {
  std::uint64_t requests = 0;
  std::uint64_t runs = 0;
  std::uint64_t histories = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
};

int explore_all(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  const auto parts = in_processes<Explored>(options.jobs, [&](unsigned job) {
    const auto found = edsm::sim::explore(options.exhaustive, job, options.jobs);
    if (found.failed != 0) {
      fmt::print("{}: {}\n", edsm::sim::describe(found.plan), found.objection);
    }
    return Explored{found.requests, found.runs, found.histories, found.skipped, found.failed};
  });
  Explored total;
  for (const auto& part : parts) {
    total.requests = part.requests;
    total.runs += part.runs;
    total.histories += part.histories;
    total.skipped += part.skipped;
    total.failed += part.failed;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print(
      "one secret, one binding, one workload, two replicas, up to {} of {} mishaps on each of {} "
      "requests: {} runs, {} different histories, {} plans not taken further, {} failed; {:.1f} "
      "s\n",
      options.exhaustive, edsm::sim::kMishaps, total.requests, total.runs, total.histories,
      total.skipped, total.failed, took.count());
  return total.failed == 0 ? 0 : 1;
}

bool plant(const std::string& name) {
#ifdef EDSM_PLANTED_BUGS
  for (const auto& [known, bug] : edsm::sim::kPlanted) {
    if (known == name) {
      edsm::base::the_planted_bug = bug;
      return true;
    }
  }
#endif
  fmt::print("no bug {} in this build; --list-planted names them\n", name);
  return false;
}

/// Plays one seed; a failure is made small, and told step by step.
int replay(std::uint64_t seed) {
  const auto print = [](const std::string& line) { fmt::print("{}\n", line); };
  auto scenario = edsm::sim::draw_scenario(seed);
  const auto verdict = edsm::sim::play(scenario);
  if (!verdict.good()) {
    fmt::print("seed {} fails: {}\nmaking it small ...\n", seed, verdict.objection);
    scenario = edsm::sim::shrink(scenario, verdict.objection);
  }
  fmt::print("{}\n", edsm::sim::describe(scenario));
  const auto again = edsm::sim::play(scenario, print);
  fmt::print("{}\n", again.good() ? "good" : "objection: " + again.objection);
  return again.good() ? 0 : 1;
}

int run(const Options& options) {
  if (options.list_planted) {
    for (const auto& [name, bug] : edsm::sim::kPlanted) fmt::print("{}\n", name);
    return 0;
  }
  if (!options.planted.empty() && !plant(options.planted)) return 2;
  if (options.seed != 0) return replay(options.seed);
  if (options.exhaustive != 0) return explore_all(options);
  const auto began = std::chrono::steady_clock::now();
  const auto sum = play_all(options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print(
      "{} runs, {} failed; {} things happened, {} requests, {} faults, {:.0f} virtual hours; "
      "{:.1f} s, {:.0f} runs a second\n",
      sum.runs, sum.failed, sum.steps, sum.requests, sum.faults, sum.virtual_hours, took.count(),
      static_cast<double>(sum.runs) / took.count());
  if (sum.failed == 0) return 0;
  fmt::print("first: seed {} (replay it with make sim SEED={})\n", sum.first_failed,
             sum.first_failed);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Plays EDSM in a simulated world, by seeds.", "edsm-sim");
  app.add_option("--seeds", options.seeds, "How many. [10000]");
  app.add_option("--first", options.first, "The first seed. [1]");
  app.add_option("--seed", options.seed,
                 "Replays this one, with a trace; makes a failure small first.");
  app.add_option("--jobs", options.jobs, "Processes. [1]");
  app.add_option("--exhaustive", options.exhaustive,
                 "Instead: every plan of up to so many mishaps in a small world.");
  app.add_option("--planted", options.planted,
                 "With this bug made on purpose; stops at the first find.");
  app.add_flag("--list-planted", options.list_planted, "The names of the bugs.");
  app.add_flag("--quiet", options.quiet, "Only the sum.");
  CLI11_PARSE(app, argc, argv);
  return run(options);
}
