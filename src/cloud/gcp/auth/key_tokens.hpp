#pragma once

#include "base/clock.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/oauth/token.hpp"
#include "cloud/skew_correction.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// A service account's key: a JWT that it signs, exchanged for a token (or used as one).
class KeyTokens final : public oauth::TokenProvider {
 public:
  KeyTokens(KeySource source, net::Http& http, base::Clock& clock)
      : source_(std::move(source)), service_(http, clock), clock_(clock) {}
  std::string_view name() const override { return "service-account-key"; }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  base::Result<base::SecretBytes> assertion(base::WallTime now) const;
  base::Result<oauth::Exchange> exchange() const;
  base::Result<oauth::Token> self_signed() const;
  /// True if the clock was the reason of a refusal, and is corrected now.
  bool learn_clock(const net::Response& refusal);

  KeySource source_;
  oauth::TokenService service_;
  base::Clock& clock_;
  SkewCorrection skew_;
};

}  // namespace edsm::cloud::gcp::auth
