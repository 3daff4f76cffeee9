#include "sim/checks.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "sim/cluster/store.hpp"
#include "sync/names.hpp"
#include "sync/plan.hpp"

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

bool labelled(const Stored& secret) {
  const auto* const labels = map_of(metadata_of(secret.object()), "labels");
  return labels != nullptr && text_of(*labels, sync::kManagedLabel) == "true";
}

/// Empty if the binding says what it should.
std::string expect_ready(const Stored& binding, std::string_view status,
                         const std::set<std::string_view>& reasons) {
  const auto found = ready(binding.object());
  const auto generation = number_of(metadata_of(binding.object()), "generation");
  const bool good = found.status == status && found.observed == generation &&
                    (reasons.empty() || reasons.contains(found.reason));
  if (good) return {};
  return fmt::format("binding {} is Ready={} ({}) for generation {} of {}, should be {}",
                     binding.name(), found.status, found.reason, found.observed, generation,
                     status);
}

std::string check_binding(const World& world, const Stored& binding) {
  const auto key = target_of(binding);
  const auto wanted = Sources::wanted(binding.object().at("spec").as_object());
  if (!world.permissions.permitted(binding.ns(), wanted.path))
    return expect_ready(binding, "False", {sync::kNotAllowed});
  for (const auto& other : world.cluster.all(kube::kBindings)) {
    if (other->uid() == binding.uid() || target_of(*other) != key || !older(*other, binding))
      continue;
    return expect_ready(binding, "False", {"TargetConflict"});
  }
  const auto current = world.sources.current(wanted);
  if (current.state == Current::State::gone)
    return expect_ready(binding, "False", {"SourceGone", "SourceAbsent", "SourceNotFound"});
  if (current.state == Current::State::disabled)
    return expect_ready(binding, "False", {"SourceDisabled"});
  const auto wished = world.shaped(current.bytes);
  if (!wished) return expect_ready(binding, "False", {});
  const auto target = world.cluster.find(kube::kSecrets, key.first, key.second);
  if (!target) return fmt::format("Secret {}/{} is missing", key.first, key.second);
  if (decode_data(target->object()) != *wished) {
    return fmt::format("Secret {}/{} differs from its source", key.first, key.second);
  }
  if (!labelled(*target))
    return fmt::format("Secret {}/{} has lost its label", key.first, key.second);
  return expect_ready(binding, "True", {});
}

/// Nobody keeps a Secret whose binding was given another target, unless somebody took its label.
std::string check_leftover(const World& world, const Stored& secret) {
  if (!labelled(secret)) return {};
  const auto* const owners = list_of(metadata_of(secret.object()), "ownerReferences");
  if (owners == nullptr || owners->empty()) return {};
  const auto owner = text_of(owners->front().as_object(), "uid");
  bool wanted = false;
  bool owned = false;
  for (const auto& binding : world.cluster.all(kube::kBindings)) {
    wanted =
        wanted || target_of(*binding) == Key{std::string(secret.ns()), std::string(secret.name())};
    owned = owned || (binding->uid() == owner && ready(binding->object()).status == "True");
  }
  if (wanted || !owned) return {};
  return fmt::format("Secret {}/{} was left behind", secret.ns(), secret.name());
}

/// Every pod of the workload was started with the last value: it was restarted, or created, when
/// the target had it already.
std::string check_workload(const World& world, const Witness& witness, const std::string& id,
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
      return fmt::format("{} does not record the value of Secret {}", id, name);
    }
    const auto* const then = witness.written_by(key, started->revision);
    if (then == nullptr || then->data != last.data) {
      return fmt::format("{} runs on an old value of Secret {}", id, name);
    }
  }
  return {};
}

std::string check_queue(const World& world) {
  const auto counts = world.aws.queue().counts();
  if (!counts.empty()) {
    return fmt::format("the queue still holds {} visible and {} hidden messages", counts.visible,
                       counts.in_flight);
  }
  const auto google = world.gcp.queue().counts();
  if (world.scenario().google != 0 && !google.empty()) {
    return fmt::format("Google's subscription still holds {} waiting and {} leased messages",
                       google.waiting, google.leased);
  }
  const auto azure = world.azure.queue().counts();
  if (world.scenario().azure != 0 && !azure.empty()) {
    return fmt::format("Azure's queue still holds {} waiting and {} locked messages", azure.waiting,
                       azure.locked);
  }
  const bool none_dead = world.aws.dead_letters().counts().empty() &&
                         world.gcp.dead_letters().counts().empty() &&
                         world.azure.dead_letters().counts().empty();
  if (world.scenario().calm() && !world.scenario().has(Deed::put_bad) && !none_dead) {
    return "a good message became a dead letter although nothing failed";
  }
  return {};
}

std::string check_replica(const World& world, unsigned number) {
  const auto& replica = world.replica(number);
  if (!replica.alive()) return fmt::format("replica {} is dead", number);
  const auto stuck = replica.stuck();
  if (!stuck.empty()) return fmt::format("replica {} is unhealthy: {}", number, stuck.front());
  return {};
}

}  // namespace

std::string not_converged(const World& world, const Witness& witness) {
  std::string wrong;
  for (const auto& binding : world.cluster.all(kube::kBindings)) {
    if (wrong = check_binding(world, *binding); !wrong.empty()) return wrong;
  }
  for (const auto& secret : world.cluster.all(kube::kSecrets)) {
    if (wrong = check_leftover(world, *secret); !wrong.empty()) return wrong;
  }
  for (const auto& [id, states] : witness.workloads()) {
    if (!states.back().there) continue;
    if (wrong = check_workload(world, witness, id, states); !wrong.empty()) return wrong;
  }
  if (wrong = check_queue(world); !wrong.empty()) return wrong;
  for (unsigned i = 0; i < world.replicas(); ++i) {
    if (wrong = check_replica(world, i); !wrong.empty()) return wrong;
  }
  return {};
}

void check_converged(const World& world, Witness& witness) {
  if (const auto wrong = not_converged(world, witness); !wrong.empty()) witness.object(wrong);
}

void check_canaries(World& world, Witness& witness) {
  std::string haystack;
  for (const auto& line : world.logs) haystack += line;
  for (std::size_t i = 0; i < world.replicas(); ++i) {
    haystack += world.replica(static_cast<unsigned>(i)).metrics();
  }
  for (const auto& kind :
       {kube::kBindings, kube::kAccessPolicies, kube::kEvents, kube::kDeployments,
        kube::kStatefulSets, kube::kDaemonSets, kube::kLeases}) {
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
  return world.aws.calls().count("GetSecretValue") +
         world.aws.calls().count("BatchGetSecretValue") +
         world.gcp.calls().count("AccessSecretVersion") + world.azure.calls().count("GetSecret");
}

/// What a replica needs of Azure in a minute of rest: a poll, tokens that live for ten minutes, and
/// in each sweep pages of the vault's list and of versions; audit records of that come back, each
/// with up to four calls.
double azure_calls(const World& world) {
  if (world.scenario().azure == 0) return 0;
  const auto page = static_cast<double>(world.azure.vault_api().page);
  double sweep = 2;
  for (const auto* const secret : world.azure.vault().all(false))
    sweep += 2 * (2 + static_cast<double>(secret->versions.size()) / page);
  if (world.scenario().trail) sweep *= 4;
  return 2 + sweep / 4;
}

Rest::Rest(const World& world, const Witness& witness)
    : effects_(witness.effects()), value_reads_(value_reads(world)), sent_(world.network.sent()) {}

void Rest::check_effects(World& world, Witness& witness) const {
  const auto writes = witness.effects() - effects_;
  if (writes != 0) witness.object(fmt::format("{} writes after a start", writes));
  const auto reads = value_reads(world) - value_reads_;
  if (reads != 0) witness.object(fmt::format("{} value reads after a start", reads));
}

void Rest::check(World& world, Witness& witness, double minutes) const {
  if (witness.effects() != effects_) {
    witness.object(fmt::format("{} writes at rest", witness.effects() - effects_));
  }
  // A value that cannot be used, or a secret that is gone, is asked for now and then.
  const auto reads = value_reads(world) - value_reads_;
  double allowed = world.troubled() ? minutes * static_cast<double>(world.scenario().bindings) : 0;
  // Who may not read metadata learns versions by their values in each sweep, and believes for an
  // hour that it may not.
  if (world.scenario().hides_versions() || world.sources.ambiguous())
    allowed += (minutes / 5 + 1) * world.scenario().bindings;
  if (static_cast<double>(reads) > allowed)
    witness.object(fmt::format("{} value reads at rest", reads));
  // Three long polls, watches that end after five to ten minutes, a sweep each five minutes,
  // credentials; with a lease, a request each two seconds.
  const double replicas = static_cast<double>(world.replicas());
  double each = world.scenario().leader_elect ? 8 + 70 : 8;
  // One long poll of 90 seconds, a token, in each sweep a request for each secret, of which the
  // audit log tells.
  const double per_sweep = world.scenario().bindings * (world.scenario().trail ? 3.0 : 1.0);
  if (world.scenario().google != 0) each += 1 + per_sweep / 4;
  each += azure_calls(world);
  const auto sent = static_cast<double>(world.network.sent() - sent_);
  // A read of Azure's whose record comes back costs two receives, a poll and a removal, too.
  const double per_read = world.scenario().azure != 0 && world.scenario().trail ? 6 : 2;
  if (sent > minutes * each * replicas + allowed * per_read) {
    witness.object(fmt::format("{} requests in {} minutes of rest", sent, minutes));
  }
}

}  // namespace edsm::sim
