#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cloud/files.hpp"
#include "cloud/gcp/auth/token_source.hpp"

namespace edsm::cloud::gcp::auth {

/// What a credential file says.
struct CredentialFile {
  TokenSource source;
  std::string project_id;     ///< of a service account; may be empty
  std::string quota_project;  ///< may be empty
};

/// Reads the JSON of a credential file: service_account, external_account,
/// impersonated_service_account or authorized_user. It is believed only what check_token_url and
/// its like allow; `universe` is the only one whose hosts are. `path` begins error texts. `env` is
/// asked for AWS's variables, if AWS gives the subject token.
/// Failure::invalid, code "InvalidCredentialFile", "UntrustedUrl" or "BadPrivateKey", with a text
/// that names the member and the remedy.
base::Result<CredentialFile> parse_credential_file(std::string_view json, const std::string& path,
                                                   const std::string& universe, const Getenv& env);

}  // namespace edsm::cloud::gcp::auth
