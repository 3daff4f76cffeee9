#include "sync/workload.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "sync/names.hpp"
#include "sync/resource_version.hpp"

namespace edsm::sync {
namespace {

/// What an annotation's records may need of the 256 KiB that an object's annotations have together.
constexpr std::size_t kMaxNames = 500;
/// Of a Secret's name.
constexpr std::size_t kMaxName = 253;

std::unexpected<base::Error> not_names() {
  return base::fail(
      base::Failure::invalid, "InvalidAnnotation",
      "the annotation must be a JSON array of Secret names, such as '[\"my-secret\"]'");
}

std::string_view text_of(const boost::json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

bool is_of(const Workload& workload, std::string_view kind, std::string_view ns) {
  return workload.resource.kind == kind && (ns.empty() || workload.key.ns == ns);
}

const boost::json::value* first_annotation(const boost::json::object& annotations) {
  for (const auto name : kWorkloadAnnotations) {
    if (const auto* const value = annotations.if_contains(name)) return value;
  }
  return nullptr;
}

std::map<std::string, RolloutRecord> parse_records(std::string_view text) {
  std::map<std::string, RolloutRecord> records;
  if (text.empty()) return records;
  const auto document = base::JsonDocument::parse(text);
  if (!document || !document->root().is_object()) return records;
  for (const auto& [secret, entry] : document->root().get_object()) {
    records[std::string(secret)] = {std::string(base::string_at(entry, "digest")),
                                    std::string(base::string_at(entry, "changedAt"))};
  }
  return records;
}

}  // namespace

std::string Workload::id() const {
  return std::string(resource.kind) + "/" + key.str();
}

base::Result<std::vector<std::string>> parse_secret_names(std::string_view annotation) {
  const auto document = base::JsonDocument::parse(annotation);
  if (!document || !document->root().is_array()) return not_names();
  std::vector<std::string> names;
  std::set<std::string_view> known;
  for (const auto& item : document->root().get_array()) {
    if (!item.is_string()) return not_names();
    const std::string_view name = item.get_string();
    if (name.empty() || name.size() > kMaxName) return not_names();
    if (known.insert(name).second) names.emplace_back(name);
    if (names.size() > kMaxNames) {
      return base::fail(
          base::Failure::invalid, "InvalidAnnotation",
          fmt::format("the annotation names more than {} Secrets; name fewer", kMaxNames));
    }
  }
  return names;
}

std::string write_records(const std::map<std::string, RolloutRecord>& records) {
  base::JsonWriter json;
  json.begin_object();
  for (const auto& [secret, record] : records) {
    json.key(secret).begin_object().member("digest", record.digest);
    if (!record.changed_at.empty()) json.member("changedAt", record.changed_at);
    json.end_object();
  }
  json.end_object();
  return std::string(json.bytes().view());
}

std::optional<Workload> decode_workload(const boost::json::value& object, kube::Resource resource) {
  const auto* const annotations = base::object_at(object, "metadata.annotations");
  if (annotations == nullptr) return std::nullopt;
  const auto* const named = first_annotation(*annotations);
  if (named == nullptr) return std::nullopt;

  Workload workload;
  workload.resource = resource;
  workload.key = {std::string(base::string_at(object, "metadata.namespace")),
                  std::string(base::string_at(object, "metadata.name"))};
  workload.uid = base::string_at(object, "metadata.uid");
  workload.resource_version = base::string_at(object, "metadata.resourceVersion");
  workload.created = base::parse_rfc3339(base::string_at(object, "metadata.creationTimestamp"))
                         .value_or(base::WallTime());
  auto names = parse_secret_names(text_of(named));
  if (names) {
    workload.secrets = std::move(*names);
  } else {
    workload.annotation_error = std::move(names.error().text);
  }
  workload.records = parse_records(text_of(annotations->if_contains(kRolledOutAnnotation)));
  return workload;
}

const Workload* WorkloadStore::find(const std::string& id) const {
  const auto found = workloads_.find(id);
  return found == workloads_.end() ? nullptr : &found->second.workload;
}

void WorkloadStore::unlink(const Workload& workload) {
  for (const auto& secret : workload.secrets) {
    const auto at = users_.find({workload.key.ns, secret});
    if (at == users_.end()) continue;
    std::erase(at->second, workload.id());
    if (at->second.empty()) users_.erase(at);
  }
}

bool WorkloadStore::put(Workload workload) {
  const std::string id = workload.id();
  const auto [at, fresh] = workloads_.try_emplace(id);
  Entry& entry = at->second;
  entry.seen = true;
  const auto& known = entry.workload;
  const bool same_object = !fresh && known.uid == workload.uid;
  if (same_object && (known.resource_version == workload.resource_version ||
                      certainly_older(workload.resource_version, known.resource_version))) {
    return false;
  }
  if (!fresh) unlink(entry.workload);
  entry.workload = std::move(workload);
  for (const auto& secret : entry.workload.secrets) {
    auto& users = users_[{entry.workload.key.ns, secret}];
    users.insert(std::ranges::lower_bound(users, id), id);
  }
  return true;
}

bool WorkloadStore::erase(const std::string& id) {
  const auto at = workloads_.find(id);
  if (at == workloads_.end()) return false;
  unlink(at->second.workload);
  workloads_.erase(at);
  return true;
}

std::vector<std::string> WorkloadStore::users_of(const base::ObjectKey& secret) const {
  const auto found = users_.find(secret);
  return found == users_.end() ? std::vector<std::string>() : found->second;
}

void WorkloadStore::list_begins(std::string_view kind, std::string_view ns) {
  for (auto& [id, entry] : workloads_) {
    if (is_of(entry.workload, kind, ns)) entry.seen = false;
  }
}

std::vector<std::string> WorkloadStore::list_ends(std::string_view kind,
                                                  std::string_view ns) const {
  std::vector<std::string> gone;
  for (const auto& [id, entry] : workloads_) {
    if (!entry.seen && is_of(entry.workload, kind, ns)) gone.push_back(id);
  }
  return gone;
}

}  // namespace edsm::sync
