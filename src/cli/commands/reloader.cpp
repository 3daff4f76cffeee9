#include "cli/commands/reloader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "cli/commands/external_secrets.hpp"
#include "sync/names.hpp"
#include "sync/workload.hpp"

namespace edsm::cli {
namespace {

using base::string_at;

constexpr std::string_view kDomain = "reloader.stakater.com/";
constexpr std::string_view kAuto = "reloader.stakater.com/auto";
constexpr std::string_view kSecretAuto = "secret.reloader.stakater.com/auto";
constexpr std::string_view kSearch = "reloader.stakater.com/search";
constexpr std::string_view kMatch = "reloader.stakater.com/match";
constexpr std::string_view kNamed = "secret.reloader.stakater.com/reload";
constexpr std::string_view kExcluded = "secrets.exclude.reloader.stakater.com/reload";
constexpr std::string_view kKinds[] = {"Deployment", "StatefulSet", "DaemonSet"};

using Annotations = std::map<std::string, std::string>;

void collect(const boost::json::value& object, std::string_view path, Annotations& found) {
  const auto* const annotations = base::object_at(object, path);
  if (annotations == nullptr) return;
  for (const auto& [name, value] : *annotations) {
    const std::string_view text = name;
    if (text.contains(kDomain) && value.is_string()) found.emplace(name, value.get_string());
  }
}

/// The workload's own come before those of its pod template.
Annotations annotations_of(const boost::json::value& workload) {
  Annotations found;
  collect(workload, "metadata.annotations", found);
  collect(workload, "spec.template.metadata.annotations", found);
  return found;
}

bool is_true(const Annotations& annotations, std::string_view name) {
  const auto found = annotations.find(std::string(name));
  return found != annotations.end() && found->second == "true";
}

std::vector<std::string> names_in(const Annotations& annotations, std::string_view annotation) {
  std::vector<std::string> names;
  const auto found = annotations.find(std::string(annotation));
  std::string_view rest = found == annotations.end() ? std::string_view() : found->second;
  while (!rest.empty()) {
    auto name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    const auto first = name.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    names.emplace_back(name.substr(first, name.find_last_not_of(' ') - first + 1));
  }
  return names;
}

/// What a pod template names.
struct References {
  std::set<std::string> secrets;
  std::set<std::string> config_maps;
};

void note(std::set<std::string>& names, std::string_view name) {
  if (!name.empty()) names.emplace(name);
}

void read_container(const boost::json::value& container, References& found) {
  if (const auto* const env = base::array_at(container, "env")) {
    for (const auto& each : *env) {
      note(found.secrets, string_at(each, "valueFrom.secretKeyRef.name"));
      note(found.config_maps, string_at(each, "valueFrom.configMapKeyRef.name"));
    }
  }
  if (const auto* const from = base::array_at(container, "envFrom")) {
    for (const auto& each : *from) {
      note(found.secrets, string_at(each, "secretRef.name"));
      note(found.config_maps, string_at(each, "configMapRef.name"));
    }
  }
}

void read_volume(const boost::json::value& volume, References& found) {
  note(found.secrets, string_at(volume, "secret.secretName"));
  note(found.config_maps, string_at(volume, "configMap.name"));
  const auto* const sources = base::array_at(volume, "projected.sources");
  if (sources == nullptr) return;
  for (const auto& each : *sources) {
    note(found.secrets, string_at(each, "secret.name"));
    note(found.config_maps, string_at(each, "configMap.name"));
  }
}

References references_of(const boost::json::value& workload) {
  References found;
  for (const auto* const path :
       {"spec.template.spec.initContainers", "spec.template.spec.containers"}) {
    if (const auto* const containers = base::array_at(workload, path)) {
      for (const auto& each : *containers) read_container(each, found);
    }
  }
  if (const auto* const volumes = base::array_at(workload, "spec.template.spec.volumes")) {
    for (const auto& each : *volumes) read_volume(each, found);
  }
  return found;
}

class Conversion {
 public:
  Conversion(std::string_view kind, const boost::json::value& workload,
             const ReloadableSecrets& secrets, std::string_view default_ns)
      : workload_(workload), secrets_(secrets), annotations_(annotations_of(workload)) {
    done_.kind = kind;
    const auto ns = string_at(workload, "metadata.namespace");
    done_.ns = ns.empty() ? default_ns : ns;
    done_.name = string_at(workload, "metadata.name");
  }

  std::optional<Reloaded> run() && {
    std::erase_if(annotations_, [](const auto& each) { return each.first == kMatch; });
    if (annotations_.empty()) return std::nullopt;
    others();
    if (std::ranges::find(kKinds, done_.kind) == std::end(kKinds)) {
      lose("EDSM restarts Deployments, StatefulSets and DaemonSets");
    } else if (!is_object_name(done_.name)) {
      lose("its name is not one that Kubernetes takes");
    } else {
      wanted();
      carry_over();
    }
    return std::move(done_);
  }

 private:
  template <class... Parts>
  void lose(fmt::format_string<Parts...> text, Parts&&... parts) {
    done_.lost.push_back(fmt::format(text, std::forward<Parts>(parts)...));
  }

  /// Reloader's annotations that have no counterpart.
  void others() {
    for (const auto& [name, value] : annotations_) {
      const bool known = name == kAuto || name == kSecretAuto || name == kSearch ||
                         name == kNamed || name == kExcluded;
      if (!known && value != "false") lose("{}: {}", name, value);
    }
  }

  void wanted() {
    for (auto& name : names_in(annotations_, kNamed)) wanted_.insert(std::move(name));
    const auto references = references_of(workload_);
    const bool all = is_true(annotations_, kAuto);
    if (all || is_true(annotations_, kSecretAuto)) {
      std::set<std::string> found = references.secrets;
      for (const auto& name : names_in(annotations_, kExcluded)) found.erase(name);
      wanted_.merge(found);
    }
    if (all && !references.config_maps.empty()) {
      lose("ConfigMaps ({}): EDSM watches Secrets only", fmt::join(references.config_maps, ", "));
    }
    if (!is_true(annotations_, kSearch)) return;
    if (!secrets_.matching_known) {
      lose("{}: which Secrets carry {} could not be read", kSearch, kMatch);
    }
    for (const auto& name : references.secrets) {
      if (secrets_.matching.contains({done_.ns, name})) wanted_.insert(name);
    }
  }

  void carry_over() {
    std::set<std::string> names = present();
    for (const auto& name : wanted_) {
      if (secrets_.managed.contains({done_.ns, name})) {
        names.insert(name);
      } else {
        lose("Secret {}: no EventDrivenSecret writes it", name);
      }
    }
    done_.secrets.assign(names.begin(), names.end());
    if (!done_.lost.empty() || wanted_.empty()) return;
    for (const auto& [name, value] : annotations_) done_.removed.push_back(name);
  }

  /// Those that our own annotation names already.
  std::set<std::string> present() const {
    const auto known = sync::decode_workload(workload_, kube::kDeployments);
    if (!known) return {};
    return {known->secrets.begin(), known->secrets.end()};
  }

  const boost::json::value& workload_;
  const ReloadableSecrets& secrets_;
  Annotations annotations_;
  std::set<std::string> wanted_;
  Reloaded done_;
};

std::string_view annotation_at(const boost::json::value& object, std::string_view path,
                               std::string_view name) {
  const auto* const annotations = base::object_at(object, path);
  if (annotations == nullptr) return {};
  const auto* const value = annotations->if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

}  // namespace

std::optional<Reloaded> convert_reloader(std::string_view kind, const boost::json::value& workload,
                                         const ReloadableSecrets& secrets,
                                         std::string_view default_ns) {
  return Conversion(kind, workload, secrets, default_ns).run();
}

bool searches_secrets(const boost::json::value& workload) {
  return is_true(annotations_of(workload), kSearch);
}

bool says_match(const boost::json::value& object) {
  if (base::find_path(object, "spec.target.template") != nullptr) {
    return annotation_at(object, "spec.target.template.metadata.annotations", kMatch) == "true";
  }
  return annotation_at(object, "metadata.annotations", kMatch) == "true" ||
         annotation_at(object, "spec.target.annotations", kMatch) == "true";
}

std::string workload_annotation(const std::vector<std::string>& secrets) {
  base::JsonWriter json;
  json.begin_array();
  for (const auto& each : secrets) json.string(each);
  json.end_array();
  return std::string(json.bytes().view());
}

}  // namespace edsm::cli
