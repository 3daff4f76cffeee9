#include "sim/permissions.hpp"

#include <array>

#include <fmt/format.h>

#include "sim/world.hpp"

namespace edsm::sim {
namespace {

constexpr std::string_view kAdministrator = "administrator";
constexpr std::string_view kByLabel = "team";

std::string by_name(std::string_view ns) {
  return fmt::format("of-{}", ns);
}

std::string by_name_at_google(std::string_view ns) {
  return fmt::format("of-{}-at-google", ns);
}

std::string by_name_at_azure(std::string_view ns) {
  return fmt::format("of-{}-at-azure", ns);
}

std::string_view provider_of(CloudName cloud) {
  static constexpr std::array<std::string_view, 3> names = {"aws", "gcp", "azure"};
  return names[static_cast<std::size_t>(cloud)];
}

Object policy(const std::string& name, Object namespaces, const std::string& path) {
  Object spec;
  spec["namespaces"] = std::move(namespaces);
  spec["provider"] = provider_of(Sources::cloud_of(path));
  spec["paths"] = boost::json::array{Value(path)};
  Object object;
  object["metadata"] = {{"name", name}};
  object["spec"] = std::move(spec);
  return object;
}

}  // namespace

Permissions::Permissions(Schedule& schedule, Cluster& cluster, const Scenario& scenario,
                         const Sources& sources)
    : schedule_(schedule), cluster_(cluster), scenario_(scenario), sources_(sources) {
  if (!scenario.tenancy) return;
  for (unsigned i = 0; i < scenario.namespaces; ++i) {
    Object object;
    object["metadata"] = {{"name", namespace_of(scenario, i)}};
    cluster.create(kube::kNamespaces, std::move(object), kAdministrator);
  }
  Object selector;
  selector["selector"] = {{"matchLabels", {{"team", "a"}}}};
  cluster.create(kube::kAccessPolicies,
                 policy(std::string(kByLabel), std::move(selector), sources.path(0)),
                 kAdministrator);
  if (scenario.seed % 2 == 0) carry_out({{}, Deed::permit, 0, 0, {}});
}

void Permissions::carry_out(const Step& step) {
  if (!scenario_.tenancy) return;
  const auto ns = namespace_of(scenario_, step.a);
  note();
  changed_[ns] = schedule_.now();
  if (step.deed == Deed::label) {
    const auto change = [&step](Object& object) {
      auto& labels = metadata_of(object)["labels"].emplace_object();
      if (step.b % 2 == 0) labels["team"] = "a";
    };
    cluster_.edit(kube::kNamespaces, "", ns, change, kAdministrator);
  } else if (step.deed == Deed::forbid) {
    cluster_.remove(kube::kAccessPolicies, "", by_name(ns), kAdministrator);
    cluster_.remove(kube::kAccessPolicies, "", by_name_at_google(ns), kAdministrator);
    cluster_.remove(kube::kAccessPolicies, "", by_name_at_azure(ns), kAdministrator);
  } else if (!cluster_.find(kube::kAccessPolicies, "", by_name(ns))) {
    Object names;
    names["names"] = boost::json::array{Value(ns)};
    if (scenario_.google != 0) {
      cluster_.create(kube::kAccessPolicies, policy(by_name_at_google(ns), names, "prod-*"),
                      kAdministrator);
    }
    if (scenario_.azure != 0) {
      cluster_.create(kube::kAccessPolicies, policy(by_name_at_azure(ns), names, "shop-*"),
                      kAdministrator);
    }
    cluster_.create(kube::kAccessPolicies, policy(by_name(ns), std::move(names), "prod/*"),
                    kAdministrator);
  }
  note();
}

/// Everything that is permitted at this moment was so until now at least.
void Permissions::note() {
  for (unsigned i = 0; i < scenario_.namespaces; ++i) {
    for (unsigned secret = 0; secret < scenario_.secrets; ++secret) {
      const auto ns = namespace_of(scenario_, i);
      const auto path = sources_.path(secret);
      if (permitted(ns, path)) last_permitted_[{ns, path}] = schedule_.now();
    }
  }
}

bool Permissions::permitted(std::string_view ns, const std::string& path) const {
  if (!scenario_.tenancy) return true;
  if (cluster_.find(kube::kAccessPolicies, "", by_name(ns))) return true;
  const auto object = cluster_.find(kube::kNamespaces, "", ns);
  const auto* const labels = object ? map_of(metadata_of(object->object()), "labels") : nullptr;
  return labels != nullptr && labels->contains("team") && path == sources_.path(0);
}

bool Permissions::permitted_since(std::string_view ns, const std::string& path,
                                  std::optional<base::Instant> since) const {
  if (permitted(ns, path)) return true;
  const auto at = last_permitted_.find({std::string(ns), path});
  return at != last_permitted_.end() && (!since || at->second >= *since);
}

bool Permissions::anybody_since(const std::string& path, std::optional<base::Instant> since) const {
  for (unsigned i = 0; i < scenario_.namespaces; ++i) {
    if (permitted_since(namespace_of(scenario_, i), path, since)) return true;
  }
  return false;
}

bool Permissions::changed_since(std::string_view ns, base::Instant since) const {
  const auto at = changed_.find(ns);
  return at != changed_.end() && at->second >= since;
}

}  // namespace edsm::sim
