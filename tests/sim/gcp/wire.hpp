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

/// How Google's services put things into HTTP.
namespace edsm::sim::gcp {

/// An answer other than 2xx, by the name of its google.rpc code ("NOT_FOUND").
struct ServiceError {
  std::string status;
  std::string message;
};
template <class T>
using Answer = std::expected<T, ServiceError>;

inline std::unexpected<ServiceError> fail(std::string status, std::string message) {
  return std::unexpected(ServiceError{std::move(status), std::move(message)});
}
std::unexpected<ServiceError> invalid(std::string message);

Reply success(const boost::json::object& body);
Reply failure(const ServiceError& error);
/// The HTTP status of a google.rpc code.
int http_status(std::string_view code);

/// "2024-08-28T03:45:13.772516Z"
std::string timestamp(base::WallTime time);
/// A new etag, quotes and all.
std::string etag(Timeline& timeline);

/// A parsed URL of a REST call: "/v1/projects/p/secrets/s:addVersion?pageSize=2".
struct Path {
  std::vector<std::string> parts;  ///< decoded, without "v1" and the verb
  std::string verb;                ///< "addVersion"; empty: none
  boost::json::object query;       ///< names and texts

  std::size_t size() const { return parts.size(); }
  std::string_view operator[](std::size_t index) const {
    return index < parts.size() ? std::string_view(parts[index]) : std::string_view();
  }
};
/// nullopt if it is no URL of this API.
std::optional<Path> parse_path(std::string_view url);

/// Which part of a list a caller wants ("pageSize", "pageToken").
struct Page {
  std::size_t first;
  std::size_t end;
  std::string next;  ///< token; empty: it is the last one
};
Answer<Page> page_of(const boost::json::object& query, std::size_t total);

/// CRC-32C, by which the service vouches for values.
std::uint32_t checksum(std::string_view bytes);

}  // namespace edsm::sim::gcp
