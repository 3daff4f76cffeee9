#pragma once

#include <string>
#include <string_view>

#include "cloud/azure/auth/auth_settings.hpp"

namespace edsm::cloud::azure {

/// Who the controller is by its settings, for people. Never a key or a token.
struct CredentialOrigin {
  std::string how;          ///< "a client secret (AZURE_CLIENT_SECRET)"
  std::string client_id{};  ///< of the application; empty: the machine's own identity
  std::string tenant{};     ///< as it is set, an id or a domain; empty: it is not
  bool managed = false;     ///< the machine's: it gets tokens of its own tenant only
};
CredentialOrigin origin_of(const AuthSettings& settings);

/// What a token says of whom it is for. Empty: it does not say, as one that is no JWT.
struct TokenFacts {
  std::string application;  ///< its client id
  std::string object;       ///< what roles are given to
  std::string tenant;       ///< an id
  std::string resource;     ///< of a managed identity: its resource id
};
/// Pure. Nothing is verified: for people only.
TokenFacts read_token(std::string_view token);

}  // namespace edsm::cloud::azure
