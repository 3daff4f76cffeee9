// What the steps of a scenario do to the world.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/time.hpp"
#include "sim/world.hpp"
#include "sync/names.hpp"

namespace edsm::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kUser = "kubectl-edit";
constexpr std::string_view kGitOps = "gitops";

/// Of different spellings, all are understood.
constexpr std::string_view kAnnotation = sync::kWorkloadAnnotations[0];

Object& map_at(Object& object, std::string_view name) {
  auto& member = object[name];
  if (!member.is_object()) member.emplace_object();
  return member.get_object();
}

Object& annotations_of(Object& object) {
  return map_at(metadata_of(object), "annotations");
}

std::string names(const Scenario& scenario, unsigned workload) {
  const unsigned first = workload % scenario.bindings;
  const auto ns = namespace_of(scenario, first);
  std::string text = fmt::format("[\"{}\"", target_name(scenario, first));
  for (unsigned other = 0; other < scenario.bindings; ++other) {
    const bool second = other != first && workload % 2 == 1 && namespace_of(scenario, other) == ns;
    if (second) text += fmt::format(",\"{}\"", target_name(scenario, other));
  }
  return text + "]";
}

}  // namespace

void World::carry_out(const Step& step) {
  if (step.deed >= Deed::crash) return on_fault(step);
  if (step.deed >= Deed::create_workload) return on_workload(step);
  if (step.deed >= Deed::permit) return permissions.carry_out(step);
  if (step.deed >= Deed::edit_target) return on_cluster(step);
  on_cloud(step);
}

void World::on_cloud(const Step& step) {
  const unsigned secret = step.a % scenario_.secrets;
  const auto cloud = scenario_.cloud_of(secret);
  if (cloud == CloudName::azure) return on_azure(step, secret);
  cloud == CloudName::google ? on_google(step, secret) : on_aws(step, secret);
}

void World::on_aws(const Step& step, unsigned secret) {
  const auto path = sources.path(secret);
  auto& secrets = aws.secrets();
  switch (step.deed) {
    case Deed::put:
      secrets.put(path, fresh_value(secret));
      break;
    case Deed::put_equal:
      if (const auto current = secrets.current(path)) secrets.put(path, current->bytes);
      break;
    case Deed::put_text:
      secrets.put(path, fresh_text());
      break;
    case Deed::put_bad:
      secrets.put(path, bad_value());
      break;
    case Deed::rollback:
      secrets.rollback(path);
      break;
    case Deed::rotate:
      secrets.rotate(path, fresh_value(secret), schedule.between({}, seconds(2)));
      break;
    case Deed::remove_secret:
      secrets.remove(path);
      break;
    case Deed::restore_secret:
      secrets.restore(path);
      break;
    case Deed::recreate_secret:
      secrets.recreate(path, fresh_value(secret));
      break;
    default:
      break;  // AWS has no such thing
  }
}

void World::create_binding(unsigned binding) {
  const auto ns = namespace_of(scenario_, binding);
  if (cluster.find(kube::kBindings, ns, binding_name(binding))) return;
  Object object;
  object["metadata"] = {{"name", binding_name(binding)}, {"namespace", ns}};
  Object spec;
  sources.name(spec, binding % scenario_.secrets, binding);
  spec["targetSecretName"] = target_name(scenario_, binding);
  object["spec"] = std::move(spec);
  cluster.create(kube::kBindings, std::move(object), kUser);
  note_change_of(ns, binding_name(binding));
}

void World::note_change_of(const std::string& ns, const std::string& binding) {
  const auto object = cluster.find(kube::kBindings, ns, binding);
  if (object) binding_changes_[std::string(object->uid())] = schedule.now();
}

void World::edit_target(unsigned binding, const std::function<void(Object&)>& edit) {
  cluster.edit(kube::kSecrets, namespace_of(scenario_, binding), target_name(scenario_, binding),
               edit, kUser);
}

void World::touch(const kube::Resource& kind, const std::string& ns, const std::string& name) {
  const auto note = [this](Object& object) {
    annotations_of(object)["people/note"] = std::to_string(++values_);
  };
  cluster.edit(kind, ns, name, note, kUser);
}

void World::on_cluster(const Step& step) {
  const unsigned binding = step.a % scenario_.bindings;
  const auto ns = namespace_of(scenario_, binding);
  const auto name = binding_name(binding);
  const auto forged = base::base64("by hand " + std::to_string(++values_));
  const auto edit_binding = [&](const std::function<void(Object&)>& edit) {
    cluster.edit(kube::kBindings, ns, name, edit, kUser);
    note_change_of(ns, name);
  };
  switch (step.deed) {
    case Deed::edit_target:
      edit_target(binding, [&](Object& secret) { map_at(secret, "data")["password"] = forged; });
      break;
    case Deed::add_key:
      edit_target(binding, [&](Object& secret) { map_at(secret, "data")["extra"] = forged; });
      break;
    case Deed::remove_key:
      edit_target(binding, [&](Object& secret) { map_at(secret, "data").erase("password"); });
      break;
    case Deed::unlabel_target:
      edit_target(binding, [&](Object& secret) {
        map_at(metadata_of(secret), "labels").erase(sync::kManagedLabel);
      });
      break;
    case Deed::strip_annotations:
      edit_target(binding, [&](Object& secret) { annotations_of(secret).clear(); });
      break;
    case Deed::delete_target:
      cluster.remove(kube::kSecrets, ns, target_name(scenario_, binding));
      break;
    case Deed::create_binding:
      create_binding(binding);
      break;
    case Deed::delete_binding:
      cluster.remove(kube::kBindings, ns, name);
      break;
    case Deed::retarget_binding:
      edit_binding([&](Object& object) {
        const unsigned other = step.b % 2 == 0 ? binding : (binding + 1) % scenario_.bindings;
        map_at(object, "spec")["targetSecretName"] = target_name(scenario_, other);
      });
      break;
    case Deed::repath_binding:
      edit_binding([&](Object& object) {
        sources.name(map_at(object, "spec"), step.b % scenario_.secrets, binding);
      });
      break;
    case Deed::pause_binding:
      pause_binding(step);
      break;
    default:
      edit_binding([&](Object& object) {
        annotations_of(object)[sync::kSyncRequestAnnotation] = std::to_string(++values_);
      });
  }
}

void World::pause_binding(const Step& step) {
  const unsigned binding = step.a % scenario_.bindings;
  const auto ns = namespace_of(scenario_, binding);
  const auto name = binding_name(binding);
  const auto object = cluster.find(kube::kBindings, ns, name);
  if (!object) return;
  const auto uid = std::string(object->uid());
  const auto now = schedule.now();
  const base::Duration lasts = seconds(5 + step.b * 20);
  pauses_[uid] = {now, now + lasts};
  const auto until = base::rfc3339_micro(Schedule::epoch() + (now + lasts).time_since_epoch());
  const auto pause = [&](Object& edited) {
    annotations_of(edited)[sync::kPausedUntilAnnotation] = until;
  };
  cluster.edit(kube::kBindings, ns, name, pause, kUser);
  if (step.b % 3 != 0) return;
  schedule.after(lasts / 2, [this, uid, ns, name] {
    const auto still = cluster.find(kube::kBindings, ns, name);
    if (!still || still->uid() != uid) return;
    pauses_[uid].until = schedule.now();
    const auto lift = [](Object& edited) {
      annotations_of(edited).erase(sync::kPausedUntilAnnotation);
    };
    cluster.edit(kube::kBindings, ns, name, lift, kUser);
  });
}

void World::create_workload(unsigned workload) {
  const auto ns = namespace_of(scenario_, workload % scenario_.bindings);
  const auto kind = workload_kind(workload);
  if (cluster.find(kind, ns, workload_name(workload))) return;
  Object object;
  object["metadata"] = {{"name", workload_name(workload)},
                        {"namespace", ns},
                        {"annotations", {{kAnnotation, names(scenario_, workload)}}}};
  object["spec"] = {{"template",
                     {{"metadata", {{"labels", {{"app", "a"}}}}},
                      {"spec", {{"containers", {{{"name", "c"}, {"image", "i"}}}}}}}},
                    {"selector", {{"matchLabels", {{"app", "a"}}}}}};
  cluster.create(kind, std::move(object), kGitOps);
}

void World::on_workload(const Step& step) {
  if (scenario_.workloads == 0) return;
  const unsigned workload = step.a % scenario_.workloads;
  const auto ns = namespace_of(scenario_, workload % scenario_.bindings);
  const auto name = workload_name(workload);
  const auto kind = workload_kind(workload);
  const auto edit = [&](std::string_view who, const std::function<void(Object&)>& change) {
    cluster.edit(kind, ns, name, change, who);
  };
  switch (step.deed) {
    case Deed::create_workload:
      create_workload(workload);
      break;
    case Deed::delete_workload:
      cluster.remove(kind, ns, name);
      break;
    case Deed::annotate:
      edit(kUser, [&](Object& object) {
        annotations_of(object)[kAnnotation] = names(scenario_, workload);
      });
      break;
    case Deed::unannotate:
      edit(kUser, [&](Object& object) { annotations_of(object).erase(kAnnotation); });
      break;
    case Deed::scale:
      edit(kUser, [&](Object& object) { map_at(object, "spec")["replicas"] = step.b % 5; });
      break;
    default:
      edit(kGitOps, [&](Object& object) {
        annotations_of(object)["gitops/revision"] = std::to_string(++values_);
      });
  }
}

void World::cut(const Step& step, int replica, Peer peer) {
  network.cut(replica, peer, true);
  if (peer == Peer::cluster) note_blind(step.lasts);
  for_a_while(step, [this, replica, peer] { network.cut(replica, peer, false); });
}

void World::storm(const Step& step, Peer peer) {
  const unsigned force = 20 + step.b * 25;
  if (peer == Peer::cluster) note_blind(step.lasts);
  network.weather(peer) = {force / 2, force / 2, force, force / 4, force, force};
  for_a_while(step, [this, peer] { network.weather(peer) = {}; });
}

void World::on_fault(const Step& step) {
  auto& replica = *replicas_[step.a % replicas_.size()];
  const int number = replica.number();
  switch (step.deed) {
    case Deed::crash:
      if (step.b % 3 == 0) {
        replica.crash();
        for_a_while(step, [&replica] { replica.start(); });
      } else {
        // Better than at any time: when something has just left it.
        doomed_[number] = {step.b, step.lasts, false};
      }
      break;
    case Deed::stop:
      replica.request_stop();
      break;
    case Deed::pause:
      if (step.b % 3 == 0) {
        replica.pause();
        note_blind(step.lasts);
        for_a_while(step, [&replica] { replica.resume(); });
      } else {
        doomed_[number] = {step.b, step.lasts, true};
      }
      break;
    case Deed::cut_cluster:
      cut(step, number, Peer::cluster);
      break;
    case Deed::skew:
      replica.set_skew(minutes(static_cast<int>(step.b) * 4 - 22));
      for_a_while(step, [&replica] { replica.set_skew({}); });
      break;
    case Deed::storm_cluster:
      storm(step, Peer::cluster);
      break;
    case Deed::collide:
      collisions_ = 1 + step.b % 4;
      break;
    case Deed::deny_writes:
      denied_kinds_ = 1 + step.b % 3;
      for_a_while(step, [this] { denied_kinds_ = 0; });
      break;
    case Deed::compact:
      cluster.compact();
      break;
    case Deed::close_watches:
      cluster.close_watches();
      break;
    case Deed::expire_token: {
      const auto old = replica.home.token;
      replica.home.token = new_token(number);
      cluster.revoke_token(old);
      break;
    }
    case Deed::lose_digest_key:
      cluster.remove(kube::kSecrets, "kube-system", "edsm-digest-key");
      break;
    default:
      if (step.deed >= Deed::cut_azure) return on_azure_fault(step);
      step.deed >= Deed::cut_google ? on_google_fault(step) : on_cloud_fault(step);
  }
}

/// Faults of AWS, and of the events of all clouds.
void World::on_cloud_fault(const Step& step) {
  switch (step.deed) {
    case Deed::cut_cloud:
      cut(step, static_cast<int>(step.a % replicas_.size()), Peer::cloud);
      break;
    case Deed::storm_cloud:
      storm(step, Peer::cloud);
      break;
    case Deed::lose_events:
      losing_ = 500;
      for_a_while(step, [this] { losing_ = 0; });
      break;
    case Deed::duplicate_events:
      set_duplicates(true);
      for_a_while(step, [this] { set_duplicates(false); });
      break;
    case Deed::delay_events:
      late_ = seconds(1 + step.b * 10);
      for_a_while(step, [this] { late_ = {}; });
      break;
    case Deed::list_lag:
      aws.faults.list_lag = minutes(5);
      for_a_while(step, [this] { aws.faults.list_lag = {}; });
      break;
    case Deed::expire_keys:
      aws.keys().expire_all();
      break;
    default:  // deny_reads
      aws.faults.deny("GetSecretValue");
      gcp.faults.deny("AccessSecretVersion");
      azure.faults.deny("GetSecret");
      for_a_while(step, [this] {
        aws.faults.allow("GetSecretValue");
        gcp.faults.allow("AccessSecretVersion");
        azure.faults.allow("GetSecret");
      });
  }
}

void World::set_duplicates(bool on) {
  duplicating_ = on ? 500 : 0;
  aws.faults.queue_duplicates = gcp.faults.duplicates = on ? 300 : 0;
  aws.faults.queue_unordered = gcp.faults.unordered = azure.faults.unordered = on;
}

}  // namespace edsm::sim
