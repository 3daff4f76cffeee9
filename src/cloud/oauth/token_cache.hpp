#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "cloud/oauth/token.hpp"
#include "cloud/refreshing_cache.hpp"

namespace edsm::cloud::oauth {

/// Holds one provider's token. `what` begins log lines and error texts ("Google credentials"); a
/// literal.
class TokenCache : public RefreshingCache<TokenProvider, Token> {
 public:
  TokenCache(std::string_view what, std::unique_ptr<TokenProvider> provider, base::Clock& clock,
             telemetry::Log& log, telemetry::Metrics& metrics)
      : RefreshingCache(what, std::move(provider), clock, log, metrics) {}
};

}  // namespace edsm::cloud::oauth
