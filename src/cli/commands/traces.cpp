#include "cli/commands/traces.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "sync/names.hpp"

namespace edsm::cli {
namespace {

using base::string_at;

constexpr kube::Resource kPods{"", "v1", "pods", "Pod"};
constexpr kube::Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet"};
constexpr kube::Resource kControllerRevisions{"apps", "v1", "controllerrevisions",
                                              "ControllerRevision"};

/// EDSM's mark among the annotations of a pod or a pod template.
std::string mark_of(const boost::json::value& object, std::string_view path) {
  const auto* const annotations = base::object_at(object, path);
  if (annotations == nullptr) return {};
  const auto* const mark = annotations->if_contains(sync::kTemplateAnnotation);
  return mark != nullptr && mark->is_string() ? std::string(mark->get_string()) : std::string();
}

Happening decode_event(const boost::json::value& event) {
  Happening happening{
      std::string(string_at(event, "reason")), std::string(string_at(event, "note")), {}};
  for (const auto* const path : {"eventTime", "series.lastObservedTime"}) {
    if (const auto time = base::parse_rfc3339(string_at(event, path))) {
      happening.times.push_back(*time);
    }
  }
  return happening;
}

TracedPod decode_pod(const boost::json::value& pod) {
  TracedPod traced{mark_of(pod, "metadata.annotations"), std::nullopt};
  const auto* const conditions = base::array_at(pod, "status.conditions");
  if (conditions == nullptr) return traced;
  for (const auto& condition : *conditions) {
    if (string_at(condition, "type") != "Ready" || string_at(condition, "status") != "True") {
      continue;
    }
    traced.ready_since = base::parse_rfc3339(string_at(condition, "lastTransitionTime"));
  }
  return traced;
}

Revision decode_revision(const boost::json::value& object, kube::Resource kind) {
  const bool whole = kind.kind == kReplicaSets.kind;
  return {std::string(kind.kind), std::string(string_at(object, "metadata.name")),
          mark_of(object, whole ? "spec.template.metadata.annotations"
                                : "data.spec.template.metadata.annotations"),
          base::parse_rfc3339(string_at(object, "metadata.creationTimestamp"))
              .value_or(base::WallTime())};
}

bool owned_by(const boost::json::value& object, const base::Text& uid) {
  const auto* const owners = base::array_at(object, "metadata.ownerReferences");
  if (owners == nullptr) return false;
  return std::ranges::any_of(
      *owners, [&](const auto& owner) { return string_at(owner, "uid") == uid.view(); });
}

base::Task<base::Result<std::vector<Happening>>> read_events(kube::Api& api, std::string kind,
                                                             base::ObjectKey key) {
  auto selector = fmt::format("regarding.kind={},regarding.name={}", kind, key.name.view());
  auto pages = co_await list_selected(api, kube::kEvents, key.ns.str(), "fieldSelector",
                                      std::move(selector));
  if (!pages) co_return std::unexpected(std::move(pages.error()));
  std::vector<Happening> events;
  each_item(*pages, [&](const auto& item) { events.push_back(decode_event(item)); });
  co_return events;
}

/// The states of the workload's pod template, and its pods.
base::Task<base::Result<>> read_pods(kube::Api& api, std::string selector, TracedWorkload& traced) {
  const auto& workload = traced.consumer.workload;
  kube::Resource kind = kControllerRevisions;
  if (workload.resource.kind == kube::kDeployments.kind) kind = kReplicaSets;
  const auto ns = workload.key.ns.str();
  auto revisions = co_await list_selected(api, kind, ns, "labelSelector", selector);
  if (!revisions) co_return std::unexpected(std::move(revisions.error()));
  each_item(*revisions, [&](const auto& item) {
    if (owned_by(item, workload.uid)) traced.revisions.push_back(decode_revision(item, kind));
  });
  auto pods = co_await list_selected(api, kPods, ns, "labelSelector", std::move(selector));
  if (!pods) co_return std::unexpected(std::move(pods.error()));
  each_item(*pods, [&](const auto& item) { traced.pods.push_back(decode_pod(item)); });
  co_return base::Result<>{};
}

base::Task<TracedWorkload> read_workload(kube::Api& api, Consumer consumer) {
  TracedWorkload traced;
  traced.consumer = std::move(consumer);
  const auto& workload = traced.consumer.workload;
  auto object = co_await api.get(workload.resource, workload.key.ns.str(), workload.key.name.str());
  if (!object) {
    traced.trouble = std::move(object.error().text);
    co_return traced;
  }
  traced.mark = mark_of(object->root(), "spec.template.metadata.annotations");
  const auto* const selector = base::find_path(object->root(), "spec.selector");
  auto text = selector == nullptr ? std::string() : selector_text(*selector);
  const auto read = co_await read_pods(api, std::move(text), traced);
  if (!read) traced.trouble = read.error().text;
  auto events = co_await read_events(api, std::string(workload.resource.kind), workload.key);
  if (events) traced.events = std::move(*events);
  if (!events) traced.trouble = std::move(events.error().text);
  co_return traced;
}

}  // namespace

std::string selector_text(const boost::json::value& selector) {
  std::vector<std::string> parts;
  if (const auto* const labels = base::object_at(selector, "matchLabels")) {
    for (const auto& [name, value] : *labels) {
      if (value.is_string()) {
        parts.push_back(
            fmt::format("{}={}", std::string_view(name), std::string_view(value.get_string())));
      }
    }
  }
  const auto* const expressions = base::array_at(selector, "matchExpressions");
  if (expressions == nullptr) return fmt::format("{}", fmt::join(parts, ","));
  for (const auto& each : *expressions) {
    const auto key = string_at(each, "key");
    const auto how = string_at(each, "operator");
    const auto values = base::strings_at(each, "values");
    if (how == "In") parts.push_back(fmt::format("{} in ({})", key, fmt::join(values, ",")));
    if (how == "NotIn") parts.push_back(fmt::format("{} notin ({})", key, fmt::join(values, ",")));
    if (how == "Exists") parts.emplace_back(key);
    if (how == "DoesNotExist") parts.push_back(fmt::format("!{}", key));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

base::Task<base::Result<Traces>> read_traces(ClusterAccess access, base::ObjectKey key) {
  auto object = co_await access.api.get(kube::kBindings, key.ns.str(), key.name.str());
  if (!object) co_return std::unexpected(std::move(object.error()));
  Traces traces;
  traces.reported = {sync::decode_binding(object->root()), sync::decode_status(object->root())};
  const auto& binding = traces.reported.binding;
  auto target = co_await access.api.get(kube::kSecrets, key.ns.str(), binding.target.name.str(),
                                        kube::View::metadata);
  if (target) traces.target = sync::decode_target(target->root());
  if (!target) traces.target_trouble = std::move(target.error().text);
  auto events = co_await read_events(access.api, std::string(kube::kBindings.kind), key);
  if (events) traces.events = std::move(*events);
  if (!events) traces.events_trouble = std::move(events.error().text);
  Namespaces own = {key.ns.str()};
  auto estate = co_await read_estate(access.api, std::move(own));
  if (!estate) co_return std::unexpected(std::move(estate.error()));
  for (const auto* const user : estate->users_of(binding)) {
    Consumer copy = *user;
    auto traced = co_await read_workload(access.api, std::move(copy));
    traces.workloads.push_back(std::move(traced));
  }
  co_return traces;
}

}  // namespace edsm::cli
