#pragma once

#include <string>

#include "cloud/aws/credential_source.hpp"

namespace edsm::cloud::aws {

/// Where credentials come from, for people: "the environment (AWS_ACCESS_KEY_ID …)", "profile x".
/// Never a key or a token.
std::string origin_of(const CredentialSource& source);

}  // namespace edsm::cloud::aws
