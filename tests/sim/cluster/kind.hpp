#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "kube/api.hpp"

namespace edsm::sim {

/// What the server knows about one kind of object.
struct Kind {
  kube::Resource resource;
  std::size_t index = 0;        ///< in `kinds()`
  bool generation = false;      ///< counts changes of `spec`
  bool annotations = false;     ///< and of its annotations (Deployments only)
  bool status = false;          ///< has the subresource `status`
  bool custom = false;          ///< defined by a CustomResourceDefinition
  bool unconditional = true;    ///< PUT needs no resourceVersion
  bool created_by_put = false;  ///< PUT of an absent object makes it
  /// The members that an object may have beside apiVersion, kind and metadata.
  std::span<const std::string_view> members;

  /// "deployments.apps", as messages name it.
  std::string qualified_plural() const;
  /// "Deployment.apps"
  std::string qualified_kind() const;
};

/// Where a DaemonSet counts its templates.
inline constexpr std::string_view kTemplateCount = "deprecated.daemonset.template.generation";

inline constexpr std::size_t kKinds = 9;

/// All kinds that the simulated server has.
std::span<const Kind, kKinds> kinds();
/// Null if the server does not know it.
const Kind* find_kind(std::string_view group, std::string_view version, std::string_view plural);
/// Aborts if the server does not know it.
const Kind& kind_of(const kube::Resource& resource);

}  // namespace edsm::sim
