#pragma once

#include <memory>

#include "base/clock.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// A service account's token, got from IAM with the token of an identity that may act as it.
class ImpersonatedTokens final : public oauth::TokenProvider {
 public:
  /// `source.base` has become `base`.
  ImpersonatedTokens(ImpersonationSource source, std::unique_ptr<oauth::TokenProvider> base,
                     net::Http& http, base::Clock& clock)
      : source_(std::move(source)), base_(std::move(base)), service_(http, clock), clock_(clock) {}
  std::string_view name() const override { return "impersonation"; }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  oauth::Exchange exchange(const oauth::Token& token) const;
  base::Result<oauth::Token> read(const net::Response& answer) const;

  ImpersonationSource source_;
  std::unique_ptr<oauth::TokenProvider> base_;
  oauth::TokenService service_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::gcp::auth
