#include "cloud/azure/bus_errors.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cloud/azure/errors.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

constexpr std::string_view unauthorised = "Unauthorized";
/// What a 401 calls the token's fault.
constexpr auto token_faults = std::to_array<std::string_view>(
    {"ExpiredToken", "InvalidAudience", "InvalidIssuer", "InvalidSignature", "InvalidToken",
     "MalformedToken", "MissingToken"});

/// <Error><Code>401</Code><Detail>ExpiredToken: The token is expired. …</Detail></Error>
std::string_view detail_of(std::string_view body) {
  constexpr std::string_view begin = "<Detail>";
  const auto at = body.find(begin);
  if (at == std::string_view::npos) return {};
  body.remove_prefix(at + begin.size());
  return trim(body.substr(0, body.find('<')));
}

std::string_view code_of(std::string_view detail) {
  const auto end = std::ranges::find_if_not(detail, is_alnum);
  const auto word = detail.substr(0, static_cast<std::size_t>(end - detail.begin()));
  if (word == unauthorised || one_of(token_faults, word)) return word;
  return {};
}

}  // namespace

base::Error bus_error(const net::Response& response, std::string_view what) {
  base::Error error;
  error.failure = failure_of(response.status);
  error.code = fmt::format("Http{}", response.status);
  error.text = fmt::format("{} was answered with HTTP {}", what, response.status);
  error.retry_after = asked_wait(response.headers);
  if (response.status != 401) return error;
  const auto code = code_of(detail_of(response.body.view()));
  if (code.empty()) return error;
  error.code = code;
  error.text += fmt::format(" ({})", code);
  if (code == unauthorised) error.failure = Failure::refused;
  return error;
}

}  // namespace edsm::cloud::azure
