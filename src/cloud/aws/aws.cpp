#include "cloud/aws/aws.hpp"

#include <map>
#include <utility>

#include "cloud/aws/credential_cache.hpp"
#include "cloud/aws/credential_chain.hpp"
#include "cloud/aws/inbox.hpp"
#include "cloud/aws/provider.hpp"
#include "cloud/aws/role_credentials.hpp"

namespace edsm::cloud::aws {

/// Members are in the order of use: what comes later refers to what comes before.
struct Cloud::Parts {
  Parts(Settings settings_, net::Http& api_, net::Http& long_polls, net::Http& metadata,
        Wiring wiring_)
      : settings(std::move(settings_)),
        api(api_),
        wiring(wiring_),
        processes(wiring.clock),
        credentials(make_credentials(metadata), wiring.clock, wiring.log, wiring.metrics),
        provider(
            settings.region, [this](const Scope& scope) { return client_of(scope); }, wiring.clock,
            wiring.log) {
    for (const QueueUrl& queue : settings.queues) {
      auto sqs =
          std::make_unique<Sqs>(queue, queue_client(queue, api), queue_client(queue, long_polls));
      inboxes.push_back(std::make_unique<SqsInbox>(std::move(sqs), wiring.clock));
    }
  }

  std::unique_ptr<CredentialsProvider> make_credentials(net::Http& metadata) {
    const ProviderDeps deps{
        wiring,          api, metadata, settings.read_file, processes, settings.sts_region,
        settings.sts_url};
    return make_provider(std::move(settings.credentials), deps);
  }
  base::Result<std::unique_ptr<Client>> client(Service service, const std::string& region) {
    auto url = endpoint_url(service, region, settings.endpoints);
    if (!url) return std::unexpected(std::move(url.error()));
    return std::make_unique<Client>(service, region, std::move(*url), api, &credentials, wiring);
  }
  /// Secrets Manager as the controller itself, or with a session of the scope's role.
  base::Result<ScopeClient> client_of(const Scope& scope) {
    ScopeClient made;
    if (scope.identity) {
      // The controller's own region first: STS is certain to be enabled and reachable there.
      auto sts = sts_in(settings.sts_region.empty() ? scope.region : settings.sts_region);
      if (!sts) return std::unexpected(std::move(sts.error()));
      auto role =
          std::make_unique<BindingRoleCredentials>(session_of(*scope.identity), std::move(*sts));
      made.session = std::make_unique<CredentialCache>(
          std::move(role), wiring.clock, wiring.log, wiring.metrics, CredentialCache::For::binding);
    }
    auto url = endpoint_url(Service::secretsmanager, scope.region, settings.endpoints);
    if (!url) return std::unexpected(std::move(url.error()));
    made.client = std::make_unique<Client>(
        Service::secretsmanager, scope.region, std::move(*url), api,
        made.session == nullptr ? &credentials : made.session.get(), wiring);
    return made;
  }
  /// One for all roles: when STS is down, their retries have one budget.
  base::Result<std::shared_ptr<Client>> sts_in(const std::string& region) {
    auto& found = sts_clients[region];
    if (found == nullptr) {
      auto made = client(Service::sts, region);
      if (!made) return std::unexpected(std::move(made.error()));
      found = std::move(*made);
    }
    return found;
  }
  std::unique_ptr<Client> queue_client(const QueueUrl& queue, net::Http& http) {
    return std::make_unique<Client>(Service::sqs, queue.region, queue.endpoint, http, &credentials,
                                    wiring);
  }

  Settings settings;
  net::Http& api;
  Wiring wiring;
  base::SpawningRunner processes;
  CredentialCache credentials;
  std::map<std::string, std::shared_ptr<Client>>
      sts_clients;  ///< by region, as the controller itself
  SecretsManagerProvider provider;
  std::vector<std::unique_ptr<SqsInbox>> inboxes;
};

Cloud::Cloud(Settings settings, net::Http& api, net::Http& long_polls, net::Http& metadata,
             base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics) {
  const Wiring wiring{clock, log, metrics, settings.retry};
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

base::Result<std::unique_ptr<Client>> Cloud::client(Service service, const std::string& region) {
  return parts_->client(service, region);
}

base::Task<void> Cloud::run() {
  return parts_->credentials.keep_fresh();
}

}  // namespace edsm::cloud::aws
