#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "net/http.hpp"

/// Where Google's federation meets AWS: the only file of this folder that knows the other cloud
/// (docs/decisions/federation-from-aws.md).
namespace edsm::cloud::gcp::auth {

/// A subject token of type aws4_request: a signed GetCallerIdentity request, which Google sends to
/// AWS to learn who signed it. It names the `audience`, so it is of no use elsewhere. `metadata`
/// goes to EC2's metadata service without any proxy. Arguments outlive the call.
base::Task<base::Result<base::SecretBytes>> sign_caller_identity(const AwsSubject& source,
                                                                 const std::string& audience,
                                                                 net::Http& metadata,
                                                                 base::Clock& clock);

}  // namespace edsm::cloud::gcp::auth
