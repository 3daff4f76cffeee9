#include "sim/gcp/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "net/url.hpp"

namespace edsm::sim::gcp {
namespace {

namespace json = boost::json;

constexpr std::size_t max_page = 25000;

struct Code {
  std::string_view name;
  int status;
};
constexpr auto codes = std::to_array<Code>({{"INVALID_ARGUMENT", 400},
                                            {"FAILED_PRECONDITION", 400},
                                            {"UNAUTHENTICATED", 401},
                                            {"PERMISSION_DENIED", 403},
                                            {"NOT_FOUND", 404},
                                            {"ALREADY_EXISTS", 409},
                                            {"RESOURCE_EXHAUSTED", 429},
                                            {"INTERNAL", 500},
                                            {"UNIMPLEMENTED", 501},
                                            {"UNAVAILABLE", 503}});

net::Headers headers() {
  return {{"Content-Type", "application/json; charset=UTF-8"}, {"Server", "ESF"}};
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::unexpected<ServiceError> invalid(std::string message) {
  return fail("INVALID_ARGUMENT", std::move(message));
}

int http_status(std::string_view code) {
  const auto found = std::ranges::find(codes, code, &Code::name);
  return found == codes.end() ? 500 : found->status;
}

Reply success(const json::object& body) {
  return {200, headers(), json::serialize(body)};
}

Reply failure(const ServiceError& error) {
  const int status = http_status(error.status);
  const json::object body{{"code", status}, {"message", error.message}, {"status", error.status}};
  return {status, headers(), json::serialize(json::object{{"error", body}})};
}

std::string timestamp(base::WallTime time) {
  return base::rfc3339_micro(time);
}

std::string etag(Timeline& timeline) {
  return fmt::format("\"{:014x}\"", timeline.random() >> 8U);
}

std::optional<Path> parse_path(std::string_view url) {
  const auto parsed = net::Url::parse(url);
  if (!parsed || !parsed->path.starts_with("/v1/")) return std::nullopt;
  Path path;
  path.query = parse_query(parsed->query);
  std::string_view rest = std::string_view(parsed->path).substr(4);
  for (;;) {
    const auto slash = rest.find('/');
    path.parts.push_back(net::percent_decode(rest.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  // A project may have a colon in its ID, a verb stands at the end.
  auto& last = path.parts.back();
  const auto colon = last.rfind(':');
  if (colon != std::string::npos && path.parts.size() > 2) {
    path.verb = last.substr(colon + 1);
    last.resize(colon);
  }
  return path;
}

Answer<Page> page_of(const json::object& query, std::size_t total) {
  const auto asked = text_at(query, "pageSize");
  const auto size = asked.empty() ? std::size_t{0} : number(asked);
  if (!size) return invalid("The page size is not valid.");
  const auto token = text_at(query, "pageToken");
  const auto first = token.empty() ? std::size_t{0} : number(token);
  if (!first || *first > total) return invalid("The page token is not valid.");
  const std::size_t length = *size == 0 ? max_page : std::min(*size, max_page);
  Page page{*first, std::min(*first + length, total), {}};
  if (page.end < total) page.next = fmt::format("{}", page.end);
  return page;
}

std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) * 0x82f63b78U);
  }
  return ~crc;
}

}  // namespace edsm::sim::gcp
