#include "cli/commands/status.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/time.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

constexpr base::Duration kWatchPause = std::chrono::seconds(2);

struct State {
  const sync::Binding& binding;
  const sync::BindingStatus& status;
  std::string ready;
  std::string reason;
  std::string message;
  std::string synced;  ///< time; empty: never
  std::string pause;   ///< what the controller says of the annotation for it; empty: nothing
  bool paused = false;
  std::size_t workloads = 0;
  std::size_t pending = 0;
};

State state_of(const Estate& estate, const Reported& reported) {
  const auto& [binding, status] = reported;
  auto ready = readiness(reported);
  State state{binding,
              status,
              std::move(ready.status),
              std::move(ready.reason),
              std::move(ready.message),
              status.last_synced_time,
              ""};
  if (const auto* const paused = status.condition("Paused")) {
    state.pause = paused->message;
    state.paused = paused->status == "True";
  }
  const auto users = estate.users_of(binding);
  state.workloads = users.size();
  if (!status.applied_hash.empty()) {
    state.pending = static_cast<std::size_t>(std::ranges::count_if(
        users, [&](const Consumer* consumer) { return consumer->pends(reported); }));
  }
  return state;
}

std::string as_table(const std::vector<State>& states, base::WallTime now, std::size_t width) {
  std::vector<Row> rows;
  std::string troubles;
  for (const auto& state : states) {
    const auto& binding = state.binding;
    const auto synced = base::parse_rfc3339(state.synced);
    std::string workloads = std::to_string(state.workloads);
    if (state.pending != 0) workloads += fmt::format(" ({} pending)", state.pending);
    const auto reason = state.paused ? std::string("Paused") : state.reason;
    rows.push_back({binding.key.ns.str(), binding.key.name.str(), state.ready, reason,
                    binding.target.name.str(), binding.query->path,
                    short_version(state.status.synced_version), synced ? age(now - *synced) : "",
                    age(now - binding.created), workloads});
    if (!state.pause.empty()) troubles += fmt::format("{}: {}\n", binding.key.str(), state.pause);
    if (state.ready != "True" && state.message != state.pause) {
      troubles += fmt::format("{}: {}\n", binding.key.str(), state.message);
    }
  }
  auto text = table({"NAMESPACE", "NAME", "READY", "REASON", "SECRET", "SOURCE", "VERSION",
                     "CHANGED", "AGE", "WORKLOADS"},
                    rows, {width, {"AGE", "VERSION", "SECRET", "SOURCE"}});
  if (!troubles.empty()) text += "\n" + troubles;
  return text;
}

std::string as_json(const std::vector<State>& states) {
  boost::json::array list;
  for (const auto& state : states) {
    const auto& binding = state.binding;
    boost::json::object item;
    item["namespace"] = binding.key.ns.view();
    item["name"] = binding.key.name.view();
    item["ready"] = state.ready;
    item["reason"] = state.reason;
    item["message"] = state.message;
    item["secret"] = binding.target.name.view();
    item["source"] = binding.query->path;
    item["version"] = state.status.synced_version;
    item["lastSyncedTime"] = state.synced;
    item["creationTimestamp"] = base::rfc3339(binding.created);
    item["paused"] = state.paused;
    item["pausedUntil"] = state.paused ? binding.paused_until.view() : std::string_view();
    item["workloads"] = state.workloads;
    item["pendingRollouts"] = state.pending;
    list.push_back(std::move(item));
  }
  return boost::json::serialize(list) + "\n";
}

base::Task<int> status(ClusterAccess access, Output output, bool watch) {
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    auto estate = co_await read_estate(access.api, access.namespaces);
    if (!estate) {
      complain(base::describe(estate.error()));
      co_return 1;
    }
    if (watch && on_terminal) fmt::print("\x1b[H\x1b[2J");
    fmt::print("{}", show_status(*estate, access.api.wall(), output, terminal_width()));
    std::fflush(stdout);
    if (!watch) co_return 0;
    co_await access.clock.sleep_for(kWatchPause);
  }
}

}  // namespace

std::string show_status(const Estate& estate, base::WallTime now, Output output,
                        std::size_t width) {
  std::vector<State> states;
  states.reserve(estate.bindings.size());
  for (const auto& reported : estate.bindings) states.push_back(state_of(estate, reported));
  if (output == Output::json) return as_json(states);
  if (states.empty()) return "no EventDrivenSecret here (-A looks at all namespaces)\n";
  return as_table(states, now, width);
}

int run_status(const StatusOptions& options) {
  return with_cluster(options.cluster, [&](ClusterAccess access) {
    return status(std::move(access), options.output, options.watch);
  });
}

}  // namespace edsm::cli
