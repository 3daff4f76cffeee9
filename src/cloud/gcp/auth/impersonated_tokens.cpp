#include "cloud/gcp/auth/impersonated_tokens.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"

namespace edsm::cloud::gcp::auth {

using base::Failure;

oauth::Exchange ImpersonatedTokens::exchange(const oauth::Token& token) const {
  base::JsonWriter json;
  json.begin_object().key("delegates").begin_array();
  for (const auto& delegate : source_.delegates) json.string(delegate);
  json.end_array().key("scope").begin_array().string(scope).end_array();
  json.member("lifetime", fmt::format("{}s", source_.lifetime.count())).end_object();

  oauth::Exchange exchange{source_.url, "application/json", {}, std::move(json).take()};
  exchange.headers.push_back({"Authorization", fmt::format("Bearer {}", token.value.view())});
  return exchange;
}

base::Result<oauth::Token> ImpersonatedTokens::read(const net::Response& answer) const {
  const auto malformed = [this](std::string_view why) {
    return base::fail(Failure::credentials, "MalformedToken",
                      fmt::format("{} was answered {}", source_.url, why));
  };
  const auto document = base::JsonDocument::parse(answer.body.view());
  if (!document) return malformed("with something that is not JSON");
  const auto value = base::string_at(document->root(), "accessToken");
  if (!oauth::is_token(value)) return malformed("without an accessToken");
  const auto expires = base::parse_rfc3339(base::string_at(document->root(), "expireTime"));
  if (!expires) return malformed("without a readable expireTime");
  oauth::Token token;
  token.value.append(value);
  // By Google's clock; by ours it is as far away as it is from the answer's Date.
  const auto date = base::parse_http_date(answer.headers.find("Date").value_or(""));
  const base::WallTime now = clock_.wall();
  token.expires = now + (*expires - date.value_or(now));
  return token;
}

base::Task<base::Result<oauth::Token>> ImpersonatedTokens::get() {
  auto token = co_await base_->get();
  if (!token) co_return base::fail(std::move(token.error()), base_->name());
  oauth::Exchange request = exchange(*token);
  auto answer = co_await service_.post(std::move(request));
  if (!answer) co_return base::fail(std::move(answer.error()), source_.url);
  if (answer->status == 200) co_return read(*answer);
  base::Error error =
      oauth::error_of(*answer, fmt::format("the impersonation of {}", source_.email));
  if (error.failure == Failure::refused || error.failure == Failure::absent) {
    error.text +=
        "; does the account exist, is the API iamcredentials.googleapis.com on, and has the source "
        "identity roles/iam.serviceAccountTokenCreator (of a pool: roles/iam.workloadIdentityUser) "
        "on it?";
  }
  co_return std::unexpected(std::move(error));
}

}  // namespace edsm::cloud::gcp::auth
