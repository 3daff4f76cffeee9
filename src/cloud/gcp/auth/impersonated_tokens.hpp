#pragma once

#include <memory>

#include "base/clock.hpp"
#include "cloud/gcp/auth/exchange.hpp"
#include "cloud/gcp/auth/token.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// A service account's token, got from IAM with the token of an identity that may act as it.
class ImpersonatedTokens final : public TokenProvider {
 public:
  /// `source.base` has become `base`.
  ImpersonatedTokens(ImpersonationSource source, std::unique_ptr<TokenProvider> base,
                     net::Http& http, base::Clock& clock)
      : source_(std::move(source)), base_(std::move(base)), service_(http, clock), clock_(clock) {}
  std::string_view name() const override { return "impersonation"; }
  base::Task<base::Result<Token>> get() override;

 private:
  Exchange exchange(const Token& token) const;
  base::Result<Token> read(const net::Response& answer) const;

  ImpersonationSource source_;
  std::unique_ptr<TokenProvider> base_;
  TokenService service_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::gcp::auth
