#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "sync/binding.hpp"
#include "sync/workload.hpp"

namespace edsm::cli {

/// A binding and what the controller has last said of it.
struct Reported {
  sync::Binding binding;
  sync::BindingStatus status;
};
/// Its condition Ready; "Unknown" as long as nothing is said of the spec as it is.
sync::Condition readiness(const Reported& reported);

/// A workload that names Secrets, and how many pods it wants.
struct Consumer {
  sync::Workload workload;
  std::int64_t pods = 0;
  bool paused = false;  ///< a Deployment that replaces no pods until it is resumed

  /// It was last rolled out with another value than the target's, or with none that is known.
  bool pends(const Reported& reported) const;
};

/// What there is of EDSM in a cluster or one namespace.
struct Estate {
  std::vector<Reported> bindings;   ///< by namespace and name
  std::vector<Consumer> consumers;  ///< by namespace, kind and name

  /// Those that name the binding's target.
  std::vector<const Consumer*> users_of(const sync::Binding& binding) const;
};

/// Namespaces to read; an empty one means all.
using Namespaces = std::vector<std::string>;

/// Every object of a kind, page by page.
base::Task<base::Result<std::vector<base::JsonDocument>>> list_all(kube::Api& api,
                                                                   kube::Resource kind,
                                                                   Namespaces namespaces);
/// Those that a selector picks: "labelSelector" or "fieldSelector", and its text.
base::Task<base::Result<std::vector<base::JsonDocument>>> list_selected(
    kube::Api& api, kube::Resource kind, std::string ns, std::string by, std::string selector);
/// Like list_all, but only the metadata leaves the server.
base::Task<base::Result<std::vector<base::JsonDocument>>> list_metadata(kube::Api& api,
                                                                        kube::Resource kind,
                                                                        std::string ns);
/// Calls `visit(object)` for each object of the pages.
template <class Visit>
void each_item(const std::vector<base::JsonDocument>& pages, Visit visit) {
  for (const auto& page : pages) {
    const auto* const items = base::array_at(page.root(), "items");
    if (items == nullptr) continue;
    for (const auto& item : *items) visit(item);
  }
}
base::Task<base::Result<std::vector<Reported>>> read_bindings(kube::Api& api,
                                                              Namespaces namespaces);
base::Task<base::Result<Estate>> read_estate(kube::Api& api, Namespaces namespaces);

/// Of a Deployment, StatefulSet or DaemonSet.
std::int64_t wanted_pods(const boost::json::value& object);

}  // namespace edsm::cli
