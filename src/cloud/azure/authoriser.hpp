#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "cloud/oauth/token_cache.hpp"
#include "net/http.hpp"

namespace edsm::cloud::azure {

/// What lets one call in.
struct Pass {
  base::SecretBytes header;         ///< value of Authorization, whole; empty: none is sent
  oauth::TokenCache::Shared token;  ///< behind it; null: none is
};

/// Authorises the calls of one endpoint.
class Authoriser {
 public:
  virtual ~Authoriser() = default;
  virtual base::Task<base::Result<Pass>> pass() = 0;
  /// The endpoint answered 401 to `used`. True: the next pass is another one. An error says why
  /// there must not be one, in the place of the refusal.
  virtual base::Result<bool> refused(const Pass& used, const net::Response& answer) = 0;
};

/// The pass of a token.
Pass bearer(oauth::TokenCache::Shared token);

/// The tokens of one cache, for a service that says nothing of whose it wants.
class BearerTokens final : public Authoriser {
 public:
  explicit BearerTokens(oauth::TokenCache& tokens) : tokens_(tokens) {}
  base::Task<base::Result<Pass>> pass() override;
  base::Result<bool> refused(const Pass& used, const net::Response& answer) override;

 private:
  oauth::TokenCache& tokens_;
};

}  // namespace edsm::cloud::azure
