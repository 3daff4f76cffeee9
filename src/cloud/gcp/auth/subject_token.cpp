#include "cloud/gcp/auth/subject_token.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/gcp/auth/aws_subject.hpp"
#include "cloud/gcp/auth/trusted_url.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;
using base::Result;
using base::SecretBytes;

Result<SecretBytes> no_token(std::string text) {
  return base::fail(Failure::credentials, "NoSubjectToken", std::move(text));
}

Result<SecretBytes> read_token(std::string_view content, const SubjectFormat& format,
                               const std::string& origin) {
  if (format.json_member.empty()) {
    const auto token = trim(content);
    if (token.empty()) return no_token(origin + " is empty; is the token mounted?");
    return SecretBytes(token);
  }
  const auto document = base::JsonDocument::parse(content);
  const auto* const member = document ? base::find(document->root(), format.json_member) : nullptr;
  if (member == nullptr || !member->is_string() || member->get_string().empty()) {
    return no_token(
        fmt::format("{} is no JSON object with a token in \"{}\"", origin, format.json_member));
  }
  return SecretBytes(std::string_view(member->get_string()));
}

Result<SecretBytes> get_from(const FileSubject& source, const ReadFile& read) {
  const auto content = read(source.file);
  if (!content) {
    return no_token(
        fmt::format("{}; is the service account's token mounted there?", content.error().text));
  }
  return read_token(content->view(), source.format, source.file);
}

}  // namespace

base::Task<Result<SecretBytes>> SubjectTokens::get_from(const UrlSubject& source) {
  net::Request request(net::Method::get, source.url);
  for (const auto& [name, value] : source.headers) request.headers.add(name, value);
  request.timeout = std::chrono::seconds(10);
  request.max_body = std::size_t{64} << 10U;
  request.confidential = true;
  net::Http* const http = is_direct(source.url) ? &metadata_ : &api_;
  auto answer = co_await http->send(std::move(request));
  if (!answer) co_return base::fail(std::move(answer.error()), source.url);
  if (answer->status != 200) {
    co_return std::unexpected(oauth::error_of(*answer, "credential_source.url " + source.url));
  }
  co_return read_token(answer->body.view(), source.format, source.url);
}

base::Task<Result<SecretBytes>> SubjectTokens::get() {
  if (const auto* const file = std::get_if<FileSubject>(&source_)) {
    co_return auth::get_from(*file, read_);
  }
  if (const auto* const url = std::get_if<UrlSubject>(&source_)) {
    auto token = co_await get_from(*url);
    co_return token;
  }
  auto token =
      co_await sign_caller_identity(std::get<AwsSubject>(source_), audience_, metadata_, clock_);
  co_return token;
}

}  // namespace edsm::cloud::gcp::auth
