#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cloud/aws/credentials.hpp"
#include "cloud/aws/files.hpp"
#include "cloud/aws/shared_config.hpp"

/// Where credentials come from, as data: chosen once, without I/O, from the environment and the
/// shared config files (choose_credential_source); turned into providers by make_provider.
namespace edsm::cloud::aws {

struct StaticKeys {
  Credentials keys;
};
/// Keys of a profile. The files are read at each get, so that a mounted file may be rotated.
struct ProfileKeys {
  std::string profile;
  SharedConfigPaths paths;
};
struct ProcessSource {
  std::vector<std::string> argv;
};
struct WebIdentitySource {
  std::string role_arn;
  std::string token_file;
  std::string session_name;
  std::optional<std::chrono::seconds> duration;
};
struct ContainerSource {
  std::string url;
  std::string token_file;   ///< wins over `token`
  base::SecretBytes token;  ///< value of the Authorization header
};
struct InstanceSource {
  std::string endpoint;
  std::chrono::seconds timeout{1};
  int attempts = 1;
};
struct AssumeRoleSource;

using CredentialSource =
    std::variant<StaticKeys, ProfileKeys, ProcessSource, WebIdentitySource, ContainerSource,
                 InstanceSource, std::unique_ptr<AssumeRoleSource>>;

struct AssumeRoleSource {
  std::string role_arn;
  std::string session_name;
  std::string external_id;
  std::optional<std::chrono::seconds> duration;
  CredentialSource base;  ///< whose credentials sign the call
};

/// The first that is configured: keys in the environment, web identity in the environment, the
/// profile, container endpoint, EC2 instance metadata (unless switched off). Failure::invalid if
/// what is configured is incomplete or nothing is.
base::Result<CredentialSource> choose_credential_source(const Getenv& env,
                                                        const SharedConfig& config,
                                                        const SharedConfigPaths& paths);

}  // namespace edsm::cloud::aws
