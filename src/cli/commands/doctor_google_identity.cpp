#include "cli/commands/doctor_google_identity.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cli/commands/cloud_doctor.hpp"
#include "cloud/oauth/exchange.hpp"

namespace edsm::cli {
namespace {

using cloud::oauth::Form;
using Level = Finding::Level;

/// Of a token of a person; empty: nobody says.
base::Task<std::string> email_of_token(net::Http& http, std::string url,
                                       cloud::oauth::TokenCache::Shared token) {
  Form form;
  form.add("access_token", token->value.view());
  net::Request request(net::Method::post, std::move(url));
  request.headers.add("Content-Type", Form::content_type);
  request.body = std::move(form).take();
  request.timeout = std::chrono::seconds(5);
  request.confidential = true;
  const auto answer = co_await http.send(std::move(request));
  if (!answer || answer->status != 200) co_return std::string();
  const auto told = base::JsonDocument::parse(answer->body.view());
  if (!told) co_return std::string();
  co_return std::string(base::string_at(told->root(), "email"));
}

}  // namespace

std::string member_of(const std::string& principal) {
  if (principal.ends_with(".gserviceaccount.com")) return "serviceAccount:" + principal;
  if (principal.contains('@')) return "user:" + principal;
  return "MEMBER";
}

base::Task<GoogleIdentity> examine_google_identity(cloud::gcp::Cloud& cloud, base::Clock& clock,
                                                   net::Http& http,
                                                   cloud::gcp::CredentialOrigin origin,
                                                   std::string api_url) {
  GoogleIdentity identity;
  auto& findings = identity.findings;
  auto principal = origin.principal;
  const auto token = co_await cloud.token();
  identity.usable = token.has_value();
  if (!token) {
    say(findings, Level::failure, "identity",
        fmt::format("{}: {}", origin.how, base::describe(token.error())),
        remedy_for(token.error(), "Google"));
  } else if (principal.empty()) {
    const auto attached = co_await cloud.attached_account();
    if (attached) principal = *attached;
    if (principal.empty() && !origin.token_info_url.empty()) {
      auto url = origin.token_info_url;
      principal = co_await email_of_token(http, std::move(url), *token);
    }
  }
  identity.member = member_of(principal);
  const auto project = co_await cloud.project();
  if (project) identity.project = *project;
  if (token) {
    if (principal.ends_with(".svc.id.goog")) {
      principal = fmt::format("the Kubernetes service account itself, of the pool {}", principal);
    }
    say(findings, Level::good, "identity",
        fmt::format("{}, by {}", principal.empty() ? "somebody" : principal, origin.how), "");
  }
  if (!project) {
    say(findings, Level::warning, "identity", base::describe(project.error()),
        "set GOOGLE_CLOUD_PROJECT where `edsm run` starts, or gcpProjectID in "
        "each binding");
  } else if (project->empty()) {
    say(findings, Level::notice, "identity", "no project is set",
        "each binding has to name its project, or set GOOGLE_CLOUD_PROJECT");
  }
  co_await examine_cloud_clock(http, clock, api_url + "/", "Google", findings);
  co_return identity;
}

}  // namespace edsm::cli
