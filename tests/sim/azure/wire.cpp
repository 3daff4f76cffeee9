#include "sim/azure/wire.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "net/url.hpp"

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;

/// When the namespace of Service Bus was made, in ticks since the year 1.
constexpr const char* bus_etag = "638993664000000000";

net::Headers vault_headers(Timeline& timeline, const net::Request& request) {
  net::Headers headers = {
      {"Cache-Control", "no-cache"},
      {"Pragma", "no-cache"},
      {"Expires", "-1"},
      {"x-ms-keyvault-region", "westeurope"},
      {"x-ms-keyvault-service-version", "1.9.0.1"},
      {"x-ms-keyvault-network-info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;"},
      {"x-ms-request-id", uuid(timeline)},
      {"X-Content-Type-Options", "nosniff"},
      {"Strict-Transport-Security", "max-age=31536000;includeSubDomains"}};
  if (const auto id = request.headers.find("x-ms-client-request-id"))
    headers.add("x-ms-client-request-id", *id);
  return headers;
}

}  // namespace

std::unexpected<ServiceError> bad_parameter(std::string message) {
  return fail(400, "BadParameter", std::move(message));
}

std::optional<Path> parse_path(std::string_view url) {
  const auto parsed = net::Url::parse(url);
  if (!parsed) return std::nullopt;
  Path path{lower(parsed->host), parsed->path, {}, parse_query(parsed->query)};
  std::string_view rest = parsed->path;
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    if (slash != 0) path.parts.push_back(net::percent_decode(rest.substr(0, slash)));
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  return path;
}

std::optional<json::object> parse_body(const net::Request& request) {
  const auto body = request.body.view();
  boost::system::error_code error;
  json::value value = json::parse(body.empty() ? "{}" : body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return result;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string version_id(Timeline& timeline) {
  const auto high = timeline.random();
  return fmt::format("{:016x}{:016x}", high, timeline.random());
}

Reply vault_success(Timeline& timeline, const net::Request& request, int status,
                    const std::optional<json::object>& body) {
  Reply reply{status, vault_headers(timeline, request), {}};
  if (!body) return reply;
  reply.headers.add("Content-Type", "application/json; charset=utf-8");
  reply.body = json::serialize(*body);
  return reply;
}

Reply vault_failure(Timeline& timeline, const net::Request& request, const ServiceError& error) {
  json::object body{{"code", error.code}, {"message", error.message}};
  if (!error.inner.empty()) body["innererror"] = json::object{{"code", error.inner}};
  auto reply =
      vault_success(timeline, request, error.status, json::object{{"error", std::move(body)}});
  for (const auto& [name, value] : error.headers) reply.headers.add(name, value);
  return reply;
}

net::Headers bus_headers(std::string_view type) {
  net::Headers headers = {{"ETag", bus_etag},
                          {"Server", "Microsoft-HTTPAPI/2.0"},
                          {"Strict-Transport-Security", "max-age=31536000"}};
  if (!type.empty()) headers.add("Content-Type", type);
  return headers;
}

Reply bus_failure(Timeline& timeline, const ServiceError& error) {
  const auto now = std::chrono::floor<std::chrono::seconds>(timeline.wall());
  const auto detail = fmt::format("{}.TrackingId:{}_G0,TimeStamp:{:%m/%d/%Y %I:%M:%S %p}",
                                  error.message, uuid(timeline), fmt::gmtime(now));
  // What the messages quote has none of XML's own characters.
  return {error.status,
          {{"Content-Type", "application/xml; charset=utf-8"},
           {"Server", "Microsoft-HTTPAPI/2.0"},
           {"Strict-Transport-Security", "max-age=31536000"}},
          fmt::format("<Error><Code>{}</Code><Detail>{}</Detail></Error>", error.status, detail)};
}

}  // namespace edsm::sim::azure
