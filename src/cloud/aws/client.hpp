#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cloud/aws/credential_cache.hpp"
#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/retry.hpp"
#include "cloud/aws/sigv4.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cloud::aws {

/// What all clients share. Everything referred to outlives them.
struct Wiring {
  base::Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  RetrySettings retry;
};

/// One POST to "/" of a service. The body may be a secret; it is sent again on retries.
struct Call {
  std::string operation;     ///< "GetSecretValue": for metrics and texts
  std::string content_type;  ///< empty: none
  std::string target;        ///< X-Amz-Target; empty: none
  base::SecretBytes body;
  base::Duration timeout = std::chrono::seconds(10);
  std::size_t max_body = std::size_t{16} << 20U;
};

/// Calls one service in one region: signs, sends, classifies, retries, corrects the clock, and has
/// refused credentials renewed once.
class Client {
 public:
  /// Without `credentials` requests are not signed.
  Client(Service service, std::string region, std::string url, net::Http& http,
         CredentialCache* credentials, Wiring wiring);

  /// The 2xx answer.
  base::Task<base::Result<net::Response>> send(Call call);
  /// The JSON protocols: `body` is an object, so is the answer (an empty body counts as `{}`).
  base::Task<base::Result<base::JsonDocument>> call(std::string operation, base::SecretBytes body);
  base::Task<base::Result<base::JsonDocument>> call(std::string operation, base::SecretBytes body,
                                                    base::Duration timeout, std::size_t max_body);

  const std::string& region() const { return region_; }

 private:
  net::Request build(const Call& call, const Credentials* credentials);
  void record(const Call& call, const base::Result<net::Response>& answer, base::Instant start);
  base::Error error_from(const Call& call, base::Result<net::Response>& answer) const;
  std::string what(const Call& call) const;

  Service service_;
  std::string region_;
  std::string url_text_;
  net::Url url_;
  net::Http& http_;
  CredentialCache* credentials_;
  Wiring wiring_;
  Signer signer_;
  RetryQuota quota_;
  SkewCorrection skew_;
};

}  // namespace edsm::cloud::aws
