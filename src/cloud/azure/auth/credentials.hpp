#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "base/task.hpp"
#include "cloud/azure/auth/auth_settings.hpp"
#include "cloud/oauth/token_cache.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cloud::azure {

/// What getting tokens needs. Everything referred to outlives them.
struct AuthDeps {
  net::Http& api;       ///< calls to Microsoft Entra; through a proxy where one is configured
  net::Http& metadata;  ///< the machine's own metadata server: never through a proxy
  base::Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
};

/// The controller's identity in Azure, and its tokens: one cache for each scope in each tenant.
class Credentials {
 public:
  /// An error in the place of settings is what every cache's `get` will say.
  Credentials(base::Result<AuthSettings> settings, AuthDeps deps);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// `tenant` empty: the identity's own (a managed identity has no other). The caller has seen to
  /// it that it can be a piece of a URL's path. `scope`: "https://vault.azure.net/.default". Lives
  /// as long as this; nothing is asked for before its first `get`.
  oauth::TokenCache& tokens(std::string_view tenant, std::string_view scope);

  /// Renews what was used once ahead of need, so that no change waits for it. Until cancelled.
  base::Task<void> run();

 private:
  using Which = std::pair<std::string, std::string>;  ///< tenant and scope
  struct Held;

  std::string tenant_of(std::string_view wanted) const;
  std::unique_ptr<oauth::TokenProvider> provider(const Which& which);

  base::Result<AuthSettings> settings_;
  AuthDeps deps_;
  base::Notify used_;
  std::map<Which, std::unique_ptr<Held>> held_;
};

}  // namespace edsm::cloud::azure
