#pragma once

#include "base/clock.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// A person's refresh token, as gcloud leaves it: for trying things out.
class UserTokens final : public oauth::TokenProvider {
 public:
  UserTokens(UserSource source, net::Http& http, base::Clock& clock)
      : source_(std::move(source)), service_(http, clock), clock_(clock) {}
  std::string_view name() const override { return "authorized-user"; }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  UserSource source_;
  oauth::TokenService service_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::gcp::auth
