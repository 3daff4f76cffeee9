#pragma once

#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "cloud/azure/client.hpp"
#include "cloud/azure/key_vault.hpp"
#include "cloud/azure/settings.hpp"
#include "cloud/oauth/token_cache.hpp"
#include "cloud/provider.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

/// The front door of Azure: Key Vault as cloud::Provider, queues of Service Bus as cloud::Inbox.
namespace edsm::cloud::azure {

class Cloud {
 public:
  /// `api` carries all calls but long polls, and like `long_polls` trusts Settings::ca_bundle;
  /// `metadata` goes to the metadata server and to this machine, so without any proxy. Everything
  /// referred to must outlive this object.
  Cloud(Settings settings, net::Http& api, net::Http& long_polls, net::Http& metadata,
        base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics);
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  cloud::Provider& provider();
  /// One per queue, in order.
  std::vector<cloud::Inbox*> inboxes();

  /// For questions that the controller itself never asks; none outlives this object. `tenant` is
  /// what a binding says, or empty.
  std::unique_ptr<KeyVault> vault(const std::string& name, const std::string& tenant);
  std::unique_ptr<Client> client(const Queue& queue, decltype(Endpoint::error_of) error_of);
  /// Of the identity's own tenant, fresh or the one that is held.
  base::Task<base::Result<oauth::TokenCache::Shared>> token(std::string scope);

  /// Renews tokens ahead of need, from their first use on, so that no change waits for it. Runs
  /// until cancelled; without it everything works, and the first call after a renewal became due
  /// does it.
  base::Task<void> run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edsm::cloud::azure
