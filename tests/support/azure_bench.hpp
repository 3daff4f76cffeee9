#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "cloud/azure/client.hpp"
#include "cloud/azure/errors.hpp"
#include "cloud/azure/key_vault.hpp"
#include "cloud/azure/vault_tokens.hpp"
#include "support/fake_environment.hpp"
#include "support/manual_clock.hpp"
#include "support/numbered_tokens.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

/// What the tests of src/cloud/azure share.
namespace edsm::cloud::azure::test {

inline const std::string home = "72f988bf-86f1-41af-91ab-2d7cd011db47";
inline const std::string abroad = "5b1e0000-27af-4a4c-8c1e-3f9d00000000";

/// What a vault of that tenant says to who comes without a token of it.
inline net::Headers challenge(const std::string& tenant,
                              const std::string& resource = "https://vault.azure.net") {
  return {
      {"WWW-Authenticate",
       fmt::format(R"(Bearer authorization="https://login.microsoftonline.com/{}", resource="{}")",
                   tenant, resource)}};
}

/// A clock that sleeps at once, a scripted peer, and what clients need besides.
struct Bench {
  support::ManualClock clock{true};
  support::ScriptedHttp http;
  support::NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  std::map<std::string, support::NumberedTokens*> sources;  ///< owned by the caches; by tenant

  /// The tokens of a tenant: "own-1" of the controller's, else "<tenant>-1".
  oauth::TokenCache& tokens(const std::string& tenant, const std::string& scope) {
    auto& cache = caches_[tenant + " " + scope];
    if (cache == nullptr) {
      auto provider = std::make_unique<support::NumberedTokens>(tenant.empty() ? "own" : tenant);
      sources[tenant] = provider.get();
      cache = std::make_unique<oauth::TokenCache>("Azure credentials", std::move(provider), clock,
                                                  log, metrics);
    }
    return *cache;
  }
  std::unique_ptr<Client> client(std::string host = "shop-kv.vault.azure.net",
                                 std::string tenant = "") {
    std::string origin = "https://" + host;
    auto authoriser = std::make_shared<VaultTokens>(
        std::move(host), std::move(tenant), public_cloud(),
        [this](const std::string& of, const std::string& scope) -> oauth::TokenCache& {
          return tokens(of, scope);
        });
    Endpoint endpoint{std::move(origin), std::move(authoriser), &vault_error};
    return std::make_unique<Client>(Service::keyvault, std::move(endpoint), http,
                                    Wiring{clock, log, metrics});
  }
  std::unique_ptr<KeyVault> vault(const std::string& name = "shop-kv", std::string tenant = "") {
    const auto host = name + ".vault.azure.net";
    return std::make_unique<KeyVault>(VaultAddress{host, "https://" + host, "7.4"},
                                      client(host, std::move(tenant)));
  }
  std::string token_of(std::size_t index) const {
    return std::string(http.seen.at(index).headers.find("Authorization").value_or("(none)"));
  }
  std::string logged() const {
    std::string all;
    for (const auto& line : sink.lines) all += line;
    return all;
  }
  /// Which calls were made, without what all have in common: "/secrets/db/versions".
  std::vector<std::string> calls() {
    std::vector<std::string> result;
    for (const auto& seen : http.seen) {
      const auto path = seen.url.substr(seen.url.find('/', std::string("https://").size()));
      result.push_back(path.substr(0, path.find("?api-version=7.4")));
    }
    http.seen.clear();
    return result;
  }

 private:
  std::map<std::string, std::unique_ptr<oauth::TokenCache>> caches_;
};

/// {"error": ...} as Key Vault answers.
inline std::string error_body(std::string_view code, std::string_view inner = "") {
  return fmt::format(R"({{"error":{{"code":"{}","message":"about hunter2"{}}}}})", code,
                     inner.empty() ? "" : fmt::format(R"(,"innererror":{{"code":"{}"}})", inner));
}

/// A version's id: 32 times that digit.
inline std::string version(char digit) {
  return std::string(32, digit);
}

struct Item {
  std::string name;  ///< "db", or "db/" and a version
  std::int64_t created = 1;
  std::int64_t updated = 1;
  bool enabled = true;
};
/// An item of a list, or with `more` ("\"value\":\"v\",") the answer to a read, of shop-kv.
inline std::string item(const Item& item, std::string_view more = "") {
  return fmt::format(R"({{{}"id":"https://shop-kv.vault.azure.net/secrets/{}","attributes":{{
      "enabled":{},"created":{},"updated":{},"recoveryLevel":"Recoverable+Purgeable",
      "recoverableDays":90}}}})",
                     more, item.name, item.enabled, item.created, item.updated);
}
inline std::string page(const std::vector<Item>& items, const std::string& next = "") {
  std::string all;
  for (const auto& each : items) all.append(all.empty() ? "" : ",").append(item(each));
  return fmt::format(R"({{"value":[{}],"nextLink":{}}})", all,
                     next.empty() ? "null" : "\"" + next + "\"");
}

}  // namespace edsm::cloud::azure::test
