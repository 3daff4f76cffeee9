#include "cloud/aws/container_credentials.hpp"

#include <array>

#include <fmt/format.h>

#include "cloud/aws/text.hpp"
#include "cloud/loopback.hpp"
#include "net/url.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr int max_attempts = 3;

bool is_local(std::string_view host) {
  static constexpr std::array<std::string_view, 3> link_local = {"169.254.170.2", "169.254.170.23",
                                                                 "fd00:ec2::23"};
  return is_loopback(host) || one_of(link_local, host);
}

}  // namespace

base::Result<> check_container_url(std::string_view text) {
  const auto url = net::Url::parse(text);
  if (!url) {
    return base::fail(
        Failure::invalid, "ForbiddenEndpoint",
        "the container credential endpoint of AWS_CONTAINER_CREDENTIALS_*_URI is not a URL");
  }
  if (url->scheme == "https" || is_local(url->host)) return {};
  return base::fail(
      Failure::invalid, "ForbiddenEndpoint",
      fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI names {} over plain http, which is allowed "
                  "for loopback and AWS's link-local addresses only; use https",
                  url->host));
}

base::Result<base::SecretBytes> ContainerCredentials::token() const {
  base::SecretBytes token(source_.token.view());
  if (!source_.token_file.empty()) {
    auto read = read_(source_.token_file);
    if (!read) {
      return base::fail(Failure::credentials, "NoContainerToken",
                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: " + read.error().text);
    }
    token = std::move(*read);
  }
  // A line end inside would forge a header. None is expected at the end either, but editors add
  // them.
  base::SecretBytes trimmed(trim(token.view()));
  if (trimmed.view().find_first_of("\r\n") != std::string_view::npos) {
    return base::fail(Failure::credentials, "NoContainerToken",
                      "the container authorization token has a line break inside");
  }
  return trimmed;
}

base::Task<base::Result<Credentials>> ContainerCredentials::get() {
  base::Error last;
  for (int attempt = 1; attempt <= max_attempts; ++attempt) {
    if (attempt > 1) co_await clock_.sleep_for(std::chrono::seconds(1));
    const auto authorization = token();
    if (!authorization) co_return std::unexpected(authorization.error());
    net::Request request(net::Method::get, source_.url);
    request.timeout = std::chrono::seconds(2);
    request.max_body = std::size_t{64} << 10U;
    request.headers.add("Accept", "application/json");
    if (!authorization->empty()) request.headers.add("Authorization", authorization->view());
    auto answer = co_await http_.send(std::move(request));
    if (answer && answer->status == 200) {
      co_return parse_credentials(answer->body.view(), "Token",
                                  "the container credential endpoint");
    }
    if (!answer) {
      last = std::move(answer.error());
      continue;
    }
    last = base::Error{
        Failure::credentials, "ContainerCredentials", fmt::format("HTTP {}", answer->status), {}};
    const bool may_help = answer->status >= 500 || answer->status == 429;
    if (!may_help) break;
  }
  co_return base::fail(std::move(last), fmt::format("container credentials from {}", source_.url));
}

}  // namespace edsm::cloud::aws
