#include "cloud/aws/sigv4.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/time.hpp"
#include "base/wiping_memory.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view terminator = "aws4_request";

/// Fields that clients and proxies add or change on the way.
constexpr auto unsigned_headers =
    std::to_array<std::string_view>({"authorization", "connection", "expect", "transfer-encoding",
                                     "user-agent", "x-amzn-trace-id"});

/// "//a/./b/../c/" -> "/a/c/"
std::string normalised(std::string_view path) {
  std::vector<std::string_view> segments;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  std::string result = "/";
  for (const std::string_view segment : segments) result.append(segment).append("/");
  const bool folder = path.ends_with('/') || segments.empty();
  if (!folder) result.pop_back();
  return result;
}

/// The query comes percent-encoded or raw: decoding first makes both the same.
std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view parameter : split(query, '&')) {
    if (parameter.empty()) continue;
    const auto equals = parameter.find('=');
    const auto value =
        equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    parameters.emplace_back(net::percent_encode(net::percent_decode(parameter.substr(0, equals))),
                            net::percent_encode(net::percent_decode(value)));
  }
  std::ranges::sort(parameters);
  std::string result;
  for (const auto& [name, value] : parameters) {
    if (!result.empty()) result.push_back('&');
    result.append(name).append("=").append(value);
  }
  return result;
}

/// Trimmed, inner runs of white space made one space.
std::string canonical_value(std::string_view value) {
  std::string result;
  for (const char c : trim(value)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (blank && result.ends_with(' ')) continue;
    result.push_back(blank ? ' ' : c);
  }
  return result;
}

base::SecretBytes hmac(std::string_view key, std::string_view text) {
  base::Sha256 hash = base::hmac_sha256(key, text);
  base::SecretBytes result(
      std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  base::wipe(hash.data(), hash.size());
  return result;
}

}  // namespace

std::string amz_date(base::WallTime time) {
  std::string text = base::rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string canonical_request(const SignedRequest& request, std::string& signed_headers) {
  // Sorted by name, not by line: "x-amz-foo" comes before "x-amz-foo-bar".
  std::map<std::string, std::string> fields;
  for (const auto& [name, value] : request.headers) {
    std::string key = lower(name);
    if (one_of(unsigned_headers, key)) continue;
    const auto [field, first] = fields.try_emplace(std::move(key), canonical_value(value));
    if (!first) field->second.append(",").append(canonical_value(value));
  }
  std::string lines;
  signed_headers.clear();
  for (const auto& [name, value] : fields) {
    lines.append(name).append(":").append(value).append("\n");
    if (!signed_headers.empty()) signed_headers.push_back(';');
    signed_headers.append(name);
  }
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", net::to_string(request.method),
                     net::percent_encode(normalised(request.url.path), true),
                     canonical_query(request.url.query), lines, signed_headers,
                     base::hex(base::sha256(request.body)));
}

const base::SecretBytes& Signer::key(const Credentials& credentials, std::string_view day) {
  const auto& secret = credentials.secret_access_key;
  if (key_day_ == day && key_secret_.constant_time_equal(secret)) return key_;
  base::SecretBytes first("AWS4");
  first.append(secret.view());
  const base::SecretBytes by_day = hmac(first.view(), day);
  const base::SecretBytes by_region = hmac(by_day.view(), scope_.region);
  const base::SecretBytes by_service = hmac(by_region.view(), scope_.service);
  key_ = hmac(by_service.view(), terminator);
  key_day_ = day;
  key_secret_ = secret.clone();
  return key_;
}

std::vector<net::Header> Signer::sign(const SignedRequest& request, const Credentials& credentials,
                                      base::WallTime now) {
  const std::string time = amz_date(now);
  const std::string day = time.substr(0, 8);
  std::vector<net::Header> added;
  added.push_back({"X-Amz-Date", time});
  if (!credentials.session_token.empty()) {
    added.push_back({"X-Amz-Security-Token", std::string(credentials.session_token.view())});
  }

  net::Headers headers = request.headers;
  headers.set("Host", request.url.authority());
  for (const auto& [name, value] : added) headers.set(name, value);
  std::string names;
  const std::string canonical =
      canonical_request({request.method, request.url, headers, request.body}, names);
  const std::string scope =
      fmt::format("{}/{}/{}/{}", day, scope_.region, scope_.service, terminator);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", algorithm, time, scope, base::hex(base::sha256(canonical)));
  const auto signature = base::hex(base::hmac_sha256(key(credentials, day).view(), to_sign));
  added.push_back({"Authorization",
                   fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm,
                               credentials.access_key_id, scope, names, signature)});
  return added;
}

}  // namespace edsm::cloud::aws
