#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edsm::net {

/// An absolute http or https URL in its parts. IPv6 hosts are without brackets.
struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;
  int port = 0;       ///< explicit or the scheme's default
  std::string path;   ///< begins with "/"; percent-encoding as it came
  std::string query;  ///< without "?"

  /// nullopt if it is not an absolute http(s) URL. User information, fragments, and bytes that a
  /// URL must encode (spaces, control characters, backslashes, non-ASCII) are refused; scheme and
  /// host become lower case.
  static std::optional<Url> parse(std::string_view text);

  /// What the Host header says: brackets for IPv6, the port unless it is the default.
  std::string authority() const;
  /// scheme://authority
  std::string origin() const;
  std::string str() const;
};

/// Percent-encodes all but RFC 3986's unreserved characters (upper-case hex).
std::string percent_encode(std::string_view text, bool keep_slash = false);
/// A "%" that no two hex digits follow stays as it is; "+" is not a space.
std::string percent_decode(std::string_view text);

}  // namespace edsm::net
