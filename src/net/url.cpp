#include "net/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace edsm::net {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// RFC 3986, section 2.3.
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// Bytes that no URL contains unencoded. Spaces, control characters and backslashes are how request
/// lines and hosts are smuggled, so they are refused instead of repaired.
bool is_forbidden(char c) {
  return c <= ' ' || c >= 0x7F || c == '\\' || c == '"' || c == '<' || c == '>' || c == '#';
}

bool valid_ipv6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool valid_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

std::optional<int> parse_port(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint16_t port = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), port);
  if (result.ec != std::errc() || port == 0) return std::nullopt;
  return port;
}

int default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

/// Splits "host", "host:port", "[v6]" and "[v6]:port" into `url`.
bool parse_authority(std::string_view text, Url& url) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    url.host = lower(text.substr(1, close - 1));
    if (!valid_ipv6(url.host)) return false;
    port = text.substr(close + 1);
    has_port = !port.empty();
    if (has_port && !port.starts_with(':')) return false;
    if (has_port) port.remove_prefix(1);
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    url.host = lower(text.substr(0, colon));
    if (!valid_name(url.host)) return false;
    if (has_port) port = text.substr(colon + 1);
  }
  url.port = default_port(url.scheme);
  if (!has_port) return true;
  const auto number = parse_port(port);
  if (number) url.port = *number;
  return number.has_value();
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  if (std::ranges::any_of(text, is_forbidden)) return std::nullopt;
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = lower(text.substr(0, separator));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(separator + 3);

  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  // User information ("user@") needs no check of its own: '@' is in no host and no port.
  if (!parse_authority(text.substr(0, authority_end), url)) return std::nullopt;
  text.remove_prefix(authority_end);

  const auto question = text.find('?');
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

std::string Url::authority() const {
  std::string text = host.contains(':') ? fmt::format("[{}]", host) : host;
  if (port != default_port(scheme)) text += fmt::format(":{}", port);
  return text;
}

std::string Url::origin() const {
  return fmt::format("{}://{}", scheme, authority());
}

std::string Url::str() const {
  std::string text = origin() + path;
  if (!query.empty()) text.append("?").append(query);
  return text;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size() * 3);
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      result.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result.push_back('%');
    result.push_back(digits[byte >> 4U]);
    result.push_back(digits[byte & 0xFU]);
  }
  return result;
}

std::string percent_decode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '%' && text.size() - at > 2;
    const int high = escape ? hex_value(text[at + 1]) : -1;
    const int low = escape ? hex_value(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      result.push_back(text[at]);
      continue;
    }
    result.push_back(static_cast<char>(high * 16 + low));
    at += 2;
  }
  return result;
}

}  // namespace edsm::net
