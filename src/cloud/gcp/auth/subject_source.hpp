#pragma once

#include <boost/json/value.hpp>

#include "base/error.hpp"
#include "cloud/files.hpp"
#include "cloud/gcp/auth/token_source.hpp"

namespace edsm::cloud::gcp::auth {

/// The member `credential_source` of an external_account: a file, a URL or AWS. Programs and
/// certificates are refused: Failure::invalid, code "InvalidCredentialFile" or "UntrustedUrl".
base::Result<SubjectSource> read_subject_source(const boost::json::value& root, const Getenv& env);

}  // namespace edsm::cloud::gcp::auth
