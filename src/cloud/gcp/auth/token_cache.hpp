#pragma once

#include <memory>
#include <utility>

#include "cloud/gcp/auth/token.hpp"
#include "cloud/refreshing_cache.hpp"

namespace edsm::cloud::gcp {

/// Holds one provider's token.
class TokenCache : public RefreshingCache<TokenProvider, Token> {
 public:
  TokenCache(std::unique_ptr<TokenProvider> provider, base::Clock& clock, telemetry::Log& log,
             telemetry::Metrics& metrics)
      : RefreshingCache("Google credentials", std::move(provider), clock, log, metrics) {}
};

}  // namespace edsm::cloud::gcp
