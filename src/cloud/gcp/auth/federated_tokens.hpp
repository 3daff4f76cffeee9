#pragma once

#include "base/clock.hpp"
#include "cloud/gcp/auth/subject_token.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// Workload identity federation: a token of another identity provider, exchanged at Google's STS.
class FederatedTokens final : public oauth::TokenProvider {
 public:
  /// `api` carries calls to Google, `metadata` those to the machine itself, without any proxy.
  FederatedTokens(FederationSource source, net::Http& api, net::Http& metadata, ReadFile read,
                  base::Clock& clock)
      : source_(std::move(source)),
        subjects_(std::move(source_.subject), source_.audience, api, metadata, std::move(read),
                  clock),
        service_(api, clock),
        clock_(clock) {}
  std::string_view name() const override { return "workload-identity-federation"; }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  oauth::Exchange exchange(std::string_view subject_token) const;

  FederationSource source_;
  SubjectTokens subjects_;
  oauth::TokenService service_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::gcp::auth
