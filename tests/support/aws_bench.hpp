#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cloud/aws/client.hpp"
#include "cloud/aws/credential_source.hpp"
#include "support/fake_environment.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

/// What the tests of this folder share.
namespace edsm::cloud::aws::test {

using support::env_of;
using support::files_of;
using support::NullSink;
using support::Strings;

/// A provider whose answers are numbered: the n-th get gives the key "AK<n>".
class NumberedCredentials final : public CredentialsProvider {
 public:
  std::string_view name() const override { return "numbered"; }
  base::Task<base::Result<Credentials>> get() override {
    ++gets;
    if (wait_on != nullptr) co_await wait_on->wait();
    if (failing) co_return base::fail(failure, "Scripted", "scripted failure");
    Credentials credentials;
    credentials.access_key_id = "AK" + std::to_string(gets);
    credentials.secret_access_key.append("secret");
    if (clock != nullptr) credentials.expires = clock->wall() + lifetime;
    co_return credentials;
  }

  int gets = 0;
  bool failing = false;
  base::Failure failure = base::Failure::credentials;  ///< of a failing one
  base::Gate* wait_on = nullptr;
  base::Clock* clock = nullptr;  ///< set: they expire after `lifetime`
  base::Duration lifetime = std::chrono::hours(1);
};

/// A clock that sleeps at once, a scripted peer, and what clients need besides.
struct Bench {
  support::ManualClock clock{true};
  support::ScriptedHttp http;
  NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  RetrySettings retry;
  NumberedCredentials* keys = nullptr;  ///< owned by `credentials`
  std::unique_ptr<CredentialCache> credentials = make_cache();

  Wiring wiring() { return {clock, log, metrics, retry}; }
  std::unique_ptr<Client> client(Service service, std::string region = "eu-west-1") {
    return std::make_unique<Client>(service, std::move(region), "https://aws.example", http,
                                    credentials.get(), wiring());
  }
  std::string logged() const {
    std::string all;
    for (const auto& line : sink.lines) all += line;
    return all;
  }

 private:
  std::unique_ptr<CredentialCache> make_cache() {
    auto provider = std::make_unique<NumberedCredentials>();
    keys = provider.get();
    return std::make_unique<CredentialCache>(std::move(provider), clock, log, metrics);
  }
};

/// The part of X-Amz-Target after the dot.
inline std::string operation_of(const support::ScriptedHttp::Seen& seen) {
  const std::string target(seen.headers.find("X-Amz-Target").value_or("."));
  return target.substr(target.find('.') + 1);
}

}  // namespace edsm::cloud::aws::test
