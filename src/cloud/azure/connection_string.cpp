#include "cloud/azure/connection_string.hpp"

#include <fmt/format.h>

#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

std::unexpected<base::Error> invalid(std::string_view why) {
  return base::fail(base::Failure::invalid, "InvalidConnectionString",
                    fmt::format("AZURE_SERVICEBUS_CONNECTION_STRING {}; expected "
                                "Endpoint=sb://<namespace>.servicebus.windows.net/;"
                                "SharedAccessKeyName=<name>;SharedAccessKey=<key>",
                                why));
}

/// "sb://host/", or with another scheme: the host.
std::string host_of(std::string_view endpoint) {
  const auto at = endpoint.find("://");
  if (at == std::string_view::npos) return {};
  const auto url = net::Url::parse("https" + std::string(endpoint.substr(at)));
  const bool bare = url && url->path == "/" && url->query.empty();
  return bare ? url->host : std::string();
}

}  // namespace

base::Result<ConnectionString> parse_connection_string(std::string_view text) {
  ConnectionString result;
  auto key = std::make_shared<SharedKey>();
  for (const std::string_view piece : split(text, ';')) {
    if (trim(piece).empty()) continue;
    const auto at = piece.find('=');
    if (at == std::string_view::npos) return invalid("has a piece without \"=\"");
    const auto name = trim(piece.substr(0, at));
    const auto value = trim(piece.substr(at + 1));
    if (same_ignoring_case(name, "Endpoint")) {
      result.host = host_of(value);
    } else if (same_ignoring_case(name, "SharedAccessKeyName")) {
      key->name = value;
    } else if (same_ignoring_case(name, "SharedAccessKey")) {
      key->key = base::SecretBytes(value);
    } else if (same_ignoring_case(name, "EntityPath")) {
      result.entity = value;
    } else if (same_ignoring_case(name, "SharedAccessSignature")) {
      return invalid("has a signature, which would end; give the key");
    } else if (same_ignoring_case(name, "UseDevelopmentEmulator")) {
      return invalid("is of Microsoft's emulator, which does not speak HTTP");
    }
  }
  if (result.host.empty()) return invalid("has no Endpoint=sb://…");
  if (key->name.empty()) return invalid("has no SharedAccessKeyName");
  if (key->key.empty()) return invalid("has no SharedAccessKey");
  result.key = std::move(key);
  return result;
}

}  // namespace edsm::cloud::azure
