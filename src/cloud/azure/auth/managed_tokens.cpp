#include "cloud/azure/auth/managed_tokens.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/azure/auth/client_tokens.hpp"
#include "cloud/azure/auth/entra_errors.hpp"
#include "cloud/azure/auth/machine_retry.hpp"
#include "cloud/oauth/exchange.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using base::Failure;

constexpr std::string_view code = "ManagedIdentity";
constexpr base::Duration timeout = std::chrono::seconds(5);
/// A server's wish is followed up to so much beyond our own wait.
constexpr base::Duration max_wish = std::chrono::seconds(5);

/// What the metadata server calls the scope "https://vault.azure.net/.default".
std::string_view resource_of(std::string_view scope) {
  constexpr std::string_view end = "/.default";
  if (scope.ends_with(end)) scope.remove_suffix(end.size());
  return scope;
}

}  // namespace

ManagedTokens::ManagedTokens(const ManagedSource& source, std::string scope, net::Http& http,
                             base::Clock& clock)
    : source_(source),
      scope_(std::move(scope)),
      name_(source_name("managed-identity", scope_)),
      http_(http),
      clock_(clock) {}

net::Request ManagedTokens::request() const {
  const bool imds = source_.kind == ManagedSource::Kind::imds;
  std::string url =
      fmt::format("{}?api-version={}&resource={}", source_.url, imds ? "2018-02-01" : "2019-08-01",
                  net::percent_encode(resource_of(scope_)));
  if (!source_.client_id.empty()) url += "&client_id=" + net::percent_encode(source_.client_id);
  net::Request request(net::Method::get, std::move(url));
  if (imds) {
    request.headers.add("Metadata", "true");
  } else {
    request.headers.add("X-IDENTITY-HEADER", source_.header.view());
  }
  request.timeout = timeout;
  request.max_body = std::size_t{64} << 10U;
  request.confidential = true;
  return request;
}

base::Error ManagedTokens::unanswered(base::Error error) const {
  error.text = fmt::format(
      "{}: {}; a managed identity of the machine is the last source of Azure credentials, and "
      "nothing answered. On AKS turn workload identity on: annotate the ServiceAccount with "
      "azure.workload.identity/client-id, and label the pod azure.workload.identity/use: \"true\"",
      source_.url, error.text);
  return error;
}

base::Error ManagedTokens::refusal(const net::Response& response) const {
  base::Error error{Failure::credentials, std::string(code),
                    fmt::format("{} answered HTTP {}", source_.url, response.status),
                    net::retry_after(response.headers)};
  if (response.status == 429) error.failure = Failure::throttled;
  if (response.status >= 500 || response.status == 408 || response.status == 410)
    error.failure = Failure::transient;
  if (const auto number = entra_number(response); number != 0) {
    const Asked asked{source_.url, "of the machine", source_.client_id, scope_};
    base::Error entra = entra_error(response, asked);
    entra.failure = error.failure;
    return entra;
  }
  if (response.status == 400 || response.status == 404) {
    error.text += source_.client_id.empty()
                      ? "; has this machine an identity? If several are assigned to it, say which "
                        "by AZURE_CLIENT_ID"
                      : fmt::format(
                            "; is the identity {} (AZURE_CLIENT_ID, not its object id) "
                            "assigned to this machine?",
                            source_.client_id);
  }
  return error;
}

base::Task<base::Result<oauth::Token>> ManagedTokens::get() {
  MachineRetry retry;
  const base::Instant start = clock_.now();
  for (;;) {
    net::Request asked_for = request();
    const base::WallTime asked = clock_.wall();
    auto answer = co_await http_.send(std::move(asked_for));
    if (answer && answer->status == 200)
      co_return oauth::parse_token(answer->body.view(), asked, source_.url);
    std::optional<base::Duration> wait;
    const bool may_pass = answer || answer.error().retryable();
    if (may_pass) wait = retry.next(answer ? answer->status : 0, clock_.now() - start);
    base::Error error = answer ? refusal(*answer) : unanswered(std::move(answer.error()));
    if (!wait) co_return std::unexpected(std::move(error));
    if (error.retry_after)
      wait = std::clamp(base::Duration(*error.retry_after), *wait, *wait + max_wish);
    co_await clock_.sleep_for(*wait);
  }
}

}  // namespace edsm::cloud::azure::auth
