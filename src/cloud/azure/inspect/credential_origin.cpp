#include "cloud/azure/inspect/credential_origin.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/oauth/jwt.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {
namespace {

using namespace auth;

std::string_view kind_of(const IdentitySource& source) {
  const auto* const client = std::get_if<ClientSource>(&source);
  if (client == nullptr) {
    const bool app = std::get<ManagedSource>(source).kind == ManagedSource::Kind::app_service;
    return app ? "a managed identity of App Service" : "a managed identity of the machine";
  }
  if (std::holds_alternative<SecretProof>(client->proof)) return "a client secret";
  if (std::holds_alternative<CertificateProof>(client->proof)) return "a client certificate";
  return "workload identity";
}

/// Of a claim, what can stand in a command line as it is.
std::string claim(const base::JsonDocument& claims, std::string_view name) {
  const auto text = base::string_at(claims.root(), name);
  const bool plain = text.size() <= 300 && std::ranges::all_of(text, [](char c) {
                       return is_alnum(c) || std::string_view("-_./()").contains(c);
                     });
  return std::string(plain ? text : std::string_view());
}

}  // namespace

CredentialOrigin origin_of(const AuthSettings& settings) {
  CredentialOrigin origin;
  origin.how = fmt::format("{} ({})", kind_of(settings.source), settings.origin);
  if (const auto* const client = std::get_if<ClientSource>(&settings.source)) {
    origin.client_id = client->client_id;
    origin.tenant = client->tenant;
  } else {
    origin.client_id = std::get<ManagedSource>(settings.source).client_id;
    origin.managed = true;
  }
  return origin;
}

TokenFacts read_token(std::string_view token) {
  TokenFacts facts;
  const auto claims = oauth::read_claims(token);
  if (!claims) return facts;
  facts.application = claim(*claims, "appid");
  if (facts.application.empty()) facts.application = claim(*claims, "azp");
  facts.object = claim(*claims, "oid");
  facts.tenant = claim(*claims, "tid");
  facts.resource = claim(*claims, "xms_mirid");
  return facts;
}

}  // namespace edsm::cloud::azure
