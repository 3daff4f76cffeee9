#pragma once

#include <string>

#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/gcp/gcp.hpp"
#include "cloud/gcp/inspect/credential_origin.hpp"

namespace edsm::cli {

struct GoogleIdentity {
  Findings findings;
  std::string member;   ///< for policies: "serviceAccount:…"; "MEMBER" if it is not known
  std::string project;  ///< of bindings that name none; empty: none is known
  bool usable = false;  ///< there is a token
};

/// Who we are for Google: the credentials in use, whose they are as far as that is told without a
/// permission, the project, and whether Google's clock agrees with ours. `http` carries what has no
/// credentials: to `api_url` (any of Google's), and to who tells whose a person's token is.
base::Task<GoogleIdentity> examine_google_identity(cloud::gcp::Cloud& cloud, base::Clock& clock,
                                                   net::Http& http,
                                                   cloud::gcp::CredentialOrigin origin,
                                                   std::string api_url);

/// Pure: "serviceAccount:edsm@shop.iam.gserviceaccount.com", "user:…", or "MEMBER".
std::string member_of(const std::string& principal);

}  // namespace edsm::cli
