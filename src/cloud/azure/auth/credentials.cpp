#include "cloud/azure/auth/credentials.hpp"

#include <utility>
#include <vector>

#include "cloud/azure/auth/client_tokens.hpp"
#include "cloud/azure/auth/managed_tokens.hpp"
#include "cloud/oauth/wrapped_tokens.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {

struct Credentials::Held {
  Held(std::unique_ptr<oauth::TokenProvider> provider, base::Notify& notify, const AuthDeps& deps)
      : cache("Azure credentials",
              std::make_unique<oauth::NoticedTokens>(std::move(provider),
                                                     [this, &notify] {
                                                       if (!std::exchange(used, true))
                                                         notify.notify();
                                                     }),
              deps.clock, deps.log, deps.metrics) {}

  bool used = false;
  oauth::TokenCache cache;
};

Credentials::Credentials(base::Result<AuthSettings> settings, AuthDeps deps)
    : settings_(std::move(settings)), deps_(deps) {}

Credentials::~Credentials() = default;

std::string Credentials::tenant_of(std::string_view wanted) const {
  const auto* const client =
      settings_ ? std::get_if<auth::ClientSource>(&settings_->source) : nullptr;
  if (client == nullptr) return {};
  return wanted.empty() ? lower(client->tenant) : lower(wanted);
}

std::unique_ptr<oauth::TokenProvider> Credentials::provider(const Which& which) {
  if (!settings_) return std::make_unique<oauth::NoTokens>(settings_.error());
  const auto& [tenant, scope] = which;
  if (const auto* const machine = std::get_if<auth::ManagedSource>(&settings_->source))
    return std::make_unique<auth::ManagedTokens>(*machine, scope, deps_.metadata, deps_.clock);
  return std::make_unique<auth::ClientTokens>(std::get<auth::ClientSource>(settings_->source),
                                              tenant, scope, settings_->read_file, deps_.api,
                                              deps_.clock);
}

oauth::TokenCache& Credentials::tokens(std::string_view tenant, std::string_view scope) {
  Which which(tenant_of(tenant), scope);
  auto& held = held_[which];
  if (held == nullptr) held = std::make_unique<Held>(provider(which), used_, deps_);
  return held->cache;
}

base::Task<void> Credentials::run() {
  for (;;) {
    std::vector<oauth::TokenCache*> used;
    for (const auto& [which, held] : held_) {
      if (held->used) used.push_back(&held->cache);
    }
    for (auto* const cache : used) {
      // The result is the callers' matter; here it only has to happen.
      const auto ignored = co_await cache->get();
      static_cast<void>(ignored);
    }
    if (used.empty()) {
      co_await used_.wait();
    } else {
      const base::Instant next = deps_.clock.now() + std::chrono::minutes(1);
      co_await used_.wait_until(deps_.clock, next);
    }
  }
}

}  // namespace edsm::cloud::azure
