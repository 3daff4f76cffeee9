#include "cloud/gcp/inspect/credential_origin.hpp"

#include <fmt/format.h>

namespace edsm::cloud::gcp {
namespace {

using namespace auth;

struct Origin {
  CredentialOrigin operator()(const AnonymousSource&) const {
    return {"nobody", "no credentials", ""};
  }
  CredentialOrigin operator()(const KeySource& source) const {
    return {source.email, "the key of a service account", ""};
  }
  CredentialOrigin operator()(const UserSource& source) const {
    const bool known = source.token_url.ends_with("/token");
    return {"", "a person's login by gcloud", known ? source.token_url + "info" : std::string()};
  }
  CredentialOrigin operator()(const MetadataSource&) const {
    return {"", "the metadata server", ""};
  }
  CredentialOrigin operator()(const FederationSource& source) const {
    return {"", "workload identity federation with " + source.audience, ""};
  }
  CredentialOrigin operator()(const std::unique_ptr<ImpersonationSource>& source) const {
    const auto base = std::visit(Origin(), source->base);
    return {source->email,
            fmt::format("impersonation by {}", base.principal.empty() ? base.how : base.principal),
            ""};
  }
};

}  // namespace

CredentialOrigin origin_of(const AdcSettings& settings) {
  auto origin = std::visit(Origin(), settings.source);
  origin.how += fmt::format(" ({})", settings.origin);
  return origin;
}

}  // namespace edsm::cloud::gcp
