#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

/// What Google's errors mean, in one place.
namespace edsm::cloud::gcp {

/// The class of a google.rpc code ("PERMISSION_DENIED"); where it is unknown, of the HTTP status.
/// An unknown 4xx is `refused` (it is tried again after minutes), never `absent` or `invalid`,
/// which are final.
base::Failure classify(std::string_view status, int http_status);

/// google.rpc.Status out of an answer that is not 2xx. What is not there is empty.
struct RpcError {
  std::string status;  ///< "PERMISSION_DENIED": at most 64 capitals and underscores
  std::string reason;  ///< of google.rpc.ErrorInfo: "SERVICE_DISABLED"; likewise, and digits
  std::optional<std::chrono::milliseconds> retry_after;  ///< of google.rpc.RetryInfo
};
RpcError read_rpc_error(std::string_view body);

/// The error of such an answer; its code is the google.rpc code, or a reason that says more
/// ("SERVICE_DISABLED") and whose remedy is in the text. `what` begins the text ("secretmanager
/// AccessSecretVersion"). The server's own text stays out of it.
base::Error error_of(const net::Response& response, std::string_view what);

}  // namespace edsm::cloud::gcp
