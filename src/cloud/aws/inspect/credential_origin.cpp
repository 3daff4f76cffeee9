#include "cloud/aws/inspect/credential_origin.hpp"

#include <fmt/format.h>

namespace edsm::cloud::aws {
namespace {

struct Origin {
  std::string operator()(const StaticKeys&) const {
    return "keys in the environment (AWS_ACCESS_KEY_ID)";
  }
  std::string operator()(const ProfileKeys& source) const {
    return fmt::format("keys of the profile \"{}\"", source.profile);
  }
  std::string operator()(const ProcessSource& source) const {
    return fmt::format("the credential process {}", source.argv.empty() ? "" : source.argv.front());
  }
  std::string operator()(const WebIdentitySource& source) const {
    return fmt::format("role {} by web identity, token {}", source.role_arn, source.token_file);
  }
  std::string operator()(const ContainerSource& source) const {
    return fmt::format("the container endpoint {}", source.url);
  }
  std::string operator()(const InstanceSource& source) const {
    return fmt::format("instance metadata at {}", source.endpoint);
  }
  std::string operator()(const std::unique_ptr<AssumeRoleSource>& source) const {
    return fmt::format("role {}, assumed by {}", source->role_arn, origin_of(source->base));
  }
};

}  // namespace

std::string origin_of(const CredentialSource& source) {
  return std::visit(Origin{}, source);
}

}  // namespace edsm::cloud::aws
