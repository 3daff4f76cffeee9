#include "sim/aws/keys.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"

namespace edsm::sim::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256 ";
constexpr base::Duration tolerance = std::chrono::minutes(5);

/// "20261123T120000Z"
std::string amz_date(base::WallTime time) {
  std::string text = base::rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::optional<base::WallTime> parse_amz_date(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  return base::parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}", text.substr(0, 4), text.substr(4, 2),
                                         text.substr(6, 2), text.substr(9, 2), text.substr(11, 2),
                                         text.substr(13)));
}

/// The five parts of "Credential=key/date/region/service/aws4_request".
std::vector<std::string> credential_scope(const net::Request& request) {
  const std::string_view header = request.headers.find("Authorization").value_or("");
  static constexpr std::string_view name = "Credential=";
  const auto start = header.find(name);
  if (!header.starts_with(algorithm) || start == std::string_view::npos) return {};
  std::string_view rest = header.substr(start + name.size());
  rest = rest.substr(0, rest.find_first_of(", "));
  std::vector<std::string> parts;
  for (;;) {
    const auto slash = rest.find('/');
    parts.emplace_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    rest.remove_prefix(slash + 1);
  }
}

// SQS still speaks the query protocol's words, with its statuses.
ServiceError unknown_key(Api api) {
  static constexpr auto* text = "The security token included in the request is invalid.";
  if (api == Api::sqs) return {"InvalidClientTokenId", text, 403};
  return {"UnrecognizedClientException", text, 400};
}

ServiceError expired_key(Api api) {
  static constexpr auto* text = "The security token included in the request is expired";
  if (api == Api::sqs) return {"ExpiredToken", text, 403};
  return {"ExpiredTokenException", text, 400};
}

ServiceError bad_signature(Api api, std::string text) {
  if (api == Api::sqs) return {"SignatureDoesNotMatch", std::move(text), 403};
  return {"InvalidSignatureException", std::move(text), 400};
}

ServiceError incomplete(Api api, std::string text) {
  if (api == Api::sqs) return {"IncompleteSignature", std::move(text), 403};
  return {"IncompleteSignatureException", std::move(text), 400};
}

ServiceError unsigned_request(Api api) {
  if (api == Api::sqs)
    return {"MissingAuthenticationToken", "Request is missing Authentication Token", 403};
  return {"MissingAuthenticationTokenException", "Missing Authentication Token", 400};
}

}  // namespace

std::string access_key_of(const net::Request& request) {
  const auto parts = credential_scope(request);
  return parts.empty() ? std::string() : parts.front();
}

void Keys::add(std::string id, std::string secret) {
  keys_.push_back({std::move(id), std::move(secret), {}, {}});
}

const Key& Keys::issue() {
  const std::string random = uuid(timeline_);
  Key key;
  key.id = fmt::format("ASIA{:016X}", timeline_.random());
  key.secret = "secret-of-" + random;
  key.token = "token-of-" + random;
  key.expires = timeline_.wall() + lifetime_;
  return keys_.emplace_back(std::move(key));
}

void Keys::expire_all() {
  for (Key& key : keys_) {
    if (key.expires) key.expires = std::min(*key.expires, timeline_.wall());
  }
}

void Keys::revoke_all() {
  std::erase_if(keys_, [](const Key& key) { return key.expires.has_value(); });
  issued_at_.reset();
}

void Keys::revoke(std::string_view id) {
  std::erase_if(keys_, [id](const Key& key) { return key.id == id; });
  issued_at_.reset();
}

Reply Keys::endpoint(const net::Request& request) {
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"}, {"Date", http_date(timeline_.wall())}};
  if (broken_ || request.method != net::Method::get) {
    reply.status = broken_ ? 500 : 405;
    reply.body = R"({"code":"InternalServerException","message":"internal error"})";
    return reply;
  }
  const bool again = issued_at_ && timeline_.now() - *issued_at_ < cache_;
  if (!again) issued_at_ = timeline_.now();
  const auto newest = std::ranges::find_if(keys_.rbegin(), keys_.rend(),
                                           [](const Key& key) { return key.expires.has_value(); });
  const Key& key = again && newest != keys_.rend() ? *newest : issue();
  reply.body =
      boost::json::serialize(boost::json::object{{"AccessKeyId", key.id},
                                                 {"SecretAccessKey", key.secret},
                                                 {"Token", key.token},
                                                 {"AccountId", "000000000000"},
                                                 {"Expiration", base::rfc3339(*key.expires)}});
  return reply;
}

Answer<Signed> Keys::check_scope(Api api, const net::Request& request) const {
  if (!request.headers.find("Authorization")) return std::unexpected(unsigned_request(api));
  const auto scope = credential_scope(request);
  const std::string_view date = request.headers.find("X-Amz-Date").value_or("");
  if (scope.size() != 5 || scope[4] != "aws4_request")
    return std::unexpected(incomplete(api, "Authorization header has no complete Credential."));
  if (date.empty()) {
    return std::unexpected(incomplete(
        api,
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."));
  }
  if (scope[3] != to_string(api)) {
    return std::unexpected(bad_signature(
        api, fmt::format("Credential should be scoped to correct service: '{}'.", to_string(api))));
  }
  if (scope[1] != date.substr(0, 8)) {
    return std::unexpected(bad_signature(
        api,
        fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                    "date from HTTP: '{}' != '{}', from '{}'.",
                    scope[1], date.substr(0, 8), date)));
  }
  return Signed{scope[0], scope[2]};
}

Answer<void> Keys::check_time(Api api, std::string_view date) const {
  const auto time = parse_amz_date(date);
  if (!time) {
    return std::unexpected(incomplete(
        api, "Date must be in ISO-8601 'basic format'. Got '" + std::string(date) + "'."));
  }
  const base::WallTime now = timeline_.wall();
  if (*time < now - tolerance) {
    return std::unexpected(
        bad_signature(api, fmt::format("Signature expired: {} is now earlier than {} ({} - 5 min.)",
                                       date, amz_date(now - tolerance), amz_date(now))));
  }
  if (*time > now + tolerance) {
    return std::unexpected(bad_signature(
        api, fmt::format("Signature not yet current: {} is still later than {} ({} + 5 min.)", date,
                         amz_date(now + tolerance), amz_date(now))));
  }
  return {};
}

Answer<Signed> Keys::check(Api api, const net::Request& request) const {
  auto caller = check_scope(api, request);
  if (!caller) return caller;
  const auto timely = check_time(api, *request.headers.find("X-Amz-Date"));
  if (!timely) return std::unexpected(timely.error());
  const auto key = std::ranges::find(keys_, caller->access_key, &Key::id);
  if (key == keys_.end() || request.headers.find("X-Amz-Security-Token").value_or("") != key->token)
    return std::unexpected(unknown_key(api));
  if (key->expires && *key->expires <= timeline_.wall()) return std::unexpected(expired_key(api));
  return caller;
}

}  // namespace edsm::sim::aws
