#include "cloud/aws/role_credentials.hpp"

#include <fmt/format.h>

#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr std::string_view assume_role = "AssumeRole";

Call form_call(std::string_view operation, base::SecretBytes form) {
  Call call;
  call.operation = operation;
  call.content_type = "application/x-www-form-urlencoded";
  call.body = std::move(form);
  call.max_body = std::size_t{256} << 10U;
  return call;
}

std::unexpected<base::Error> cannot_assume(base::Error error, std::string_view role,
                                           std::string_view remedy) {
  error.text += fmt::format(" for the role {}", role);
  if (error.failure == Failure::refused || error.failure == Failure::credentials) {
    error.text.append("; ").append(remedy);
  }
  return std::unexpected(std::move(error));
}

}  // namespace

base::Task<base::Result<Credentials>> WebIdentityCredentials::get() {
  const auto token = read_(source_.token_file);
  const std::string_view text = token ? trim(token->view()) : std::string_view();
  if (text.empty()) {
    co_return base::fail(
        Failure::credentials, "NoWebIdentityToken",
        fmt::format("no token in {} (AWS_WEB_IDENTITY_TOKEN_FILE); is the service account's "
                    "token mounted?",
                    source_.token_file));
  }
  static constexpr std::string_view operation = "AssumeRoleWithWebIdentity";
  const RoleRequest role{source_.role_arn, source_.session_name, {}, source_.duration};
  Call call = form_call(operation, web_identity_form(role, text));
  auto answer = co_await sts_->send(std::move(call));
  if (!answer) {
    co_return cannot_assume(
        std::move(answer.error()), source_.role_arn,
        "its trust policy must allow sts:AssumeRoleWithWebIdentity to this service account");
  }
  co_return parse_sts_answer(answer->body.view(), operation);
}

base::Task<base::Result<Credentials>> AssumeRoleCredentials::get() {
  Call call = form_call(assume_role, assume_role_form(role_));
  auto answer = co_await sts_->send(std::move(call));
  if (!answer) {
    co_return cannot_assume(
        std::move(answer.error()), role_.role_arn,
        "its trust policy must allow sts:AssumeRole to the source credentials (with the "
        "external id, if it asks for one)");
  }
  co_return parse_sts_answer(answer->body.view(), assume_role);
}

base::Task<base::Result<Credentials>> BindingRoleCredentials::get() {
  Call call = form_call(assume_role, assume_role_form(role_));
  auto answer = co_await sts_->send(std::move(call));
  if (answer) co_return parse_sts_answer(answer->body.view(), assume_role);
  base::Error error = std::move(answer.error());
  error.text.insert(0, fmt::format("assuming the role {}: ", role_.role_arn));
  if (error.retryable()) co_return std::unexpected(std::move(error));
  error.text += fmt::format(
      " ({}): its trust policy must allow sts:AssumeRole and sts:TagSession to EDSM's own role "
      "(with the external id, if it asks for one), and the permissions of EDSM's role both on it",
      error.code);
  error.failure = Failure::refused;
  error.code = kRefused;
  co_return std::unexpected(std::move(error));
}

}  // namespace edsm::cloud::aws
