#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "net/http.hpp"

/// Where tokens come from, as data: read once, without network I/O, from the environment and the
/// credential file (load_adc), and turned into a provider by make_adc. Move-only where it holds
/// keys. URLs have been checked (trusted_url.hpp).
namespace edsm::cloud::gcp::auth {

inline constexpr std::string_view default_universe = "googleapis.com";
/// Every token is asked for with it; what it may do is a matter of IAM.
inline constexpr std::string_view scope = "https://www.googleapis.com/auth/cloud-platform";

/// Of an emulator: no token at all.
struct AnonymousSource {};

/// "service_account": its private key signs for it.
struct KeySource {
  std::string email;
  std::string key_id;  ///< may be empty
  base::SecretBytes private_key;
  std::string token_url;
  /// The JWT is the token: other universes than Google's own have no endpoint to exchange it.
  bool self_signed = false;
};

/// "authorized_user": what `gcloud auth application-default login` leaves.
struct UserSource {
  std::string client_id;
  base::SecretBytes client_secret;
  base::SecretBytes refresh_token;
  std::string token_url;
};

/// Of the machine or, on GKE, of the Kubernetes service account.
struct MetadataSource {
  std::string root;  ///< "http://metadata.google.internal/computeMetadata/v1/"
  std::chrono::seconds timeout{3};
};

/// How a subject token is written down: empty: as it is; else the member of a JSON object.
struct SubjectFormat {
  std::string json_member;
};
struct FileSubject {
  std::string file;
  SubjectFormat format;
};
struct UrlSubject {
  std::string url;
  std::vector<net::Header> headers;
  SubjectFormat format;
};
/// A signed request that proves an AWS identity. Keys of the environment, if there, else those of
/// the EC2 instance.
struct AwsSubject {
  std::string verification_url;  ///< with "{region}"
  std::string region;            ///< empty: the instance's
  std::string metadata;          ///< origin of EC2's instance metadata; empty: not to be used
  std::string access_key_id;     ///< empty: the instance's role
  base::SecretBytes secret_access_key;
  base::SecretBytes session_token;
};
using SubjectSource = std::variant<FileSubject, UrlSubject, AwsSubject>;

/// "external_account": workload identity federation.
struct FederationSource {
  std::string audience;
  std::string subject_token_type;
  std::string token_url;
  SubjectSource subject;
  std::string client_id;  ///< empty: the client does not authenticate itself
  base::SecretBytes client_secret;
  std::string workforce_project;  ///< of workforce pools: whose quota it is
};

struct ImpersonationSource;

using TokenSource = std::variant<AnonymousSource, KeySource, UserSource, MetadataSource,
                                 FederationSource, std::unique_ptr<ImpersonationSource>>;

/// A service account, with the token of another identity that may act as it.
struct ImpersonationSource {
  std::string url;    ///< ends with ":generateAccessToken"
  std::string email;  ///< for texts
  std::vector<std::string> delegates;
  std::chrono::seconds lifetime{3600};
  TokenSource base;
};

}  // namespace edsm::cloud::gcp::auth
