#include "sim/cluster/kind.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

namespace edsm::sim {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 3> kSecretMembers{"immutable", "data", "type"};
constexpr std::array<std::string_view, 2> kSpecStatus{"spec", "status"};
constexpr std::array<std::string_view, 1> kSpec{"spec"};
constexpr std::array<std::string_view, 14> kEventMembers{"eventTime",
                                                         "series",
                                                         "reportingController",
                                                         "reportingInstance",
                                                         "action",
                                                         "reason",
                                                         "regarding",
                                                         "related",
                                                         "note",
                                                         "type",
                                                         "deprecatedSource",
                                                         "deprecatedFirstTimestamp",
                                                         "deprecatedLastTimestamp",
                                                         "deprecatedCount"};

constexpr Kind make(const kube::Resource& resource, std::size_t index, Names members) {
  Kind kind{};
  kind.resource = resource;
  kind.index = index;
  kind.members = members;
  return kind;
}

constexpr Kind with_status(const kube::Resource& resource, std::size_t index) {
  Kind kind = make(resource, index, Names(kSpecStatus));
  kind.generation = kind.status = true;
  return kind;
}

constexpr std::array<Kind, kKinds> make_kinds() {
  std::array<Kind, kKinds> all{make(kube::kSecrets, 0, Names(kSecretMembers)),
                               with_status(kube::kDeployments, 1),
                               with_status(kube::kStatefulSets, 2),
                               with_status(kube::kDaemonSets, 3),
                               make(kube::kLeases, 4, Names(kSpec)),
                               make(kube::kEvents, 5, Names(kEventMembers)),
                               with_status(kube::kBindings, 6),
                               make(kube::kAccessPolicies, 7, Names(kSpec)),
                               make(kube::kNamespaces, 8, Names(kSpecStatus))};
  all[1].annotations = true;
  all[4].unconditional = false;
  all[4].created_by_put = true;
  all[5].created_by_put = true;
  for (const std::size_t definition : {6U, 7U}) {
    all[definition].generation = all[definition].custom = true;
    all[definition].unconditional = false;
  }
  return all;
}

constexpr std::array<Kind, kKinds> kAll = make_kinds();

}  // namespace

std::string Kind::qualified_plural() const {
  if (resource.group.empty()) return std::string(resource.plural);
  return fmt::format("{}.{}", resource.plural, resource.group);
}

std::string Kind::qualified_kind() const {
  if (resource.group.empty()) return std::string(resource.kind);
  return fmt::format("{}.{}", resource.kind, resource.group);
}

std::span<const Kind, kKinds> kinds() {
  return kAll;
}

const Kind* find_kind(std::string_view group, std::string_view version, std::string_view plural) {
  const auto* const found = std::ranges::find_if(kAll, [&](const Kind& kind) {
    return kind.resource.plural == plural && kind.resource.group == group &&
           kind.resource.version == version;
  });
  return found == kAll.end() ? nullptr : found;
}

const Kind& kind_of(const kube::Resource& resource) {
  const Kind* const kind = find_kind(resource.group, resource.version, resource.plural);
  if (kind == nullptr) std::abort();
  return *kind;
}

}  // namespace edsm::sim
