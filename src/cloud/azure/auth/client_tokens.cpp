#include "cloud/azure/auth/client_tokens.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "cloud/azure/auth/certificate.hpp"
#include "cloud/azure/auth/entra_errors.hpp"
#include "cloud/oauth/jwt.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using base::Failure;

constexpr std::string_view jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr base::Duration lifetime = std::chrono::minutes(10);
/// A JWT of the future is refused: ours is a little old, for clocks that differ a little.
constexpr base::Duration backdated = std::chrono::minutes(1);

std::int64_t seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string token_url(const ClientSource& source, std::string_view tenant) {
  const std::string_view version = tenant == "adfs" ? "" : "/v2.0";
  return fmt::format("{}/{}/oauth2{}/token", source.authority, tenant, version);
}

std::string_view kind_of(const Proof& proof) {
  if (std::holds_alternative<SecretProof>(proof)) return "client-secret";
  return std::holds_alternative<CertificateProof>(proof) ? "client-certificate"
                                                         : "workload-identity";
}

}  // namespace

std::string source_name(std::string_view kind, std::string_view scope) {
  const auto url = net::Url::parse(scope);
  return fmt::format("{}/{}", kind, url ? std::string_view(url->host) : scope);
}

ClientTokens::ClientTokens(const ClientSource& source, std::string tenant, std::string scope,
                           ReadFile read, net::Http& http, base::Clock& clock)
    : source_(source),
      tenant_(std::move(tenant)),
      scope_(std::move(scope)),
      url_(token_url(source_, tenant_)),
      name_(source_name(kind_of(source_.proof), scope_)),
      read_(std::move(read)),
      service_(http, clock),
      clock_(clock) {
  if (!same_ignoring_case(tenant_, source_.tenant)) name_ += "/" + tenant_;
}

base::Result<base::SecretBytes> ClientTokens::signed_assertion(
    const CertificateProof& proof) const {
  const auto content = read_(proof.file);
  if (!content) return base::fail(content.error(), "AZURE_CLIENT_CERTIFICATE_PATH");
  const auto certificate = read_certificate(content->view(), proof.password.view());
  if (!certificate) return base::fail(certificate.error(), proof.file);
  const base::WallTime issued = clock_.wall() + skew_.offset() - backdated;
  base::JsonWriter claims;
  claims.begin_object()
      .member("aud", url_)
      .member("iss", source_.client_id)
      .member("sub", source_.client_id)
      .member("jti", base::hex(base::random_bytes(16).view()));
  claims.key("nbf").number(seconds(issued)).key("iat").number(seconds(issued));
  claims.key("exp").number(seconds(issued + backdated + lifetime)).end_object();
  base::SecretBytes thumbprint;
  oauth::append_base64url(certificate->thumbprint, thumbprint);
  std::string id = base::hex(certificate->thumbprint);
  std::ranges::transform(id, id.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return oauth::sign_jwt(claims.bytes().view(), {.id = id, .thumbprint = thumbprint.view()},
                         certificate->private_key.view());
}

base::Result<base::SecretBytes> ClientTokens::federated_assertion(
    const FederatedProof& proof) const {
  const auto content = read_(proof.file);
  if (!content) return base::fail(content.error(), "AZURE_FEDERATED_TOKEN_FILE");
  const auto token = trim(content->view());
  if (!oauth::is_token(token)) {
    return base::fail(Failure::credentials, "BadFederatedToken",
                      fmt::format("AZURE_FEDERATED_TOKEN_FILE: {} holds no token", proof.file));
  }
  return base::SecretBytes(token);
}

base::Result<> ClientTokens::prove(oauth::Form& form, base::SecretBytes& assertion) const {
  if (const auto* const secret = std::get_if<SecretProof>(&source_.proof)) {
    form.add("client_secret", secret->secret.view());
    return {};
  }
  const auto* const certificate = std::get_if<CertificateProof>(&source_.proof);
  auto made = certificate != nullptr ? signed_assertion(*certificate)
                                     : federated_assertion(std::get<FederatedProof>(source_.proof));
  if (!made) return std::unexpected(std::move(made.error()));
  assertion = std::move(*made);
  form.add("client_assertion_type", jwt_bearer).add("client_assertion", assertion.view());
  return {};
}

base::Result<oauth::Exchange> ClientTokens::exchange(base::SecretBytes& assertion) const {
  oauth::Form form;
  form.add("grant_type", "client_credentials")
      .add("client_id", source_.client_id)
      .add("scope", scope_);
  if (auto proved = prove(form, assertion); !proved)
    return std::unexpected(std::move(proved.error()));
  return oauth::Exchange{url_, std::string(oauth::Form::content_type), {}, std::move(form).take()};
}

bool ClientTokens::learn_clock(const net::Response& refusal) {
  if (!std::holds_alternative<CertificateProof>(source_.proof)) return false;
  const auto date = base::parse_http_date(refusal.headers.find("Date").value_or(""));
  return date && skew_.learn(*date, clock_.wall());
}

base::Task<base::Result<oauth::Token>> ClientTokens::get() {
  bool clock_corrected = false;
  for (;;) {
    base::SecretBytes assertion;
    auto request = exchange(assertion);
    if (!request) co_return std::unexpected(std::move(request.error()));
    const base::WallTime asked = clock_.wall();
    auto answer = co_await service_.post(std::move(*request));
    if (!answer) co_return base::fail(std::move(answer.error()), url_);
    if (answer->status == 200) co_return oauth::parse_token(answer->body.view(), asked, url_);
    const auto number = entra_number(*answer);
    if (number == outside_its_time && !clock_corrected) {
      clock_corrected = learn_clock(*answer);
      if (clock_corrected) continue;
    }
    const Asked of{url_, tenant_, source_.client_id, scope_};
    base::Error error = entra_error(*answer, of);
    const bool federated = std::holds_alternative<FederatedProof>(source_.proof);
    if (federated && is_about_federation(number)) error.text += described(assertion.view());
    co_return std::unexpected(std::move(error));
  }
}

}  // namespace edsm::cloud::azure::auth
