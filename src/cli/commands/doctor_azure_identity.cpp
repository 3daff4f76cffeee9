#include "cli/commands/doctor_azure_identity.hpp"

#include <utility>

#include <fmt/format.h>

#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

using cloud::azure::CredentialOrigin;
using cloud::azure::TokenFacts;
using Level = Finding::Level;

std::string either(const std::string& a, const std::string& b) {
  return a.empty() ? b : a;
}

std::string who(const CredentialOrigin& origin, const TokenFacts& token) {
  const auto application = either(token.application, origin.client_id);
  std::string text;
  if (!token.resource.empty()) {
    text = fmt::format("managed identity {}", token.resource.substr(token.resource.rfind('/') + 1));
    if (!application.empty()) text += fmt::format(" ({})", application);
  } else {
    text = application.empty() ? "somebody" : "application " + application;
  }
  const auto tenant = either(token.tenant, origin.tenant);
  if (!tenant.empty()) text += fmt::format(" of tenant {}", tenant);
  text += fmt::format(", by {}", origin.how);
  if (!token.object.empty())
    text += fmt::format("; roles are given to its object {}", token.object);
  return text;
}

}  // namespace

AzureIdentity judge_azure_identity(const CredentialOrigin& origin, const TokenFacts& token) {
  AzureIdentity identity;
  identity.usable = true;
  identity.managed = origin.managed;
  identity.tenant = cloud::lower(token.tenant);
  // A domain cannot be compared with an id.
  if (identity.tenant.empty() && !origin.tenant.contains('.'))
    identity.tenant = cloud::lower(origin.tenant);
  identity.assignee = either(token.object, either(token.application, origin.client_id));
  identity.by_object = !token.object.empty();
  if (identity.assignee.empty()) identity.assignee = "ASSIGNEE";
  say(identity.findings, Level::good, "identity", who(origin, token), "");
  return identity;
}

base::Task<AzureIdentity> examine_azure_identity(cloud::azure::Cloud& cloud,
                                                 CredentialOrigin origin, std::string scope) {
  const auto token = co_await cloud.token(std::move(scope));
  if (token) {
    co_return judge_azure_identity(origin, cloud::azure::read_token((*token)->value.view()));
  }
  AzureIdentity identity;
  identity.managed = origin.managed;
  say(identity.findings, Level::failure, "identity",
      fmt::format("{}: {}", origin.how, base::describe(token.error())),
      remedy_for(token.error(), "Azure"));
  co_return identity;
}

}  // namespace edsm::cli
