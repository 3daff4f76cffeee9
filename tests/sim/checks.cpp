#include "sim/checks.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "sim/cluster/store.hpp"
#include "sync/names.hpp"

namespace edsm::sim {
namespace {

using Key = Witness::Key;

struct Condition {
  std::string status;
  std::string reason;
  std::int64_t observed = 0;
};

Condition ready(const Object& binding) {
  const auto* const status = map_of(binding, "status");
  const auto* const list = status == nullptr ? nullptr : list_of(*status, "conditions");
  if (list == nullptr) return {};
  for (const auto& item : *list) {
    const auto& condition = item.as_object();
    if (text_of(condition, "type") != "Ready") continue;
    return {std::string(text_of(condition, "status")), std::string(text_of(condition, "reason")),
            number_of(condition, "observedGeneration")};
  }
  return {};
}

/// The older of two bindings of one target has it.
bool older(const Stored& left, const Stored& right) {
  const auto created = [](const Stored& object) {
    return text_of(metadata_of(object.object()), "creationTimestamp");
  };
  if (created(left) != created(right)) return created(left) < created(right);
  return left.uid() < right.uid();
}

Key target_of(const Stored& binding) {
  return {std::string(binding.ns()),
          std::string(text_of(binding.object().at("spec").as_object(), "targetSecretName"))};
}

void expect_ready(Witness& witness, const Stored& binding, std::string_view status,
                  const std::set<std::string_view>& reasons) {
  const auto found = ready(binding.object());
  const auto generation = number_of(metadata_of(binding.object()), "generation");
  const bool good = found.status == status && found.observed == generation &&
                    (reasons.empty() || reasons.contains(found.reason));
  if (good) return;
  witness.object(fmt::format("binding {} is Ready={} ({}) for generation {} of {}, should be {}",
                             binding.name(), found.status, found.reason, found.observed, generation,
                             status));
}

void check_binding(World& world, Witness& witness, const Stored& binding) {
  const auto key = target_of(binding);
  for (const auto& other : world.cluster.all(kube::kBindings)) {
    if (other->uid() == binding.uid() || target_of(*other) != key || !older(*other, binding))
      continue;
    expect_ready(witness, binding, "False", {"TargetConflict"});
    return;
  }
  const auto path = std::string(text_of(binding.object().at("spec").as_object(), "secretPath"));
  const auto current = world.aws.secrets().current(path);
  if (!current || current->deleted()) {
    expect_ready(witness, binding, "False", {"SourceGone", "SourceAbsent", "SourceNotFound"});
    return;
  }
  const auto wished = world.shaped(current->bytes);
  if (!wished) {
    expect_ready(witness, binding, "False", {});
    return;
  }
  const auto target = world.cluster.find(kube::kSecrets, key.first, key.second);
  if (!target) {
    witness.object(fmt::format("Secret {}/{} is missing", key.first, key.second));
    return;
  }
  const auto& object = target->object();
  const auto* const labels = map_of(metadata_of(object), "labels");
  const bool labelled = labels != nullptr && text_of(*labels, sync::kManagedLabel) == "true";
  if (decode_data(object) != *wished) {
    witness.object(fmt::format("Secret {}/{} differs from its source", key.first, key.second));
  } else if (!labelled) {
    witness.object(fmt::format("Secret {}/{} has lost its label", key.first, key.second));
  } else {
    expect_ready(witness, binding, "True", {});
  }
}

/// Every pod of the workload was started with the last value: it was restarted, or created, when
/// the target had it already.
void check_workload(World& world, Witness& witness, const std::string& id,
                    const std::vector<Witness::WorkloadState>& states) {
  const auto& now = states.back();
  const auto ns = id.substr(id.find('/') + 1, id.rfind('/') - id.find('/') - 1);
  const Witness::WorkloadState* started = nullptr;
  for (const auto& state : states) {
    const bool other =
        started == nullptr || started->uid != state.uid || started->stamp != state.stamp;
    if (other) started = &state;
  }
  for (const auto& name : now.names) {
    const Key key{ns, name};
    const auto target = world.cluster.find(kube::kSecrets, ns, name);
    const auto states_of = witness.written(key);
    if (!target || states_of.empty() || !world.bound(key)) continue;
    const auto record = now.digests.find(name);
    const auto& last = *states_of.back();
    if (record == now.digests.end() || record->second != last.digest) {
      witness.object(fmt::format("{} does not record the value of Secret {}", id, name));
      continue;
    }
    const auto* const then = witness.written_by(key, started->revision);
    const bool by_a_wrong_clock = started->stamp.empty() && world.scenario().has(Deed::skew);
    if (!by_a_wrong_clock && (then == nullptr || then->data != last.data)) {
      witness.object(fmt::format("{} runs on an old value of Secret {}", id, name));
    }
  }
}

void check_queue(World& world, Witness& witness) {
  const auto counts = world.aws.queue().counts();
  if (!counts.empty()) {
    witness.object(fmt::format("the queue still holds {} visible and {} hidden messages",
                               counts.visible, counts.in_flight));
  }
  if (world.scenario().calm() && !world.scenario().has(Deed::put_bad) &&
      !world.aws.dead_letters().counts().empty()) {
    witness.object("a good message became a dead letter although nothing failed");
  }
}

}  // namespace

void check_converged(World& world, Witness& witness) {
  for (const auto& binding : world.cluster.all(kube::kBindings))
    check_binding(world, witness, *binding);
  for (const auto& [id, states] : witness.workloads()) {
    if (states.back().there) check_workload(world, witness, id, states);
  }
  check_queue(world, witness);
  for (std::size_t i = 0; i < world.replicas(); ++i) {
    const auto& replica = world.replica(static_cast<unsigned>(i));
    if (!replica.alive()) witness.object(fmt::format("replica {} is dead", i));
    for (const auto& part : replica.stuck()) {
      witness.object(fmt::format("replica {} is unhealthy: {}", i, part));
    }
  }
}

void check_canaries(World& world, Witness& witness) {
  std::string haystack;
  for (const auto& line : world.logs) haystack += line;
  for (std::size_t i = 0; i < world.replicas(); ++i) {
    haystack += world.replica(static_cast<unsigned>(i)).metrics();
  }
  for (const auto& kind : {kube::kBindings, kube::kEvents, kube::kDeployments, kube::kStatefulSets,
                           kube::kDaemonSets, kube::kLeases}) {
    for (const auto& object : world.cluster.all(kind)) haystack += object->json();
  }
  for (const auto& secret : world.cluster.all(kube::kSecrets)) haystack += secret->metadata_json();
  // What all values share is searched for once: most worlds are clean.
  if (haystack.find("canary-") == std::string::npos) return;
  for (const auto& canary : world.canaries()) {
    if (haystack.find(canary) != std::string::npos) {
      witness.object("a secret value is seen outside of its target: " + canary);
      return;
    }
  }
}

std::size_t value_reads(const World& world) {
  return world.aws.calls().count("GetSecretValue") + world.aws.calls().count("BatchGetSecretValue");
}

Rest::Rest(const World& world, const Witness& witness)
    : effects_(witness.effects()), value_reads_(value_reads(world)), sent_(world.network.sent()) {}

void Rest::check(World& world, Witness& witness, double minutes) const {
  if (witness.effects() != effects_) {
    witness.object(fmt::format("{} writes at rest", witness.effects() - effects_));
  }
  // A value that cannot be used, or a secret that is gone, is asked for now and then.
  const auto reads = value_reads(world) - value_reads_;
  const auto allowed =
      world.troubled() ? minutes * static_cast<double>(world.scenario().bindings) : 0;
  if (static_cast<double>(reads) > allowed)
    witness.object(fmt::format("{} value reads at rest", reads));
  // Three long polls, watches that end after five to ten minutes, a sweep each five minutes,
  // credentials; with a lease, a request each two seconds.
  const double replicas = static_cast<double>(world.replicas());
  const double each = world.scenario().leader_elect ? 8 + 70 : 8;
  const auto sent = static_cast<double>(world.network.sent() - sent_);
  if (sent > minutes * each * replicas + allowed * 2) {
    witness.object(fmt::format("{} requests in {} minutes of rest", sent, minutes));
  }
}

}  // namespace edsm::sim
