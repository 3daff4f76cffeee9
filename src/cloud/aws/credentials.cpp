#include "cloud/aws/credentials.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/time.hpp"

namespace edsm::cloud::aws {

base::Result<Credentials> parse_credentials(std::string_view json, std::string_view token_member,
                                            std::string_view origin) {
  const auto malformed = [&origin](std::string_view why) {
    return base::fail(base::Failure::credentials, "MalformedCredentials",
                      fmt::format("{} {}", origin, why));
  };
  const auto document = base::JsonDocument::parse(json);
  if (!document) return malformed("did not answer with JSON");
  const auto& root = document->root();
  Credentials credentials;
  credentials.access_key_id = base::string_at(root, "AccessKeyId");
  credentials.secret_access_key.append(base::string_at(root, "SecretAccessKey"));
  credentials.session_token.append(base::string_at(root, token_member));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return malformed("answered without AccessKeyId and SecretAccessKey");
  }
  if (const auto expiry = base::string_at(root, "Expiration"); !expiry.empty()) {
    credentials.expires = base::parse_rfc3339(expiry);
    if (!credentials.expires) return malformed("answered with an unreadable Expiration");
  }
  return credentials;
}

}  // namespace edsm::cloud::aws
