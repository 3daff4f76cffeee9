#include "sim/exhaustive.hpp"

#include <array>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "sim/checks.hpp"
#include "sim/witness.hpp"
#include "sim/world.hpp"

namespace edsm::sim {
namespace {

using Kind = Mishap::Kind;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, kMishaps> kNames = {
    "request lost", "answer lost",         "error after the effect",
    "20 s late",    "crash, request lost", "crash, request arrives"};

/// When the value changes: both replicas are up, the leader is at rest.
constexpr base::Duration kChange = seconds(30);
/// Requests from the change on that may meet with a mishap.
constexpr base::Duration kWindow = seconds(4);
constexpr base::Duration kDown = seconds(3);
constexpr base::Duration kSettle = minutes(7);
constexpr base::Duration kRest = minutes(3);

Scenario small_world() {
  Scenario scenario;
  scenario.seed = 4711;
  scenario.replicas = 2;
  scenario.leader_elect = true;
  Step change;
  change.at = kChange;
  change.deed = Deed::put;
  scenario.steps = {change};
  return scenario;
}

struct Played {
  std::string objection;
  std::size_t history = 0;                ///< hash of all requests
  std::vector<std::uint64_t> candidates;  ///< requests in the window, by number
};

/// FNV-1a over what was asked, by whom.
void mix(std::size_t& hash, std::string_view text) {
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  }
}

Played play(const Plan& plan) {
  const auto scenario = small_world();
  World world(scenario);
  Witness witness(world);
  Played played;
  played.history = 0xcbf29ce484222325ULL;
  const auto window_begins = world.begin() + kChange;
  world.network.fate = [&](std::uint64_t number, const Sent& sent) -> std::optional<Fate> {
    mix(played.history, fmt::format("{} {} {}", sent.replica, net::to_string(sent.request.method),
                                    sent.request.url));
    if (sent.at >= window_begins && sent.at < window_begins + kWindow) {
      played.candidates.push_back(number);
    }
    for (const auto& mishap : plan) {
      if (mishap.number != number) continue;
      Fate fate;
      fate.there = fate.back = std::chrono::milliseconds(2);
      const bool crash = mishap.kind == Kind::crash_before || mishap.kind == Kind::crash_after;
      if (crash) {
        auto& replica = world.replica(static_cast<unsigned>(sent.replica));
        world.schedule.after({}, [&replica] { replica.crash(); });
        world.schedule.after(kDown, [&replica] { replica.start(); });
      }
      if (mishap.kind == Kind::lose_request || mishap.kind == Kind::crash_before) {
        fate.kind = Fate::Kind::lose_request;
      } else if (mishap.kind == Kind::lose_answer) {
        fate.kind = Fate::Kind::lose_answer;
      } else if (mishap.kind == Kind::lie) {
        fate.kind = Fate::Kind::lie;
      } else if (mishap.kind == Kind::late) {
        fate.there = seconds(20);
      }
      return fate;
    }
    return std::nullopt;
  };
  world.after_step = [&witness] { return witness.look(); };
  const auto settled = window_begins + kSettle;
  if (world.run_until(settled)) {
    check_converged(world, witness);
    const Rest rest(world, witness);
    if (witness.objection().empty() && world.run_until(settled + kRest)) {
      rest.check(world, witness, static_cast<double>(kRest / minutes(1)));
    }
  }
  played.objection = witness.objection();
  return played;
}

class Explorer {
 public:
  Explorer(unsigned mishaps, unsigned part, unsigned parts)
      : mishaps_(mishaps), part_(part), parts_(parts) {}

  Exploration run() {
    const auto base = play({});
    found_.requests = base.candidates.size();
    take({}, base);
    extend({}, base);
    found_.histories = histories_.size();
    return found_;
  }

 private:
  void take(const Plan& plan, const Played& played) {
    ++found_.runs;
    histories_.insert(played.history);
    if (played.objection.empty()) return;
    if (found_.failed++ != 0) return;
    found_.objection = played.objection;
    found_.plan = plan;
  }

  /// One mishap more, at each request after the last one.
  void extend(const Plan& plan, const Played& before) {
    for (const auto number : before.candidates) {
      if (!plan.empty() && number <= plan.back().number) continue;
      for (std::size_t kind = 0; kind < kMishaps; ++kind) {
        if (plan.empty() && turn_++ % parts_ != part_) continue;
        Plan longer = plan;
        longer.push_back({number, static_cast<Kind>(kind)});
        const auto played = play(longer);
        const bool known = histories_.contains(played.history);
        take(longer, played);
        if (longer.size() >= mishaps_) continue;
        if (known) {
          ++found_.skipped;
        } else {
          extend(longer, played);
        }
      }
    }
  }

  unsigned mishaps_;
  unsigned part_;
  unsigned parts_;
  std::uint64_t turn_ = 0;
  std::unordered_set<std::size_t> histories_;
  Exploration found_;
};

}  // namespace

std::string describe(const Plan& plan) {
  std::string text;
  for (const auto& mishap : plan) {
    text += fmt::format("{}request {}: {}", text.empty() ? "" : "; ", mishap.number,
                        kNames[static_cast<std::size_t>(mishap.kind)]);
  }
  return text.empty() ? "no mishap" : text;
}

Exploration explore(unsigned mishaps, unsigned part, unsigned parts) {
  return Explorer(mishaps, part, parts).run();
}

}  // namespace edsm::sim
