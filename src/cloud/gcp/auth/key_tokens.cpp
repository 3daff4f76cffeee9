#include "cloud/gcp/auth/key_tokens.hpp"

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "cloud/oauth/jwt.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;

/// What Google's libraries always name, whatever the key file calls the endpoint.
constexpr std::string_view assertion_audience = "https://oauth2.googleapis.com/token";
constexpr std::string_view grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr base::Duration lifetime = std::chrono::hours(1);
/// A JWT of the future is refused: ours is a little old, for clocks that differ a little.
constexpr base::Duration backdated = std::chrono::minutes(1);

std::int64_t seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

base::Result<base::SecretBytes> KeyTokens::assertion(base::WallTime now) const {
  const base::WallTime issued = now - backdated;
  base::JsonWriter claims;
  claims.begin_object().member("iss", source_.email);
  if (source_.self_signed) claims.member("sub", source_.email);
  if (!source_.self_signed) claims.member("aud", assertion_audience);
  claims.member("scope", scope).key("iat").number(seconds(issued));
  claims.key("exp").number(seconds(issued + lifetime)).end_object();
  return oauth::sign_jwt(claims.bytes().view(), {.id = source_.key_id, .thumbprint = {}},
                         source_.private_key.view());
}

base::Result<oauth::Token> KeyTokens::self_signed() const {
  auto jwt = assertion(clock_.wall());
  if (!jwt) return std::unexpected(std::move(jwt.error()));
  return oauth::Token{std::move(*jwt), clock_.wall() - backdated + lifetime};
}

base::Result<oauth::Exchange> KeyTokens::exchange() const {
  const auto jwt = assertion(clock_.wall() + skew_.offset());
  if (!jwt) return std::unexpected(jwt.error());
  oauth::Form form;
  form.add("grant_type", grant).add("assertion", jwt->view());
  return oauth::Exchange{
      source_.token_url, std::string(oauth::Form::content_type), {}, std::move(form).take()};
}

bool KeyTokens::learn_clock(const net::Response& refusal) {
  const auto date = base::parse_http_date(refusal.headers.find("Date").value_or(""));
  return date && skew_.learn(*date, clock_.wall());
}

base::Task<base::Result<oauth::Token>> KeyTokens::get() {
  if (source_.self_signed) co_return self_signed();
  bool clock_corrected = false;
  for (;;) {
    auto request = exchange();
    if (!request) co_return std::unexpected(std::move(request.error()));
    const base::WallTime asked = clock_.wall();
    auto answer = co_await service_.post(std::move(*request));
    if (!answer) co_return base::fail(std::move(answer.error()), source_.token_url);
    if (answer->status == 200) {
      co_return oauth::parse_token(answer->body.view(), asked, source_.token_url);
    }
    base::Error error = oauth::error_of(*answer, source_.token_url);
    if (error.failure == Failure::credentials && !clock_corrected) {
      clock_corrected = learn_clock(*answer);
      if (clock_corrected) continue;
    }
    if (error.failure == Failure::credentials) {
      error.text += fmt::format(
          " to the key {} of {}; is the key deleted, the account disabled, or this node's clock "
          "wrong?",
          source_.key_id, source_.email);
    }
    co_return std::unexpected(std::move(error));
  }
}

}  // namespace edsm::cloud::gcp::auth
