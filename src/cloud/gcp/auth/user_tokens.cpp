#include "cloud/gcp/auth/user_tokens.hpp"

namespace edsm::cloud::gcp::auth {

base::Task<base::Result<oauth::Token>> UserTokens::get() {
  oauth::Form form;
  form.add("grant_type", "refresh_token")
      .add("client_id", source_.client_id)
      .add("client_secret", source_.client_secret.view())
      .add("refresh_token", source_.refresh_token.view());
  oauth::Exchange request{
      source_.token_url, std::string(oauth::Form::content_type), {}, std::move(form).take()};
  const base::WallTime asked = clock_.wall();
  auto answer = co_await service_.post(std::move(request));
  if (!answer) co_return base::fail(std::move(answer.error()), source_.token_url);
  if (answer->status == 200)
    co_return oauth::parse_token(answer->body.view(), asked, source_.token_url);
  base::Error error = oauth::error_of(*answer, source_.token_url);
  if (error.failure == base::Failure::credentials) {
    error.text +=
        "; run `gcloud auth application-default login` again, or give the controller an "
        "identity of its own";
  }
  co_return std::unexpected(std::move(error));
}

}  // namespace edsm::cloud::gcp::auth
