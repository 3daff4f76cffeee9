#pragma once

#include <memory>
#include <utility>

#include "cloud/aws/credentials.hpp"
#include "cloud/refreshing_cache.hpp"

namespace edsm::cloud::aws {

/// Holds one provider's credentials.
class CredentialCache : public RefreshingCache<CredentialsProvider, Credentials> {
 public:
  CredentialCache(std::unique_ptr<CredentialsProvider> provider, base::Clock& clock,
                  telemetry::Log& log, telemetry::Metrics& metrics, For whom = For::controller)
      : RefreshingCache("AWS credentials", std::move(provider), clock, log, metrics, whom) {}
};

}  // namespace edsm::cloud::aws
