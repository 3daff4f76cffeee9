#include "cli/commands/doctor_admission.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sync/names.hpp"

namespace edsm::cli {
namespace {

using base::string_at;
using boost::json::value;
using Level = Finding::Level;

constexpr std::string_view kPartOf = "k8s-event-driven-secrets";

template <class Test>
bool any_of(const value& parent, std::string_view path, Test test) {
  const auto* const list = base::array_at(parent, path);
  return list != nullptr && std::ranges::any_of(*list, test);
}

bool is_text(const value& each, std::string_view text) {
  return each.is_string() &&
         each.get_string() == boost::json::string_view(text.data(), text.size());
}

bool is_ours(const value& policy) {
  if (string_at(policy, "metadata.name").contains(kPartOf)) return true;
  const auto* const labels = base::object_at(policy, "metadata.labels");
  if (labels == nullptr) return false;
  const auto* const part_of = labels->if_contains("app.kubernetes.io/part-of");
  return part_of != nullptr && is_text(*part_of, kPartOf);
}

bool selects_our_secrets(const value& policy) {
  const bool secrets = any_of(policy, "spec.matchConstraints.resourceRules", [](const value& rule) {
    return any_of(rule, "resources", [](const value& each) { return is_text(each, "secrets"); });
  });
  if (!secrets) return false;
  const auto* const labels =
      base::object_at(policy, "spec.matchConstraints.objectSelector.matchLabels");
  const boost::json::string_view label(sync::kManagedLabel.data(), sync::kManagedLabel.size());
  if (labels != nullptr && labels->contains(label)) return true;
  return any_of(
      policy, "spec.matchConstraints.objectSelector.matchExpressions",
      [](const value& expression) { return string_at(expression, "key") == sync::kManagedLabel; });
}

bool denies(const value& bindings, std::string_view policy) {
  return any_of(bindings, "items", [policy](const value& binding) {
    return string_at(binding, "spec.policyName") == policy &&
           any_of(binding, "spec.validationActions",
                  [](const value& action) { return is_text(action, "Deny"); });
  });
}

}  // namespace

Finding judge_guard(const value& policies, const value& bindings) {
  const auto* const items = base::array_at(policies, "items");
  std::string idle;
  if (items != nullptr) {
    for (const auto& policy : *items) {
      if (!is_ours(policy) && !selects_our_secrets(policy)) continue;
      const auto name = string_at(policy, "metadata.name");
      if (denies(bindings, name)) {
        return {Level::good, "admission", fmt::format("policy {} guards EDSM's Secrets", name), ""};
      }
      idle = name;
    }
  }
  if (!idle.empty()) {
    return {Level::warning, "admission",
            fmt::format("policy {} guards nothing: no binding of it denies", idle),
            "give it a ValidatingAdmissionPolicyBinding with validationActions [Deny]"};
  }
  return {Level::notice, "admission",
          "no admission policy guards EDSM's Secrets: what others change is restored afterwards",
          "switch it on: guard.enabled of the chart, or config/optional/guard.yaml"};
}

base::Task<Finding> examine_guard(kube::Api& api) {
  constexpr std::string_view kGroup = "/apis/admissionregistration.k8s.io/v1";
  const auto not_seen = [](const base::Error& error) {
    const bool refused = error.failure == base::Failure::refused;
    return Finding{
        Level::unknown, "admission",
        refused ? "whoever runs this may not list admission policies" : base::describe(error),
        refused ? "to check this, run it as somebody who may list "
                  "validatingadmissionpolicies and validatingadmissionpolicybindings"
                : "admission policies need Kubernetes 1.30"};
  };
  const auto policies =
      co_await api.raw(net::Method::get, fmt::format("{}/validatingadmissionpolicies", kGroup), {});
  if (!policies) co_return not_seen(policies.error());
  const auto bindings = co_await api.raw(
      net::Method::get, fmt::format("{}/validatingadmissionpolicybindings", kGroup), {});
  if (!bindings) co_return not_seen(bindings.error());
  co_return judge_guard(policies->root(), bindings->root());
}

}  // namespace edsm::cli
