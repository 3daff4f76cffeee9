#include "cloud/azure/azure.hpp"

#include <utility>

#include "cloud/azure/errors.hpp"
#include "cloud/azure/inbox.hpp"
#include "cloud/azure/provider.hpp"
#include "cloud/azure/vault_tokens.hpp"

namespace edsm::cloud::azure {

/// Members are in the order of use: what comes later refers to what comes before.
struct Cloud::Parts {
  Parts(Settings settings_, net::Http& api_, net::Http& long_polls, net::Http& metadata,
        Wiring wiring_)
      : settings(std::move(settings_)),
        api(api_),
        wiring(wiring_),
        credentials(std::move(settings.credentials),
                    AuthDeps{api, metadata, wiring.clock, wiring.log, wiring.metrics}),
        provider(
            settings.vault, *settings.hosts,
            [this](const std::string& vault, const std::string& tenant) {
              return make_vault(vault, tenant);
            },
            wiring.clock, wiring.log) {
    for (const Queue& queue : settings.queues)
      inboxes.push_back(make_inbox(queue, credentials, api, long_polls, wiring));
  }

  std::unique_ptr<KeyVault> make_vault(const std::string& vault, const std::string& tenant) {
    VaultAddress address{vault_host(vault, *settings.hosts), vault_origin(settings, vault),
                         settings.api_version};
    auto tokens = std::make_shared<VaultTokens>(
        address.host, tenant, *settings.hosts,
        [this](const std::string& of, const std::string& scope) -> oauth::TokenCache& {
          return credentials.tokens(of, scope);
        });
    Endpoint endpoint{address.origin, std::move(tokens), &vault_error};
    auto client = std::make_unique<Client>(Service::keyvault, std::move(endpoint), api, wiring);
    return std::make_unique<KeyVault>(std::move(address), std::move(client));
  }

  Settings settings;
  net::Http& api;
  Wiring wiring;
  Credentials credentials;
  KeyVaultProvider provider;
  std::vector<std::unique_ptr<Inbox>> inboxes;
};

Cloud::Cloud(Settings settings, net::Http& api, net::Http& long_polls, net::Http& metadata,
             base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics) {
  const Wiring wiring{clock, log, metrics};
  parts_ = std::make_unique<Parts>(std::move(settings), api, long_polls, metadata, wiring);
}

Cloud::~Cloud() = default;

cloud::Provider& Cloud::provider() {
  return parts_->provider;
}

std::vector<cloud::Inbox*> Cloud::inboxes() {
  std::vector<cloud::Inbox*> result;
  for (const auto& inbox : parts_->inboxes) result.push_back(inbox.get());
  return result;
}

std::unique_ptr<KeyVault> Cloud::vault(const std::string& name, const std::string& tenant) {
  return parts_->make_vault(name, tenant);
}

std::unique_ptr<Client> Cloud::client(const Queue& queue, decltype(Endpoint::error_of) error_of) {
  Endpoint endpoint{queue.origin, authoriser_of(queue, parts_->credentials, parts_->wiring.clock),
                    error_of};
  return std::make_unique<Client>(Service::servicebus, std::move(endpoint), parts_->api,
                                  parts_->wiring);
}

base::Task<base::Result<oauth::TokenCache::Shared>> Cloud::token(std::string scope) {
  return parts_->credentials.tokens({}, scope).get();
}

base::Task<void> Cloud::run() {
  return parts_->credentials.run();
}

}  // namespace edsm::cloud::azure
