#pragma once

#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

namespace edsm::cloud::azure {

/// The error of Service Bus's answer that is not 2xx. `what` begins the text ("servicebus
/// Receive"); of the server's own text only the code of a refused token is taken ("ExpiredToken").
/// A missing role is 401 here, with code "Unauthorized": Failure::refused.
base::Error bus_error(const net::Response& response, std::string_view what);

}  // namespace edsm::cloud::azure
