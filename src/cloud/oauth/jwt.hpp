#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"

namespace edsm::cloud::oauth {

/// An RSA key of 2048 bits or more, in PEM, without a password. Failure::invalid, code
/// "BadPrivateKey", with the cause and never a byte of the key.
base::Result<> check_private_key(std::string_view pem);

/// What a JWT's header says of the key; what is empty is left out.
struct JwtKey {
  std::string_view id;          ///< "kid"
  std::string_view thumbprint;  ///< "x5t": of its certificate, as it stands there
};

/// A JWT signed with RS256: `claims` is its JSON object. Fails as check_private_key does.
base::Result<base::SecretBytes> sign_jwt(std::string_view claims, const JwtKey& key,
                                         std::string_view private_key_pem);

/// The alphabet for URLs, without padding.
void append_base64url(std::string_view bytes, base::SecretBytes& out);

/// What a JWT says, whoever signed it: for people only. Failure::invalid, code "MalformedJwt".
base::Result<base::JsonDocument> read_claims(std::string_view jwt);

}  // namespace edsm::cloud::oauth
