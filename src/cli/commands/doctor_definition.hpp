#pragma once

#include <array>
#include <string_view>

#include "base/json.hpp"
#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "kube/api.hpp"

namespace edsm::cli {

/// The members of a binding's spec that this version reads. The API server drops those that the
/// installed CustomResourceDefinition does not know.
inline constexpr auto kSpecFields =
    std::to_array<std::string_view>({"cloudProvider", "cloudProviderOptions", "secretPath",
                                     "targetSecretName", "format", "rawKey", "data", "target"});
/// The members of its spec.cloudProviderOptions. Without roleARN a secret would be read as the
/// controller itself.
inline constexpr auto kOptionFields = std::to_array<std::string_view>(
    {"region", "gcpProjectID", "azureVaultURL", "azureTenantID", "roleARN", "externalID"});

/// Whether the CustomResourceDefinition is installed, and as new as this version.
base::Task<Finding> examine_definition(kube::Api& api);

/// Pure. `openapi` is the API server's OpenAPI document of secrets.edsm.io/v1alpha1.
Finding judge_definition(const boost::json::value& openapi);

}  // namespace edsm::cli
