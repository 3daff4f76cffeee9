#pragma once

#include <string>

#include "base/error.hpp"
#include "cloud/azure/auth/identity_source.hpp"
#include "cloud/azure/hosts.hpp"
#include "cloud/files.hpp"

namespace edsm::cloud::azure {

/// Everything that the program's environment says about its identity, read once. Move-only: it may
/// hold keys.
struct AuthSettings {
  auth::IdentitySource source;
  /// For logs and doctor: "AZURE_FEDERATED_TOKEN_FILE=/var/run/…", "http://169.254.169.254".
  std::string origin;
  ReadFile read_file;
};

/// In the order of Microsoft's DefaultAzureCredential: a client secret, a client certificate
/// (AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH), workload identity
/// (AZURE_FEDERATED_TOKEN_FILE), and last a managed identity of the machine. What is configured but
/// wrong is Failure::invalid, with a text that names the variable or file and the remedy; nothing
/// else is tried then. Never does network I/O.
base::Result<AuthSettings> load_auth(const Getenv& env, const ReadFile& read, const Hosts& hosts);

}  // namespace edsm::cloud::azure
