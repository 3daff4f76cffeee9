#include "cloud/azure/auth/entra_errors.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/oauth/jwt.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using base::Failure;

struct Row {
  std::int64_t number;
  Failure failure;
  std::string_view meaning;  ///< of {tenant}, {client}, {scope}
};

constexpr std::string_view no_federation =
    "the identity {client} has no federated credential for the pod's token; its issuer must be the "
    "cluster's OIDC issuer, its subject system:serviceaccount:<namespace>:<name> of the "
    "controller's ServiceAccount, its audience api://AzureADTokenExchange, and a new one takes "
    "some minutes";

// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
constexpr auto table = std::to_array<Row>({
    {50027, Failure::credentials, "the client assertion is no token that Entra can read"},
    {50034, Failure::credentials, "the identity {client} is not known in the tenant {tenant}"},
    {50196, Failure::throttled, "the same token was asked for too often in a short time"},
    {53003, Failure::credentials,
     "a Conditional Access policy of the tenant {tenant} keeps {client} out"},
    {70021, Failure::credentials, no_federation},
    {90002, Failure::credentials,
     "there is no tenant {tenant} in this cloud; check AZURE_TENANT_ID, and AZURE_CLOUD or "
     "AZURE_AUTHORITY_HOST"},
    {90033, Failure::transient, "Entra is unavailable for a moment"},
    {500011, Failure::credentials,
     "the tenant {tenant} does not know the resource of {scope}; check that AZURE_CLOUD is the "
     "cloud of the vaults and queues"},
    {700016, Failure::credentials,
     "there is no application {client} in the tenant {tenant}; check AZURE_CLIENT_ID (the client "
     "id, not the object id) and AZURE_TENANT_ID"},
    {700023, Failure::credentials,
     "the client assertion is not for this authority; check AZURE_AUTHORITY_HOST and "
     "AZURE_TENANT_ID"},
    {outside_its_time, Failure::credentials,
     "the client assertion is not valid now; check the node's clock, and that kubelet renews the "
     "pod's token"},
    {700027, Failure::credentials,
     "the assertion's signature is not by a key that {client} has; upload this certificate to the "
     "application, or check the federated credential's issuer"},
    {700211, Failure::credentials, no_federation},
    {700212, Failure::credentials, no_federation},
    {700213, Failure::credentials, no_federation},
    {900023, Failure::credentials, "{tenant} is no tenant; check AZURE_TENANT_ID"},
    {1002012, Failure::credentials,
     "the scope {scope} is not one of applications; check AZURE_SERVICEBUS_AUDIENCE"},
    {7000112, Failure::credentials, "the application {client} is disabled"},
    {7000215, Failure::credentials,
     "AZURE_CLIENT_SECRET is no secret of the application {client}; it is the secret's value, not "
     "its id"},
    {7000222, Failure::credentials,
     "AZURE_CLIENT_SECRET has expired; give the application {client} a new one"},
});

/// What the error is called in OAuth, where Entra gives no number.
Failure by_status(int status, std::string_view name) {
  if (status == 429) return Failure::throttled;
  if (status >= 500 || status == 408) return Failure::transient;
  if (name == "temporarily_unavailable" || name == "server_error") return Failure::transient;
  return Failure::credentials;
}

std::int64_t number_in(std::string_view text) {
  constexpr std::string_view prefix = "AADSTS";
  const auto at = text.find(prefix);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + prefix.size());
  const auto* const end =
      std::ranges::find_if_not(text, [](char c) { return c >= '0' && c <= '9'; });
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  return digits.size() > 12 ? 0 : parse_number(digits).value_or(0);
}

/// A claim, fit to be shown.
std::string shown(const boost::json::value& claims, std::string_view name) {
  std::string text(base::string_at(claims, name).substr(0, 200));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~' || c == '"'; }, '?');
  return text;
}

}  // namespace

std::int64_t entra_number(const net::Response& response) {
  const auto document = base::JsonDocument::parse(response.body.view());
  if (!document) return 0;
  if (const auto* const codes = base::array_at(document->root(), "error_codes")) {
    if (!codes->empty() && codes->front().is_int64() && codes->front().get_int64() > 0 &&
        codes->front().get_int64() < 1'000'000'000'000) {
      return codes->front().get_int64();
    }
  }
  return number_in(base::string_at(document->root(), "error_description"));
}

base::Error entra_error(const net::Response& response, const Asked& asked) {
  const auto number = entra_number(response);
  base::Error error;
  error.text = fmt::format("{} was answered with HTTP {}", asked.url, response.status);
  error.retry_after = net::retry_after(response.headers);
  const auto* const row = std::ranges::find(table, number, &Row::number);
  if (row != table.end()) {
    error.code = fmt::format("AADSTS{}", number);
    error.failure = row->failure;
    error.text += fmt::format(
        ": {}", fmt::format(fmt::runtime(row->meaning), fmt::arg("tenant", asked.tenant),
                            fmt::arg("client", asked.client_id), fmt::arg("scope", asked.scope)));
    return error;
  }
  const auto document = base::JsonDocument::parse(response.body.view());
  const auto name = document ? base::string_at(document->root(), "error") : std::string_view();
  error.failure = by_status(response.status, name);
  error.code =
      number == 0 ? fmt::format("Http{}", response.status) : fmt::format("AADSTS{}", number);
  if (number != 0) {
    error.text += fmt::format(
        ": see https://login.microsoftonline.com/error?code={} for the tenant {} and the identity "
        "{}",
        number, asked.tenant, asked.client_id);
  }
  return error;
}

std::string described(std::string_view assertion) {
  const auto claims = oauth::read_claims(assertion);
  if (!claims) return {};
  const auto& root = claims->root();
  std::string audience = shown(root, "aud");
  if (const auto several = base::strings_at(root, "aud"); audience.empty() && !several.empty())
    audience = several.front().substr(0, 200);
  std::ranges::replace_if(audience, [](char c) { return c < ' ' || c > '~' || c == '"'; }, '?');
  return fmt::format(" (the token's issuer is \"{}\", its subject \"{}\", its audience \"{}\")",
                     shown(root, "iss"), shown(root, "sub"), audience);
}

bool is_about_federation(std::int64_t number) {
  return number == 70021 || (number >= 700211 && number <= 700213) || number == 700027;
}

}  // namespace edsm::cloud::azure::auth
