#include "sim/witness.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/time.hpp"
#include "sim/cluster/store.hpp"
#include "sync/names.hpp"

namespace edsm::sim {
namespace {

/// Others may take the lease this long after its last renewal; its holder must have stopped by
/// then.
constexpr base::Duration kLeaseDuration = std::chrono::seconds(15);
constexpr std::string_view kOurs = "system:serviceaccount:kube-system:edsm";

std::string annotation(const Object& object, std::string_view name) {
  const auto* const annotations = map_of(metadata_of(object), "annotations");
  return annotations == nullptr ? std::string() : std::string(text_of(*annotations, name));
}

const Object* template_annotations(const Object& object) {
  const auto* at = map_of(object, "spec");
  for (const auto* const member : {"template", "metadata", "annotations"}) {
    if (at == nullptr) return nullptr;
    at = map_of(*at, member);
  }
  return at;
}

std::vector<std::string> names_of(const Object& object) {
  std::vector<std::string> names;
  boost::system::error_code error;
  const auto list = boost::json::parse(annotation(object, sync::kWorkloadAnnotations[0]), error);
  if (error || !list.is_array()) return names;
  for (const auto& name : list.get_array()) names.emplace_back(name.as_string());
  return names;
}

/// {"secret": {"digest": "…", …}, …} as EDSM records it.
std::map<std::string, std::string> digests_of(const Object& object) {
  std::map<std::string, std::string> digests;
  boost::system::error_code error;
  const auto records = boost::json::parse(annotation(object, sync::kRolledOutAnnotation), error);
  if (error || !records.is_object()) return digests;
  for (const auto& [secret, record] : records.get_object()) {
    if (record.is_object()) digests.emplace(secret, text_of(record.get_object(), "digest"));
  }
  return digests;
}

/// The path in the annotation of a target: "aws/eu-west-1/prod/s0", "gcp/shop/prod-s0/versions/1",
/// "azure/shop-kv@TENANT/shop-s0/VERSION".
std::string path_of(std::string_view source) {
  const auto place = source.find('/', std::min(source.find('/'), source.size() - 1) + 1);
  if (place == std::string_view::npos) return {};
  const auto path = source.substr(place + 1);
  return std::string(source.starts_with("aws/") ? path : path.substr(0, path.find('/')));
}

std::string id_of(const Access& access) {
  return fmt::format("{}/{}/{}", access.resource, access.ns, access.name);
}

}  // namespace

Witness::Witness(World& world) : world_(world) {
  world_.on_news = [this](const News& news) { expect_soon(news, world_.schedule.now()); };
  world_.on_sent = [this](const Sent& sent) { judge_sender(sent); };
  world_.network.on_answer = [this](const Sent& sent, int status) {
    const bool renewal = sent.request.url.find("/leases") != std::string::npos &&
                         sent.request.method != net::Method::get;
    if (renewal && status >= 200 && status < 300) renewed_[sent.owner] = sent.at;
  };
}

void Witness::object(const std::string& what) {
  if (objection_.empty()) objection_ = what;
}

bool Witness::look() {
  const auto& audit = world_.cluster.audit();
  while (audited_ < audit.size()) see(audit[audited_++]);
  see_calls(world_.aws.calls(), called_);
  see_calls(world_.gcp.calls(), called_google_);
  see_calls(world_.azure.calls(), called_azure_);
  return objection_.empty();
}

/// A call is judged when it is answered: long polls hold back those behind them for no longer.
void Witness::see_calls(const CloudCalls& calls, std::size_t& seen) {
  for (; seen < calls.size(); ++seen) see_call(calls[seen]);
}

void Witness::see(const AuditEntry& entry) {
  const bool ours = entry.access.user.starts_with(kOurs);
  const bool counts = ours && entry.status < 300 && entry.access.resource != kube::kLeases.plural &&
                      entry.access.resource != kube::kEvents.plural;
  if (counts) ++effects_;
  if (!entry.changed) return;
  if (entry.access.resource == kube::kSecrets.plural && entry.access.ns != "kube-system") {
    see_target(entry);
  }
  for (const auto& kind : {kube::kDeployments, kube::kStatefulSets, kube::kDaemonSets}) {
    if (entry.access.resource == kind.plural) see_workload(entry, kind);
  }
}

void Witness::see_target(const AuditEntry& entry) {
  const Key key{entry.access.ns, entry.access.name};
  TargetState state;
  state.revision = entry.revision;
  state.at = entry.at;
  // A Secret that is given up loses our label and keeps whatever it holds.
  const auto* const labels = map_of(metadata_of(entry.object->object()), "labels");
  const bool kept = labels != nullptr && text_of(*labels, sync::kManagedLabel) == "true";
  state.ours = entry.access.user.starts_with(kOurs) && kept;
  state.there = entry.access.verb != "delete";
  state.data = decode_data(entry.object->object());
  state.digest = annotation(entry.object->object(), sync::kDigestAnnotation);
  if (state.ours && state.there) {
    judge_pause(key);
    values_.emplace(state.digest, state.data);
    const auto source = annotation(entry.object->object(), sync::kSourceAnnotation);
    const bool permitted = !world_.scenario().tenancy ||
                           world_.permissions.permitted_since(key.first, path_of(source), grace());
    if (!permitted)
      object(fmt::format("Secret {}/{} was written from {}, which its namespace may not read",
                         key.first, key.second, source));
    const auto values = world_.sources.values();
    const bool known = std::ranges::any_of(
        values, [&](const auto& value) { return world_.shaped(value) == state.data; });
    if (!known)
      object(fmt::format("Secret {}/{} was given data that no source ever had", key.first,
                         key.second));
  }
  targets_[key].push_back(std::move(state));
}

/// Where nothing keeps a watch from telling of it, a pause is heeded within seconds.
void Witness::judge_pause(const Key& target) {
  if (!world_.scenario().calm() || world_.contested(target)) return;
  for (const auto& binding : world_.cluster.all(kube::kBindings)) {
    const auto& spec = binding->object().at("spec").as_object();
    const bool its =
        binding->ns() == target.first && text_of(spec, "targetSecretName") == target.second;
    if (its && world_.surely_paused(*binding)) {
      object(fmt::format("Secret {}/{} was written while its binding was paused", target.first,
                         target.second));
    }
  }
}

std::vector<const Witness::TargetState*> Witness::written(const Key& target) const {
  std::vector<const TargetState*> states;
  const auto at = targets_.find(target);
  if (at == targets_.end()) return states;
  for (const auto& state : at->second) {
    if (state.ours && state.there) states.push_back(&state);
  }
  return states;
}

const Witness::TargetState* Witness::written_by(const Key& target, std::uint64_t revision) const {
  const TargetState* found = nullptr;
  for (const auto* const state : written(target)) {
    if (state->revision <= revision) found = state;
  }
  return found;
}

/// EDSM gave the target another value than it had given it before, within these revisions.
bool Witness::changed_between(const Key& target, std::uint64_t after, std::uint64_t until) const {
  const TargetState* before = nullptr;
  for (const auto* const state : written(target)) {
    const bool other = before == nullptr || before->data != state->data;
    if (other && state->revision > after && state->revision <= until) return true;
    before = state;
  }
  return false;
}

/// The same, from the second of a creation on, which is all that Kubernetes records of it. A Secret
/// that was made anew counts: nobody knows whether its users saw it before.
bool Witness::changed_since(const Key& target, base::WallTime created, std::uint64_t until) const {
  const auto born = created - Schedule::epoch() - std::chrono::seconds(1);
  const auto states = targets_.find(target);
  if (states == targets_.end()) return false;
  const TargetState* before = nullptr;
  for (const auto& state : states->second) {
    if (!state.there) before = nullptr;
    if (!state.ours || !state.there) continue;
    const bool other = before == nullptr || before->data != state.data;
    if (other && state.at.time_since_epoch() >= born && state.revision <= until) return true;
    before = &state;
  }
  return false;
}

void Witness::see_workload(const AuditEntry& entry, const kube::Resource& /*resource*/) {
  const auto& object = entry.object->object();
  WorkloadState state;
  state.revision = entry.revision;
  state.at = entry.at;
  state.ours = entry.access.user.starts_with(kOurs);
  state.there = entry.access.verb != "delete";
  state.uid = text_of(metadata_of(object), "uid");
  if (const auto* const stamped = template_annotations(object)) {
    state.stamp = text_of(*stamped, sync::kTemplateAnnotation);
  }
  state.digests = digests_of(object);
  state.names = names_of(object);
  state.created = base::parse_rfc3339(text_of(metadata_of(object), "creationTimestamp"))
                      .value_or(base::WallTime());
  const auto id = id_of(entry.access);
  auto& states = workloads_[id];
  const bool restarted = state.ours && !states.empty() && states.back().stamp != state.stamp;
  states.push_back(std::move(state));
  if (!restarted) return;
  ++restarts_;
  judge_restart(id, states);
}

/// A restart is needed if one of the Secrets has another value than the one that is on record, or
/// if none is on record and it changed since the workload was created.
void Witness::judge_restart(const std::string& id, const std::vector<WorkloadState>& states) {
  const auto& after = states.back();
  const auto& before = states[states.size() - 2];
  const auto ns = id.substr(id.find('/') + 1, id.rfind('/') - id.find('/') - 1);
  // Since the last restart, or since it is there.
  std::uint64_t since = before.revision;
  for (const auto& state : states) {
    if (state.uid == after.uid && state.stamp == before.stamp) {
      since = state.revision;
      break;
    }
  }
  for (const auto& name : after.names) {
    const Key target{ns, name};
    const auto then = before.digests.find(name);
    if (then == before.digests.end()) {
      if (changed_since(target, after.created, after.revision)) return;
      continue;
    }
    if (changed_between(target, since, after.revision)) return;
    const auto now = after.digests.find(name);
    const auto value_then = values_.find(then->second);
    const auto value_now = now == after.digests.end() ? values_.end() : values_.find(now->second);
    if (value_then != values_.end() && value_now != values_.end() &&
        value_then->second != value_now->second) {
      return;
    }
  }
  // With the key lost and the target edited or gone, nobody can tell whether its value changed,
  // too; better once too often.
  const auto& steps = world_.scenario().steps;
  const bool edited = std::ranges::any_of(steps, [](const Step& step) {
    return (step.deed >= Deed::edit_target && step.deed <= Deed::delete_target) ||
           step.deed == Deed::delete_binding;
  });
  if (edited && world_.scenario().has(Deed::lose_digest_key)) return;
  object(fmt::format("{} was restarted without need", id));
}

/// What was permitted since then may still be under way; without a value: what ever was, since
/// faults may keep a replica from knowing better.
std::optional<base::Instant> Witness::grace() const {
  if (!world_.scenario().calm()) return std::nullopt;
  return world_.schedule.now() - std::chrono::seconds(30);
}

/// Nothing is asked of the cloud about a secret that nobody may read, nor about all of them if that
/// is all.
void Witness::judge_read(const CloudCall& call) {
  if (call.operation == "ListSecrets" || call.operation == "GetSecrets") {
    bool any = false;
    for (unsigned i = 0; i < world_.scenario().secrets; ++i)
      any = any || world_.permissions.anybody_since(world_.sources.path(i), grace());
    if (!any) object(call.operation + ", although nobody may read anything");
    return;
  }
  for (const auto& id : call.ids) {
    const auto path = id.starts_with("secrets/") ? id.substr(id.rfind('/') + 1) : id;
    if (world_.permissions.anybody_since(path, grace())) continue;
    object(fmt::format("{} of {}, which nobody may read", call.operation, path));
  }
}

/// Tokens are for the services that EDSM uses, whoever asks for others, and are shown to these
/// only.
void Witness::judge_token(const CloudCall& call) {
  if (call.operation == "Foreign")
    object(fmt::format("a request to {}", fmt::join(call.ids, ", ")));
  if (call.operation != "Token") return;
  for (const auto& scope : call.ids) {
    if (scope.starts_with(azure::kForgedResource))
      object(fmt::format("a token was asked for {}, whom a forged challenge named", scope));
  }
}

void Witness::see_call(const CloudCall& call) {
  const bool read = call.operation == "GetSecretValue" || call.operation == "BatchGetSecretValue" ||
                    call.operation == "DescribeSecret" || call.operation == "ListSecrets" ||
                    call.operation == "AccessSecretVersion" ||
                    call.operation == "GetSecretVersion" || call.operation == "GetSecret" ||
                    call.operation == "GetSecrets" || call.operation == "GetSecretVersions";
  if (read && world_.scenario().tenancy) judge_read(call);
  judge_token(call);
  const bool acknowledges = call.operation.starts_with("DeleteMessage") ||
                            call.operation == "Acknowledge" || call.operation == "Complete";
  if (!acknowledges || call.status >= 300) return;
  for (const auto& message : call.ids) judge_acknowledgement(message);
}

/// Every write but a creation and a report says what it changes, and no replica may write once
/// another may have taken its lease.
void Witness::judge_sender(const Sent& sent) {
  if (sent.peer != Peer::cluster) return;
  const auto& url = sent.request.url;
  const bool guarded = sent.request.method != net::Method::get &&
                       url.find("/leases") == std::string::npos &&
                       url.find("/events.k8s.io/") == std::string::npos &&
                       url.find("/namespaces/kube-system/") == std::string::npos;
  if (!guarded) return;
  const bool precondition = sent.request.method == net::Method::post ||
                            url.find("/status") != std::string::npos ||
                            sent.request.body.view().find("resourceVersion") != std::string::npos;
  if (!precondition) object(fmt::format("a write without precondition: {}", url));
  if (!world_.scenario().leader_elect) return;
  const auto renewed = renewed_.find(sent.owner);
  if (renewed == renewed_.end() || sent.at >= renewed->second + kLeaseDuration) {
    object(fmt::format("replica {} writes although its lease may be another's: {}", sent.replica,
                       url));
  }
}

}  // namespace edsm::sim
