#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cloud/oauth/token_cache.hpp"
#include "cloud/outage.hpp"
#include "cloud/retry_policy.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cloud::gcp {

enum class Service : std::uint8_t { pubsub, secretmanager, logging };
/// The name in metrics and texts, and the first label of its host.
std::string_view to_string(Service service);

/// What all clients share. Everything referred to outlives them.
struct Wiring {
  base::Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
};

/// Where a service is called, and in whose name.
struct Endpoint {
  std::string origin;         ///< "https://pubsub.googleapis.com"; a path prefix may follow
  oauth::TokenCache* tokens;  ///< null: calls carry no credentials (an emulator)
  std::string quota_project;  ///< X-Goog-User-Project; empty: that of the credentials pays
};

/// One request of the REST API. The body may be sent again on retries.
struct Call {
  Call(std::string operation_, std::string path_)
      : operation(std::move(operation_)), path(std::move(path_)) {}

  std::string operation;  ///< "AccessSecretVersion": for metrics and texts
  std::string path;       ///< "/v1/…", percent-encoded
  net::Method method = net::Method::get;
  base::SecretBytes body;  ///< JSON; of a POST
  base::Duration timeout = std::chrono::seconds(10);
  std::size_t max_body = std::size_t{1} << 20U;
  int max_attempts = 3;
  /// Not sent while the endpoint is known to be out of reach (Outage).
  bool fails_fast = true;
};

/// Calls one service at one endpoint: authorises, sends, classifies, retries, and has a refused
/// token renewed once.
class Client {
 public:
  Client(Service service, Endpoint endpoint, net::Http& http, Wiring wiring)
      : service_(service), endpoint_(std::move(endpoint)), http_(http), wiring_(wiring) {}

  /// The 2xx answer, a JSON object (an empty body counts as `{}`).
  base::Task<base::Result<base::JsonDocument>> call(Call call);
  /// The answer as it came: the raw body of a refusal, in `refused`, for who needs its details.
  base::Task<base::Result<base::JsonDocument>> call(Call call, base::SecretBytes& refused);

 private:
  net::Request build(const Call& call, const oauth::Token* token) const;
  void record(const Call& call, const base::Result<net::Response>& answer, base::Instant start);
  base::Error error_from(const Call& call, base::Result<net::Response>& answer) const;
  base::Task<base::Result<net::Response>> exchange(const Call& call, const oauth::Token* token);
  base::Task<base::Result<net::Response>> send(const Call& call, base::SecretBytes& refused);
  std::string what(const Call& call) const;

  Service service_;
  Endpoint endpoint_;
  net::Http& http_;
  Wiring wiring_;
  RetryQuota quota_;
  Outage outage_;
};

}  // namespace edsm::cloud::gcp
