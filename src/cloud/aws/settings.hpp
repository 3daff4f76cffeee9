#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cloud/aws/credential_source.hpp"
#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/files.hpp"
#include "cloud/aws/retry.hpp"

namespace edsm::cloud::aws {

/// Everything that the program's environment says about AWS, read once. Move-only: it may hold
/// keys.
struct Settings {
  std::vector<QueueUrl> queues;  ///< SQS_QUEUE_URL, several separated by commas; regions filled in
  std::string region;            ///< AWS_REGION, AWS_DEFAULT_REGION or the profile's; may be empty
  EndpointSettings endpoints;
  RetrySettings retry;
  CredentialSource credentials;
  std::string sts_region;  ///< `region`, or else that of the first queue
  std::string sts_url;     ///< empty if the controller's own credentials need no role
  std::string ca_bundle;   ///< AWS_CA_BUNDLE or the profile's ca_bundle: trust of the `api` Http
  ReadFile read_file;      ///< token files are read again at each refresh
};

/// Failure::invalid with a text that names the variable and the remedy. Never does network I/O.
base::Result<Settings> load_settings(const Getenv& env);
base::Result<Settings> load_settings(const Getenv& env, ReadFile read);

}  // namespace edsm::cloud::aws
