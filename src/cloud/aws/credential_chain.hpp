#pragma once

#include <memory>
#include <string>

#include "cloud/aws/client.hpp"
#include "cloud/aws/credential_source.hpp"
#include "cloud/aws/process_credentials.hpp"

namespace edsm::cloud::aws {

/// What providers need to work. Everything referred to outlives them.
struct ProviderDeps {
  Wiring wiring;
  net::Http& api;
  net::Http& metadata;
  ReadFile read_file;
  base::ProcessRunner& processes;
  std::string sts_region;
  std::string sts_url;
};

/// The provider of a source, and those that it builds on.
std::unique_ptr<CredentialsProvider> make_provider(CredentialSource source,
                                                   const ProviderDeps& deps);

}  // namespace edsm::cloud::aws
