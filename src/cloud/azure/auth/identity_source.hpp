#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/secret.hpp"

/// Whom the controller is in Azure, as data: read once, without network I/O, from the environment
/// (load_auth). Move-only where it holds secrets.
namespace edsm::cloud::azure::auth {

/// AZURE_CLIENT_SECRET
struct SecretProof {
  base::SecretBytes secret;
};
/// AZURE_CLIENT_CERTIFICATE_PATH: a certificate and its key. Read again for each token.
struct CertificateProof {
  std::string file;
  base::SecretBytes password;  ///< may be empty
};
/// AZURE_FEDERATED_TOKEN_FILE: another issuer's token, on AKS the Kubernetes ServiceAccount's. Read
/// again for each token.
struct FederatedProof {
  std::string file;
};
using Proof = std::variant<SecretProof, CertificateProof, FederatedProof>;

/// An application, or a user-assigned identity, of Microsoft Entra, and how it proves itself.
struct ClientSource {
  std::string authority;  ///< "https://login.microsoftonline.com"
  std::string tenant;     ///< GUID or domain; can be a piece of a URL's path
  std::string client_id;
  Proof proof;
};

/// An identity of the machine that this program runs on.
struct ManagedSource {
  enum class Kind : std::uint8_t {
    imds,         ///< the metadata server of virtual machines
    app_service,  ///< IDENTITY_ENDPOINT of App Service, Container Apps, Container Instances
  };
  Kind kind = Kind::imds;
  std::string url;           ///< where tokens are had, without a query
  base::SecretBytes header;  ///< IDENTITY_HEADER; of app_service
  std::string client_id;     ///< of a user-assigned identity; empty: the machine's own
};

using IdentitySource = std::variant<ClientSource, ManagedSource>;

}  // namespace edsm::cloud::azure::auth
