#include "cloud/gcp/auth/federated_tokens.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;

constexpr std::string_view grant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view wanted = "urn:ietf:params:oauth:token-type:access_token";

std::string basic(std::string_view id, std::string_view secret) {
  base::SecretBytes pair(id);
  pair.push_back(':');
  pair.append(secret);
  return "Basic " + base::base64(pair.view());
}

/// JSON in percent-encoding: the form encodes it once more.
std::string options_of(std::string_view workforce_project) {
  base::JsonWriter json;
  json.begin_object().member("userProject", workforce_project).end_object();
  return net::percent_encode(json.bytes().view());
}

}  // namespace

oauth::Exchange FederatedTokens::exchange(std::string_view subject_token) const {
  oauth::Form form;
  form.add("grant_type", grant)
      .add("audience", source_.audience)
      .add("scope", scope)
      .add("requested_token_type", wanted)
      .add("subject_token", subject_token)
      .add("subject_token_type", source_.subject_token_type);
  oauth::Exchange exchange{source_.token_url, std::string(oauth::Form::content_type), {}, {}};
  if (!source_.client_id.empty()) {
    exchange.headers.push_back(
        {"Authorization", basic(source_.client_id, source_.client_secret.view())});
  } else if (!source_.workforce_project.empty()) {
    form.add("options", options_of(source_.workforce_project));
  }
  exchange.body = std::move(form).take();
  return exchange;
}

base::Task<base::Result<oauth::Token>> FederatedTokens::get() {
  const auto subject = co_await subjects_.get();
  if (!subject) co_return std::unexpected(subject.error());
  oauth::Exchange request = exchange(subject->view());
  const base::WallTime asked = clock_.wall();
  auto answer = co_await service_.post(std::move(request));
  if (!answer) co_return base::fail(std::move(answer.error()), source_.token_url);
  if (answer->status == 200)
    co_return oauth::parse_token(answer->body.view(), asked, source_.token_url);
  base::Error error = oauth::error_of(*answer, source_.token_url);
  if (error.failure == Failure::credentials || error.failure == Failure::refused) {
    error.text += fmt::format(
        " for the audience {}; the pool's provider must exist and be enabled, and accept the "
        "token's issuer, audience and attributes",
        source_.audience);
  }
  co_return std::unexpected(std::move(error));
}

}  // namespace edsm::cloud::gcp::auth
