#include "cloud/gcp/auth/metadata_server.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/oauth/exchange.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;

constexpr int max_attempts = 3;
constexpr std::string_view flavor = "Metadata-Flavor";
constexpr std::string_view code = "MetadataServer";
constexpr std::string_view no_server =
    "it is the last source of Google credentials, and it did not answer. On GKE, turn Workload "
    "Identity on and bind the Kubernetes service account; elsewhere set "
    "GOOGLE_APPLICATION_CREDENTIALS to a file of workload identity federation";

/// Anybody may answer on a link-local address; only the real one says so.
bool is_google(const net::Response& response) {
  return response.headers.find(flavor).value_or("") == "Google";
}

base::Error refusal(const net::Response& response, const std::string& url) {
  base::Error error{Failure::credentials, std::string(code),
                    fmt::format("{} answered HTTP {}", url, response.status),
                    net::retry_after(response.headers)};
  if (response.status == 429) error.failure = Failure::throttled;
  if (response.status >= 500 || response.status == 408) error.failure = Failure::transient;
  if (response.status == 403 || response.status == 404) {
    error.text +=
        "; does the node have a service account, or may the Kubernetes service account act as the "
        "one of its annotation iam.gke.io/gcp-service-account (roles/iam.workloadIdentityUser)?";
  }
  return error;
}

}  // namespace

base::Task<base::Result<net::Response>> MetadataServer::ask(std::string path) {
  const std::string url = source_.root + path;
  base::Error last;
  for (int attempt = 1; attempt <= max_attempts; ++attempt) {
    if (attempt > 1) co_await clock_.sleep_for(oauth::pause_before(attempt, clock_.random()));
    net::Request request(net::Method::get, url);
    request.headers.add(flavor, "Google");
    request.timeout = source_.timeout;
    request.max_body = std::size_t{64} << 10U;
    request.confidential = true;
    auto answer = co_await http_.send(std::move(request));
    if (!answer) {
      last = std::move(answer.error());
      last.text = fmt::format("{}: {} ({})", url, no_server, last.text);
      if (!last.retryable()) break;
      continue;
    }
    if (!is_google(*answer)) {
      last = base::Error{Failure::credentials,
                         std::string(code),
                         fmt::format("{} was answered by something that is not Google's metadata "
                                     "server (no Metadata-Flavor); {}",
                                     url, no_server),
                         {}};
      break;
    }
    if (answer->status == 200) co_return answer;
    last = refusal(*answer, url);
    if (last.failure == Failure::credentials) break;
  }
  co_return std::unexpected(std::move(last));
}

base::Task<base::Result<oauth::Token>> MetadataServer::get() {
  const base::WallTime asked = clock_.wall();
  std::string path = "instance/service-accounts/default/token?scopes=" + net::percent_encode(scope);
  auto answer = co_await ask(std::move(path));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return oauth::parse_token(answer->body.view(), asked, "Google's metadata server");
}

/// `what` it must be is for the error; a literal.
base::Task<base::Result<std::string>> MetadataServer::word(std::string path,
                                                           std::string_view what) {
  auto answer = co_await ask(path);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  const std::string_view id = trim(answer->body.view());
  const bool proper = !id.empty() && id.size() <= 256 && std::ranges::all_of(id, [](char c) {
    // "example.com:project" is an old form of a project.
    return is_alnum(c) || std::string_view("-:.@_").contains(c);
  });
  if (proper) co_return std::string(id);
  co_return base::fail(
      Failure::credentials, std::string(code),
      fmt::format("{}{} was answered with what cannot be {}", source_.root, path, what));
}

base::Task<base::Result<std::string>> MetadataServer::project_id() {
  return word("project/project-id", "a project");
}

base::Task<base::Result<std::string>> MetadataServer::project_number() {
  return word("project/numeric-project-id", "a project");
}

base::Task<base::Result<std::string>> MetadataServer::email() {
  return word("instance/service-accounts/default/email", "an account");
}

}  // namespace edsm::cloud::gcp::auth
