#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cloud/aws/files.hpp"

namespace edsm::cloud::aws {

using Section = std::map<std::string, std::string, std::less<>>;

/// Sections of AWS's INI dialect: lower-case keys, a key without a value that is followed by
/// indented "key = value" lines becomes "outer.inner". Names are as written ("profile dev").
/// Failure::invalid, code "MalformedConfig", naming the line. No secret is quoted.
base::Result<std::map<std::string, Section, std::less<>>> parse_ini(std::string_view text);

struct SharedConfigPaths {
  std::string config;
  std::string credentials;
  std::string profile = "default";
  bool profile_is_explicit = false;  ///< AWS_PROFILE named it: then it must exist
};
SharedConfigPaths shared_config_paths(const Getenv& env);

/// ~/.aws/config and ~/.aws/credentials, merged per profile; for keys, the latter wins.
struct SharedConfig {
  std::map<std::string, Section, std::less<>> profiles;
  std::map<std::string, Section, std::less<>> services;  ///< "[services X]": "sqs.endpoint_url"
  std::string profile = "default";

  const Section* find_profile(std::string_view name) const;
  /// A value of the chosen profile; empty if there is none.
  std::string_view value(std::string_view key) const;
};

/// Missing files are empty ones. Secret keys are not kept: "set" stands for them; ProfileKeys reads
/// them when they are needed.
base::Result<SharedConfig> load_shared_config(const SharedConfigPaths& paths, const ReadFile& read);

}  // namespace edsm::cloud::aws
