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
        provider(
            settings.project,
            [this](const std::string& location) {
              return client(Service::secretmanager, secret_manager_url(settings, location), api);
            },
            projects, wiring.clock, wiring.log) {
    for (const Subscription& subscription : settings.subscriptions) {
      auto pubsub =
          std::make_unique<Pubsub>(subscription, client(Service::pubsub, pubsub_url(settings), api),
                                   client(Service::pubsub, pubsub_url(settings), long_polls));
      inboxes.push_back(std::make_unique<PubsubInbox>(std::move(pubsub), projects, wiring.clock));
    }
  }

  std::unique_ptr<oauth::TokenProvider> make_tokens(net::Http& metadata) {
    if (!settings.credentials)
      return std::make_unique<oauth::NoTokens>(std::move(settings.credentials.error()));
    const AdcDeps deps{api, metadata, wiring.clock};
    auto adc = make_adc(std::move(*settings.credentials), deps);
    return std::make_unique<oauth::NoticedTokens>(std::move(adc.provider), [this] { used.open(); });
  }
  std::unique_ptr<Client> client(Service service, std::string origin, net::Http& http) {
    Endpoint endpoint{std::move(origin), &tokens, settings.quota_project};
    return std::make_unique<Client>(service, std::move(endpoint), http, wiring);
  }

  Settings settings;
  net::Http& api;
  Wiring wiring;
  base::Gate used;
  oauth::TokenCache tokens;
  Projects projects;
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

base::Task<void> Cloud::run() {
  co_await parts_->used.wait();
  co_await parts_->tokens.keep_fresh();
}

}  // namespace edsm::cloud::gcp
