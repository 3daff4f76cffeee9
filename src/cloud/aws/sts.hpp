#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cloud/aws/client.hpp"
#include "cloud/aws/credentials.hpp"

namespace edsm::cloud::aws {

struct RoleRequest {
  std::string role_arn;
  std::string session_name;
  std::string external_id;  ///< of AssumeRole only
  std::optional<std::chrono::seconds> duration;
  std::vector<std::pair<std::string, std::string>> tags{};  ///< of AssumeRole only: keys, values
};

/// Form of AssumeRole.
base::SecretBytes assume_role_form(const RoleRequest& role);
/// Form of AssumeRoleWithWebIdentity; it carries the token.
base::SecretBytes web_identity_form(const RoleRequest& role, std::string_view token);
/// The credentials in the XML answer of either. Failure::credentials, code "MalformedCredentials".
base::Result<Credentials> parse_sts_answer(std::string_view xml, std::string_view operation);

}  // namespace edsm::cloud::aws
