#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

/// What the errors of Azure's services mean, in one place.
namespace edsm::cloud::azure {

/// The class of an HTTP status whose answer names no code. An unknown 4xx is `refused` (it is tried
/// again after minutes), never `invalid`, which is final.
base::Failure failure_of(int http_status);

/// How long an answer asks to be left alone: retry-after-ms, x-ms-retry-after-ms, Retry-After (in
/// seconds, or a date, which counts from the answer's own); at most an hour.
std::optional<std::chrono::milliseconds> asked_wait(const net::Headers& headers);

/// The codes of Key Vault's error body: letters and digits, else empty.
struct VaultError {
  std::string code;   ///< "Forbidden", "SecretNotFound"
  std::string inner;  ///< "SecretDisabled", "ForbiddenByRbac"
};
VaultError read_vault_error(std::string_view body);

/// The error of Key Vault's answer that is not 2xx. Of a disabled secret it is Failure::refused
/// with code kSourceDisabled; absent is only what the service itself says to be. `what` begins the
/// text ("keyvault GetSecret"); the server's own text stays out of it.
base::Error vault_error(const net::Response& response, std::string_view what);

/// Of a refusal by role or access policy, which a grant would cure.
bool lacks_role(const base::Error& error);

}  // namespace edsm::cloud::azure
