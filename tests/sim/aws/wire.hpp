#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/common/words.hpp"
#include "sim/service.hpp"
#include "sim/timeline.hpp"

/// How AWS's JSON services put things into HTTP.
namespace edsm::sim::aws {

enum class Api : std::uint8_t { secrets_manager, sqs };
/// As in signatures and IAM actions: "secretsmanager", "sqs".
std::string_view to_string(Api api);

/// An answer other than 2xx.
struct ServiceError {
  std::string code;
  std::string message;
  int status = 400;
};
template <class T>
using Answer = std::expected<T, ServiceError>;

inline std::unexpected<ServiceError> fail(std::string code, std::string message, int status = 400) {
  return std::unexpected(ServiceError{std::move(code), std::move(message), status});
}

/// An answer with what every answer of AWS has: a date, by which clients correct their clocks, and
/// a request id.
Reply success(Timeline& timeline, Api api, const boost::json::object& body);
Reply failure(Timeline& timeline, Api api, const ServiceError& error);

/// Six letters and digits, as at the end of a secret's ARN.
std::string arn_suffix(Timeline& timeline);
/// Seconds since the epoch with three decimals, as JSON has them.
double epoch_seconds(base::WallTime time);
}  // namespace edsm::sim::aws
