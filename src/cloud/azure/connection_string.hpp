#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cloud/azure/queue.hpp"

namespace edsm::cloud::azure {

/// "Endpoint=sb://NAMESPACE.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…", and
/// perhaps ";EntityPath=…".
struct ConnectionString {
  std::string host;
  std::string entity;  ///< what the key is for; empty: the whole namespace
  std::shared_ptr<const SharedKey> key;
};

/// Failure::invalid, code "InvalidConnectionString"; the text has no part of the key.
base::Result<ConnectionString> parse_connection_string(std::string_view text);

}  // namespace edsm::cloud::azure
