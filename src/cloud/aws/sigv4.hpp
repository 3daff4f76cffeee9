#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "cloud/aws/credentials.hpp"
#include "net/http.hpp"
#include "net/url.hpp"

/// AWS Signature Version 4, for all services but S3 (paths are normalised and encoded twice).
namespace edsm::cloud::aws {

/// What is signed. Views must outlive the call only.
struct SignedRequest {
  net::Method method;
  const net::Url& url;
  const net::Headers& headers;
  std::string_view body;
};

struct SigningScope {
  std::string region;
  std::string service;
};

/// "20150830T123600Z"
std::string amz_date(base::WallTime time);

/// The canonical form of the request with `headers`, to which Host and X-Amz-Date already belong.
/// `signed_headers` receives their names, joined by ';'.
std::string canonical_request(const SignedRequest& request, std::string& signed_headers);

/// Signs requests of one client. Holds the derived key of the day, wiped when it goes.
class Signer {
 public:
  explicit Signer(SigningScope scope) : scope_(std::move(scope)) {}

  /// The headers to add: X-Amz-Date, X-Amz-Security-Token (with temporary credentials) and
  /// Authorization. Every header of the request is signed, but those that proxies change, and Host
  /// as the HTTP client will send it.
  std::vector<net::Header> sign(const SignedRequest& request, const Credentials& credentials,
                                base::WallTime now);

 private:
  const base::SecretBytes& key(const Credentials& credentials, std::string_view day);

  SigningScope scope_;
  std::string key_day_;
  base::SecretBytes key_secret_;
  base::SecretBytes key_;
};

}  // namespace edsm::cloud::aws
