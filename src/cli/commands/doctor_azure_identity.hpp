#pragma once

#include <string>

#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/azure/azure.hpp"
#include "cloud/azure/inspect/credential_origin.hpp"

namespace edsm::cli {

/// Whom Azure sees.
struct AzureIdentity {
  Findings findings;
  bool usable = false;     ///< there is a token
  bool managed = false;    ///< it gets tokens of its own tenant only
  std::string tenant;      ///< its id; empty: not known
  bool by_object = false;  ///< the assignee is an object's id, not an application's
  std::string assignee;    ///< whom roles are given to, in commands; "ASSIGNEE": nobody says
};

/// By a token for `scope`.
base::Task<AzureIdentity> examine_azure_identity(cloud::azure::Cloud& cloud,
                                                 cloud::azure::CredentialOrigin origin,
                                                 std::string scope);

/// Pure: by what the token says, and where it does not, by the settings.
AzureIdentity judge_azure_identity(const cloud::azure::CredentialOrigin& origin,
                                   const cloud::azure::TokenFacts& token);

}  // namespace edsm::cli
