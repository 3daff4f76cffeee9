#include "sim/azure/tokens.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "sim/azure/faults.hpp"

namespace edsm::sim::azure {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::string_view jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view scope_end = "/.default";

/// What a client of Entra asks before its first token.
object configuration(std::string_view tenant) {
  const auto base = fmt::format("https://{}/{}", kLoginHost, tenant);
  return {{"token_endpoint", base + "/oauth2/v2.0/token"},
          {"issuer", base + "/v2.0"},
          {"authorization_endpoint", base + "/oauth2/v2.0/authorize"},
          {"jwks_uri", base + "/discovery/v2.0/keys"},
          {"response_types_supported", array{"code", "id_token"}},
          {"subject_types_supported", array{"pairwise"}},
          {"id_token_signing_alg_values_supported", array{"RS256"}}};
}

}  // namespace

void Tokens::expire_all() {
  for (Token& token : tokens_) token.expires = std::min(token.expires, timeline_.now());
}

Reply Tokens::reply(int status, const object& body) {
  return {status,
          {{"Cache-Control", "no-store, no-cache"},
           {"Content-Type", "application/json; charset=utf-8"},
           {"Expires", "-1"},
           {"P3P", "CP=\"DSP CUR OTPi IND OTRi ONL FIN\""},
           {"Pragma", "no-cache"},
           {"Set-Cookie", "fpc=sim; path=/; secure; HttpOnly; SameSite=None"},
           {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
           {"X-Content-Type-Options", "nosniff"},
           {"x-ms-ests-server", "2.1.0 - SIM ProdSlices"},
           {"x-ms-request-id", uuid(timeline_)},
           {"X-XSS-Protection", "0"}},
          boost::json::serialize(body)};
}

Reply Tokens::answer(const net::Request& request, const Path& path, CloudCall& call) {
  call.operation = "Token";
  const bool get = request.method == net::Method::get;
  if (get && path.text.ends_with("/v2.0/.well-known/openid-configuration"))
    return reply(200, configuration(path[0]));
  std::expected<object, Refusal> issued =
      std::unexpected(Refusal{900144, "invalid_request", "There is no such endpoint.", 404});
  const bool endpoint = !get && path.text == fmt::format("/{}/oauth2/v2.0/token", path[0]);
  if (endpoint) {
    const auto form = parse_query(request.body.view());
    call.ids.emplace_back(text_at(form, "scope"));
    issued = issue(path[0], form);
  }
  if (issued) return reply(200, *issued);
  const auto& refusal = issued.error();
  call.code = fmt::format("AADSTS{}", refusal.code);
  return reply(refusal.status,
               {{"error", refusal.error},
                {"error_description", fmt::format("{}: {}", call.code, refusal.text)},
                {"error_codes", array{refusal.code}},
                {"timestamp", base::rfc3339_micro(timeline_.wall())},
                {"trace_id", uuid(timeline_)},
                {"correlation_id", uuid(timeline_)}});
}

std::expected<object, Tokens::Refusal> Tokens::issue(std::string_view tenant, const object& form) {
  const auto refuse = [](std::int64_t code, std::string_view error, std::string text,
                         int status = 400) {
    return std::unexpected(Refusal{code, error, std::move(text), status});
  };
  if (refused_)
    return refuse(90033, "temporarily_unavailable", "A transient error has occurred.", 503);
  if (tenant != kTenant && tenant != kOtherTenant)
    return refuse(90002, "invalid_request", fmt::format("Tenant '{}' not found.", tenant));
  if (text_at(form, "grant_type") != "client_credentials")
    return refuse(70003, "unsupported_grant_type", "The grant type is not supported.");
  if (text_at(form, "client_id") != kClient) {
    return refuse(700016, "unauthorized_client",
                  fmt::format("There is no application in the directory '{}'.", tenant));
  }
  auto audience = text_at(form, "scope");
  if (!audience.ends_with(scope_end))
    return refuse(1002012, "invalid_scope", "The scope must end in /.default.");
  audience.remove_suffix(scope_end.size());
  if (audience.ends_with('/')) audience.remove_suffix(1);
  if (audience != kVaultAudience && audience != kBusAudience && audience != kForgedResource) {
    return refuse(500011, "invalid_resource",
                  fmt::format("The resource principal named {} was not found.", audience));
  }
  const bool asserted = text_at(form, "client_assertion_type") == jwt_bearer;
  const bool proven = asserted ? text_at(form, "client_assertion") == kFederatedToken
                               : text_at(form, "client_secret") == kClientSecret;
  if (!proven) {
    const std::int64_t code = asserted ? 700213 : 7000215;
    return refuse(code, "invalid_client", "The client is not who it says.", 401);
  }
  Token token{fmt::format("eyJ0.{:016x}{:016x}", timeline_.random(), timeline_.random()),
              std::string(audience), std::string(tenant), timeline_.now() + lifetime_};
  tokens_.push_back(token);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime_).count();
  return object{{"token_type", "Bearer"},
                {"expires_in", seconds},
                {"ext_expires_in", seconds},
                {"access_token", token.text}};
}

std::expected<void, std::string> Tokens::check(const net::Request& request,
                                               std::string_view audience,
                                               std::string_view tenant) const {
  if (!request.headers.find("Authorization"))
    return std::unexpected("AKV10000: Request is missing a Bearer or PoP token.");
  if (!required_) return {};
  const auto found = std::ranges::find(tokens_, bearer_of(request), &Token::text);
  if (found == tokens_.end() || found->expires <= timeline_.now())
    return std::unexpected("AKV10001: Token is not known, or its time is over.");
  if (!tenant.empty() && found->tenant != tenant)
    return std::unexpected(
        fmt::format("AKV10032: Invalid issuer. Expected {}, found {}.", tenant, found->tenant));
  if (found->audience != audience)
    return std::unexpected(fmt::format("AKV10022: Invalid audience. Expected {}, found: {}.",
                                       audience, found->audience));
  return {};
}

}  // namespace edsm::sim::azure
