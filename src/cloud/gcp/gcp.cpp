#include "cloud/gcp/gcp.hpp"

#include <utility>

#include "base/notify.hpp"
#include "cloud/gcp/inbox.hpp"
#include "cloud/gcp/provider.hpp"

namespace edsm::cloud::gcp {
namespace {

/// For who has no usable credentials: says why, whenever they are asked for.
class NoTokens final : public TokenProvider {
 public:
  explicit NoTokens(base::Error error) : error_(std::move(error)) {}
  std::string_view name() const override { return "none"; }
  base::Task<base::Result<Token>> get() override { co_return std::unexpected(error_); }

 private:
  base::Error error_;
};

/// Opens a gate at the first use: who never uses Google's cloud never looks for its credentials.
class NoticedTokens final : public TokenProvider {
 public:
  NoticedTokens(std::unique_ptr<TokenProvider> provider, base::Gate& used)
      : provider_(std::move(provider)), used_(used) {}
  std::string_view name() const override { return provider_->name(); }
  base::Task<base::Result<Token>> get() override {
    used_.open();
    return provider_->get();
  }

 private:
  std::unique_ptr<TokenProvider> provider_;
  base::Gate& used_;
};

}  // namespace

/// Members are in the order of use: what comes later refers to what comes before.
struct Cloud::Parts {
  Parts(Settings settings_, net::Http& api_, net::Http& long_polls, net::Http& metadata,
        Wiring wiring_)
      : settings(std::move(settings_)),
        api(api_),
        wiring(wiring_),
        tokens(make_tokens(metadata), wiring.clock, wiring.log, wiring.metrics),
        provider(
            settings.project,
            [this](const std::string& location) {
              return client(Service::secretmanager, secret_manager_url(settings, location), api);
            },
            projects, births, wiring.clock, wiring.log) {
    for (const Subscription& subscription : settings.subscriptions) {
      auto pubsub =
          std::make_unique<Pubsub>(subscription, client(Service::pubsub, pubsub_url(settings), api),
                                   client(Service::pubsub, pubsub_url(settings), long_polls));
      inboxes.push_back(
          std::make_unique<PubsubInbox>(std::move(pubsub), projects, births, wiring.clock));
    }
  }

  std::unique_ptr<TokenProvider> make_tokens(net::Http& metadata) {
    if (!settings.credentials)
      return std::make_unique<NoTokens>(std::move(settings.credentials.error()));
    const AdcDeps deps{api, metadata, wiring.clock};
    auto adc = make_adc(std::move(*settings.credentials), deps);
    return std::make_unique<NoticedTokens>(std::move(adc.provider), used);
  }
  std::unique_ptr<Client> client(Service service, std::string origin, net::Http& http) {
    Endpoint endpoint{std::move(origin), &tokens, settings.quota_project};
    return std::make_unique<Client>(service, std::move(endpoint), http, wiring);
  }

  Settings settings;
  net::Http& api;
  Wiring wiring;
  base::Gate used;
  TokenCache tokens;
  Projects projects;
  Births births{projects};
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
