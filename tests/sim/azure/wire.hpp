#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "sim/common/words.hpp"
#include "sim/service.hpp"

/// How Azure's services put things into HTTP.
namespace edsm::sim::azure {

/// An answer other than 2xx.
struct ServiceError {
  int status;
  std::string code;  ///< "SecretNotFound"; of Service Bus: empty
  std::string message;
  std::string inner{};  ///< code of the inner error of Key Vault; empty: there is none
  net::Headers headers{};
};
template <class T>
using Answer = std::expected<T, ServiceError>;

inline std::unexpected<ServiceError> fail(int status, std::string code, std::string message,
                                          std::string inner = {}) {
  return std::unexpected(
      ServiceError{status, std::move(code), std::move(message), std::move(inner), {}});
}
std::unexpected<ServiceError> bad_parameter(std::string message);

/// A parsed URL. Names of hosts have no case.
struct Path {
  std::string host;
  std::string text;                ///< "/secrets/db/versions"
  std::vector<std::string> parts;  ///< decoded; none is empty
  boost::json::object query;       ///< names and texts

  std::size_t size() const { return parts.size(); }
  std::string_view operator[](std::size_t index) const {
    return index < parts.size() ? std::string_view(parts[index]) : std::string_view();
  }
};
std::optional<Path> parse_path(std::string_view url);

/// The body as a JSON object; an empty one is an empty object.
std::optional<boost::json::object> parse_body(const net::Request& request);
std::string lower(std::string_view text);
std::optional<std::int64_t> number_in(std::string_view text);

/// Seconds since 1970, as Key Vault has all times.
std::int64_t seconds_of(base::WallTime time);
/// 32 hex digits.
std::string version_id(Timeline& timeline);

Reply vault_success(Timeline& timeline, const net::Request& request, int status,
                    const std::optional<boost::json::object>& body);
Reply vault_failure(Timeline& timeline, const net::Request& request, const ServiceError& error);
/// Headers of all answers of Service Bus; `type` may be empty.
net::Headers bus_headers(std::string_view type);
Reply bus_failure(Timeline& timeline, const ServiceError& error);

}  // namespace edsm::sim::azure
