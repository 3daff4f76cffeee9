#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::cloud::oauth {

/// An RSA key of 2048 bits or more, in PEM, without a password. Failure::invalid, code
/// "BadPrivateKey", with the cause and never a byte of the key.
base::Result<> check_private_key(std::string_view pem);

/// A JWT signed with RS256: `claims` is its JSON object, `key_id` becomes its "kid" (unless empty).
/// Fails as check_private_key does.
base::Result<base::SecretBytes> sign_jwt(std::string_view claims, std::string_view key_id,
                                         std::string_view private_key_pem);

}  // namespace edsm::cloud::oauth
