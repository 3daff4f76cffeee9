#include "cloud/gcp/gcp.hpp"

#include <utility>

#include "base/notify.hpp"
#include "cloud/gcp/inbox.hpp"
#include "cloud/gcp/provider.hpp"
#include "cloud/oauth/wrapped_tokens.hpp"

namespace edsm::cloud::gcp {

/// Members are in the order of use: what comes later refers to what comes before.
struct Cloud::Parts {
  Parts(Settings settings_, net::Http& api_, net::Http& long_polls, net::Http& metadata,
        Wiring wiring_)
      : settings(std::move(settings_)),
        api(api_),
        wiring(wiring_),
        tokens("Google credentials", make_tokens(metadata), wiring.clock, wiring.log,
               wiring.metrics),
        own(make_own()),
        provider(
            settings.project,
            [this](const std::string& location) {
              return client(Service::secretmanager, secret_manager_url(settings, location), api);
            },
            projects, births, wiring.clock, wiring.log, own.get()) {
    for (const Subscription& subscription : settings.subscriptions) {
      auto pubsub =
          std::make_unique<Pubsub>(subscription, client(Service::pubsub, pubsub_url(settings), api),
                                   client(Service::pubsub, pubsub_url(settings), long_polls));
      inboxes.push_back(
          std::make_unique<PubsubInbox>(std::move(pubsub), projects, births, wiring.clock));
    }
  }

  std::unique_ptr<oauth::TokenProvider> make_tokens(net::Http& metadata) {
    if (!settings.credentials)
      return std::make_unique<oauth::NoTokens>(std::move(settings.credentials.error()));
    const AdcDeps deps{api, metadata, wiring.clock};
    auto adc = make_adc(std::move(*settings.credentials), deps);
    metadata_server = std::move(adc.metadata);
    return std::make_unique<oauth::NoticedTokens>(std::move(adc.provider), [this] { used.open(); });
  }
  /// Null where the project is known, or nobody can be asked for it.
  std::unique_ptr<OwnProject> make_own() {
    if (!settings.project.empty() || metadata_server == nullptr) return nullptr;
    return std::make_unique<OwnProject>(*metadata_server, projects, wiring.clock);
  }
  std::unique_ptr<Client> client(Service service, std::string origin, net::Http& http) {
    Endpoint endpoint{std::move(origin), &tokens, settings.quota_project};
    return std::make_unique<Client>(service, std::move(endpoint), http, wiring);
  }

  Settings settings;
  net::Http& api;
  Wiring wiring;
  base::Gate used;
  std::unique_ptr<auth::MetadataServer> metadata_server;  ///< null: credentials are not its
  oauth::TokenCache tokens;
  Projects projects;
  Births births{projects};
  std::unique_ptr<OwnProject> own;
  SecretManagerProvider provider;
  std::vector<std::unique_ptr<PubsubInbox>> inboxes;
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

std::unique_ptr<Client> Cloud::client(Service service, const std::string& location) {
  auto origin = logging_url(parts_->settings);
  if (service == Service::pubsub) origin = pubsub_url(parts_->settings);
  if (service == Service::secretmanager) origin = secret_manager_url(parts_->settings, location);
  return parts_->client(service, std::move(origin), parts_->api);
}

base::Task<base::Result<oauth::TokenCache::Shared>> Cloud::token() {
  return parts_->tokens.get();
}

base::Task<base::Result<std::string>> Cloud::attached_account() {
  if (parts_->metadata_server == nullptr) co_return std::string();
  auto email = co_await parts_->metadata_server->email();
  co_return email;
}

base::Task<base::Result<std::string>> Cloud::project() {
  if (parts_->own == nullptr) co_return parts_->settings.project;
  auto project = co_await parts_->own->get();
  co_return project;
}

const Projects& Cloud::projects() const {
  return parts_->projects;
}

void Cloud::read_no_values() {
  parts_->provider.read_no_values();
}

base::Task<void> Cloud::run() {
  co_await parts_->used.wait();
  co_await parts_->tokens.keep_fresh();
}

}  // namespace edsm::cloud::gcp
