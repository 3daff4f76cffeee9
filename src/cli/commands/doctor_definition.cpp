#include "cli/commands/doctor_definition.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edsm::cli {
namespace {

using Level = Finding::Level;

/// The schema of EventDrivenSecret: its name in the document is the API server's business.
const boost::json::object* spec_fields(const boost::json::value& openapi) {
  const auto* const schemas = base::object_at(openapi, "components.schemas");
  if (schemas == nullptr) return nullptr;
  for (const auto& [name, schema] : *schemas) {
    if (std::string_view(name.data(), name.size()).ends_with(".EventDrivenSecret"))
      return base::object_at(schema, "properties.spec.properties");
  }
  return nullptr;
}

}  // namespace

Finding judge_definition(const boost::json::value& openapi) {
  const auto* const fields = spec_fields(openapi);
  if (fields == nullptr) {
    return {Level::unknown, "crd", "the API server's OpenAPI document does not describe it",
            "ask again in a minute: it follows a new CustomResourceDefinition late"};
  }
  std::vector<std::string> missing;
  for (const auto field : kSpecFields) {
    if (!fields->contains({field.data(), field.size()}))
      missing.push_back(fmt::format("spec.{}", field));
  }
  const auto* const options = fields->if_contains("cloudProviderOptions");
  const auto* const known = options == nullptr ? nullptr : base::object_at(*options, "properties");
  for (const auto field : kOptionFields) {
    if (known != nullptr && !known->contains({field.data(), field.size()}))
      missing.push_back(fmt::format("spec.cloudProviderOptions.{}", field));
  }
  if (missing.empty())
    return {Level::good, "crd", "EventDrivenSecret v1alpha1 is served, as this version knows it",
            ""};
  return {Level::failure, "crd",
          fmt::format("the CustomResourceDefinition is of an older version: {} would be dropped",
                      fmt::join(missing, ", ")),
          "upgrade the Helm chart, or kubectl apply -f config/crd/bases"};
}

base::Task<Finding> examine_definition(kube::Api& api) {
  const auto answer = co_await api.raw(net::Method::get, "/apis/secrets.edsm.io/v1alpha1", {});
  if (!answer) {
    co_return Finding{Level::failure, "crd",
                      "EventDrivenSecret v1alpha1 is not served: " + base::describe(answer.error()),
                      "install the Helm chart, or kubectl apply -f config/crd/bases"};
  }
  const auto openapi =
      co_await api.raw(net::Method::get, "/openapi/v3/apis/secrets.edsm.io/v1alpha1", {});
  if (openapi) co_return judge_definition(openapi->root());
  co_return Finding{Level::unknown, "crd",
                    "EventDrivenSecret v1alpha1 is served; its fields cannot be read: " +
                        base::describe(openapi.error()),
                    "grant the ClusterRole system:discovery to check this"};
}

}  // namespace edsm::cli
