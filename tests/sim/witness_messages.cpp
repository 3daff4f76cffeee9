// What a witness demands of messages: nothing is acknowledged before its effect.
#include <algorithm>

#include <fmt/format.h>

#include "sim/cluster/store.hpp"
#include "sim/witness.hpp"

namespace edsm::sim {
namespace {

/// A replica that is cut off may not know for so long what has become of a permission.
constexpr base::Duration kLate = std::chrono::minutes(10);
/// From a change to its effect, at most, if nothing is in its way.
constexpr base::Duration kSoon = std::chrono::minutes(1);

}  // namespace

/// Without a dead-letter queue a message is dropped in the end, which is said.
bool Witness::may_be_given_up(const std::string& message) const {
  if (world_.scenario().max_receives != 0) return false;
  const auto brought = [&](const CloudCall& call) {
    return (call.operation == "ReceiveMessage" || call.operation == "Pull") &&
           std::ranges::find(call.ids, message) != call.ids.end();
  };
  const auto& calls = world_.aws.calls();
  const auto& google = world_.gcp.calls();
  return std::count_if(calls.begin(), calls.end(), brought) +
             std::count_if(google.begin(), google.end(), brought) >
         10;
}

/// What a reader got then or later; nothing, if there was nothing in between that can be had.
std::vector<Data> Witness::values_since(const Wanted& wanted, base::Instant since) const {
  std::vector<Data> good;
  const auto history = world_.sources.history(wanted);
  for (std::size_t i = 0; i < history.size(); ++i) {
    const bool over = i + 1 < history.size() && history[i + 1].since <= since;
    if (over) continue;
    const auto data = world_.shaped(history[i].bytes);
    if (history[i].state != Current::State::live || !data) return {};
    good.push_back(*data);
  }
  return good;
}

/// News has had its effect when each binding that it concerns holds a value that was current then,
/// or later, and each workload that names the target knows of it. Returns who does not; empty: all
/// do.
std::string Witness::unaware(const News& news, base::Instant at) const {
  for (const auto& binding : world_.cluster.all(kube::kBindings)) {
    const auto& spec = binding->object().at("spec").as_object();
    const auto wanted = Sources::wanted(spec);
    const auto& path = wanted.path;
    if (!news.concerns(wanted) || world_.changed_lately(*binding, at)) continue;
    const auto good = values_since(wanted, at);
    if (good.empty()) continue;
    const auto holds = [&](const TargetState* state) {
      return state != nullptr && std::ranges::find(good, state->data) != good.end();
    };
    const Key key{std::string(binding->ns()), std::string(text_of(spec, "targetSecretName"))};
    if (world_.contested(key)) continue;
    // While it may not be read the message concerns it in vain; a replica may learn of a change
    // late.
    const bool refused = !world_.permissions.permitted(key.first, path) ||
                         world_.permissions.changed_since(key.first, at - kLate);
    if (refused) continue;
    const auto states = written(key);
    if (!holds(states.empty() ? nullptr : states.back())) {
      return fmt::format("Secret {}/{} held its value", key.first, key.second);
    }
    for (const auto& [id, history_] : workloads_) {
      const auto& workload = history_.back();
      const bool same_ns = id.find("/" + key.first + "/") != std::string::npos;
      const bool names_it = std::ranges::find(workload.names, key.second) != workload.names.end();
      if (!same_ns || !names_it || !workload.there) continue;
      // Named since less than a moment: no watch has told of it yet.
      const bool fresh = std::ranges::any_of(history_, [&](const WorkloadState& state) {
        return !state.ours && state.at + std::chrono::seconds(60) > at;
      });
      const auto record = workload.digests.find(key.second);
      const bool known = record != workload.digests.end() && values_.contains(record->second) &&
                         std::ranges::find(good, values_.at(record->second)) != good.end();
      if (!known && !fresh) {
        return fmt::format("{} was rolled out", id);
      }
    }
  }
  return {};
}

void Witness::judge_acknowledgement(const std::string& message) {
  const auto* const notice = world_.notice(message);
  if (notice == nullptr || !notice->news || may_be_given_up(message)) return;
  const auto who = unaware(*notice->news, notice->at);
  if (!who.empty()) {
    object(
        fmt::format("message {} about {} was deleted before {}", message, notice->news->path, who));
  }
}

/// Where only one of the clouds has trouble, what another one tells is done in time.
void Witness::expect_soon(const News& news, base::Instant at) {
  const auto& scenario = world_.scenario();
  if (scenario.calm() || !scenario.calm_for(Sources::cloud_of(news.path))) return;
  world_.schedule.after(kSoon, [this, news, at] {
    const auto who = unaware(news, at);
    if (who.empty()) return;
    object(fmt::format("another cloud is in trouble, and a minute after a change of {} not even {}",
                       news.path, who));
  });
}

}  // namespace edsm::sim
