#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cloud/azure/authoriser.hpp"
#include "cloud/outage.hpp"
#include "cloud/retry_policy.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cloud::azure {

enum class Service : std::uint8_t { keyvault, servicebus };
/// The name in metrics and texts.
std::string_view to_string(Service service);

/// What all clients share. Everything referred to outlives them.
struct Wiring {
  base::Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
};

/// Where a service is called, in whose name, and what its refusals mean.
struct Endpoint {
  std::string origin;                      ///< "https://shop-kv.vault.azure.net"
  std::shared_ptr<Authoriser> authoriser;  ///< null: calls carry no credentials
  /// The error of an answer that is not 2xx; `what` begins its text.
  base::Error (*error_of)(const net::Response& answer, std::string_view what);
};

/// One request of a REST API. The body may be sent again on retries.
struct Call {
  Call(std::string operation_, std::string path_)
      : operation(std::move(operation_)), path(std::move(path_)) {}

  std::string operation;  ///< "GetSecret": for metrics and texts
  std::string path;       ///< "/…", percent-encoded, with its query; sent as it is
  net::Method method = net::Method::get;
  net::Headers headers;
  base::SecretBytes body;
  base::Duration timeout = std::chrono::seconds(10);
  std::size_t max_body = std::size_t{1} << 20U;
  int max_attempts = 3;
  /// Not sent while the endpoint is known to be out of reach (Outage).
  bool fails_fast = true;
};

/// Calls one service at one endpoint: authorises, sends, classifies, retries, and has a refused
/// token renewed.
class Client {
 public:
  Client(Service service, Endpoint endpoint, net::Http& http, Wiring wiring)
      : service_(service), endpoint_(std::move(endpoint)), http_(http), wiring_(wiring) {}

  /// The 2xx answer as it came.
  base::Task<base::Result<net::Response>> send(Call call);
  /// The 2xx answer, a JSON object.
  base::Task<base::Result<base::JsonDocument>> call(Call call);

  const std::string& origin() const { return endpoint_.origin; }

 private:
  net::Request build(const Call& call, const Pass& pass) const;
  void record(const Call& call, const base::Result<net::Response>& answer, base::Instant start);
  base::Error error_from(const Call& call, base::Result<net::Response>& answer) const;
  base::Task<base::Result<Pass>> pass();
  base::Task<base::Result<net::Response>> exchange(const Call& call, const Pass& pass);
  std::string what(const Call& call) const;

  Service service_;
  Endpoint endpoint_;
  net::Http& http_;
  Wiring wiring_;
  RetryQuota quota_;
  Outage outage_;
};

}  // namespace edsm::cloud::azure
