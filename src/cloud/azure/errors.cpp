#include "cloud/azure/errors.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "cloud/provider.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using base::string_at;
using std::chrono::milliseconds;

constexpr std::int64_t longest_wait = 3'600'000;
constexpr std::string_view secret_disabled = "SecretDisabled";

/// Refusals whose cure is none of a role.
struct Advice {
  std::string_view code;
  std::string_view remedy;
};
constexpr auto advices = std::to_array<Advice>({
    {"ForbiddenByFirewall",
     "the vault's firewall keeps the cluster out: let its subnet or address in, or give it a "
     "private endpoint"},
    {"ForbiddenByConnection",
     "the vault takes calls over its private endpoint only: give the cluster one"},
});

/// It ends up in metrics' labels and log lines, whoever answered.
std::string bare(std::string_view code) {
  const bool good = code.size() <= 64 && std::ranges::all_of(code, is_alnum);
  return std::string(good ? code : std::string_view());
}

milliseconds bounded(std::int64_t wait) {
  return milliseconds(std::clamp<std::int64_t>(wait, 0, longest_wait));
}

/// A date is this far from the one that the server says it is now.
std::optional<milliseconds> until(std::string_view date, const net::Headers& headers) {
  const auto then = base::parse_http_date(date);
  const auto now = base::parse_http_date(headers.find("Date").value_or(""));
  if (!then || !now) return std::nullopt;
  return bounded(std::chrono::duration_cast<milliseconds>(*then - *now).count());
}

Failure failure_of(const VaultError& error, int http_status) {
  // A 404 that does not come from the service (a proxy's, say) must not make a secret absent.
  if (http_status == 404 && error.code.empty()) return Failure::refused;
  return azure::failure_of(http_status);
}

}  // namespace

Failure failure_of(int http_status) {
  switch (http_status) {
    case 401:
      return Failure::credentials;
    case 404:
    case 410:
      return Failure::absent;
    case 408:
      return Failure::transient;
    case 409:
    case 412:
      return Failure::conflict;
    case 429:
      return Failure::throttled;
    default:
      return http_status >= 500 ? Failure::transient : Failure::refused;
  }
}

std::optional<milliseconds> asked_wait(const net::Headers& headers) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const auto wait = parse_number(trim(headers.find(name).value_or("")));
    if (wait) return bounded(*wait);
  }
  const auto text = trim(headers.find("Retry-After").value_or(""));
  if (const auto seconds = parse_number(text))
    return bounded(std::min(*seconds, longest_wait) * 1000);
  return until(text, headers);
}

VaultError read_vault_error(std::string_view body) {
  VaultError error;
  const auto document = base::JsonDocument::parse(body);
  if (!document) return error;
  error.code = bare(string_at(document->root(), "error.code"));
  // Both spellings are the service's.
  error.inner = bare(string_at(document->root(), "error.innererror.code"));
  if (error.inner.empty()) error.inner = bare(string_at(document->root(), "error.innerError.code"));
  return error;
}

base::Error vault_error(const net::Response& response, std::string_view what) {
  auto read = read_vault_error(response.body.view());
  base::Error error;
  error.text = fmt::format("{} was answered with HTTP {}", what, response.status);
  error.retry_after = asked_wait(response.headers);
  const bool final = response.status >= 400 && response.status < 500;
  if (final && (read.inner == secret_disabled || read.code == secret_disabled)) {
    error.failure = Failure::refused;
    error.code = kSourceDisabled;
    return error;
  }
  error.failure = failure_of(read, response.status);
  const auto advice = std::ranges::find_if(advices, [&](const Advice& each) {
    return each.code == read.inner || each.code == read.code;
  });
  if (advice != advices.end()) {
    error.text.append(": ").append(advice->remedy);
    error.code = advice->code;
    return error;
  }
  if (!read.inner.empty()) error.text += fmt::format(" ({})", read.inner);
  error.code = read.code.empty() ? fmt::format("Http{}", response.status) : std::move(read.code);
  return error;
}

bool lacks_role(const base::Error& error) {
  return error.failure == Failure::refused && error.code.starts_with("Forbidden") &&
         std::ranges::find(advices, error.code, &Advice::code) == advices.end();
}

}  // namespace edsm::cloud::azure
