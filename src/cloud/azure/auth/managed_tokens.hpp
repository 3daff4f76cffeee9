#pragma once

#include <string>

#include "base/clock.hpp"
#include "cloud/azure/auth/identity_source.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

namespace edsm::cloud::azure::auth {

/// Tokens of a managed identity for one scope, from the machine's own metadata server.
class ManagedTokens final : public oauth::TokenProvider {
 public:
  /// `source` outlives it. `http` goes straight to the machine, without any proxy.
  ManagedTokens(const ManagedSource& source, std::string scope, net::Http& http,
                base::Clock& clock);
  std::string_view name() const override { return name_; }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  net::Request request() const;
  base::Error refusal(const net::Response& response) const;
  base::Error unanswered(base::Error error) const;

  const ManagedSource& source_;
  std::string scope_;
  std::string name_;
  net::Http& http_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::azure::auth
