#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"

namespace edsm::cloud::aws {

/// One set of keys. Secrets are wiped with their owner.
struct Credentials {
  std::string access_key_id;
  base::SecretBytes secret_access_key;
  base::SecretBytes session_token;        ///< empty with long-lived keys
  std::optional<base::WallTime> expires;  ///< nullopt: never
};

/// Gets credentials, each time anew; holding them is CredentialCache's work, applying them
/// Signer's. Errors name what was configured and the remedy: it is never passed over for the next
/// source.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// For logs and metrics: "environment", "web-identity".
  virtual std::string_view name() const = 0;
  virtual base::Task<base::Result<Credentials>> get() = 0;
};

/// Reads the JSON object that credential processes, container endpoints and IMDS answer with; the
/// member of the session token differs ("SessionToken" or "Token"). `origin` begins error texts.
/// Failure::credentials, code "MalformedCredentials", if keys are missing or a time is unreadable.
base::Result<Credentials> parse_credentials(std::string_view json, std::string_view token_member,
                                            std::string_view origin);

}  // namespace edsm::cloud::aws
