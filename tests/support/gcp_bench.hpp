#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/crypto.hpp"
#include "cloud/gcp/client.hpp"
#include "cloud/gcp/pubsub.hpp"
#include "support/fake_environment.hpp"
#include "support/manual_clock.hpp"
#include "support/numbered_tokens.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

/// What the tests of src/cloud/gcp share.
namespace edsm::cloud::gcp::test {

/// A clock that sleeps at once, a scripted peer, and what clients need besides.
struct Bench {
  support::ManualClock clock{true};
  support::ScriptedHttp http;
  support::NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  support::NumberedTokens* numbered = nullptr;  ///< owned by `tokens`
  std::unique_ptr<oauth::TokenCache> tokens = make_cache();
  std::string quota_project;

  std::unique_ptr<Client> client(Service service) { return client(service, http); }
  std::unique_ptr<Client> client(Service service, net::Http& over) {
    Endpoint endpoint{"https://google.example", tokens.get(), quota_project};
    return std::make_unique<Client>(service, std::move(endpoint), over,
                                    Wiring{clock, log, metrics});
  }
  std::string logged() const {
    std::string all;
    for (const auto& line : sink.lines) all += line;
    return all;
  }

 private:
  std::unique_ptr<oauth::TokenCache> make_cache() {
    auto provider = std::make_unique<support::NumberedTokens>();
    numbered = provider.get();
    return std::make_unique<oauth::TokenCache>("Google credentials", std::move(provider), clock,
                                               log, metrics);
  }
};

/// {"error": ...} as Google's services answer.
inline std::string error_body(std::string_view status, std::string_view details = "[]") {
  return R"({"error":{"code":0,"message":"about hunter2","status":")" + std::string(status) +
         R"(","details":)" + std::string(details) + "}}";
}

}  // namespace edsm::cloud::gcp::test
