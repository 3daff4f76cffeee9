#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/crypto.hpp"
#include "cloud/gcp/client.hpp"
#include "cloud/gcp/pubsub.hpp"
#include "support/fake_environment.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

/// What the tests of src/cloud/gcp share.
namespace edsm::cloud::gcp::test {

/// A provider whose answers are numbered: the n-th get gives the token "token-<n>".
class NumberedTokens final : public TokenProvider {
 public:
  std::string_view name() const override { return "numbered"; }
  base::Task<base::Result<Token>> get() override {
    ++gets;
    if (failing) co_return base::fail(base::Failure::credentials, "Scripted", "scripted failure");
    Token token;
    token.value.append("token-" + std::to_string(gets));
    co_return token;
  }

  int gets = 0;
  bool failing = false;
};

/// A clock that sleeps at once, a scripted peer, and what clients need besides.
struct Bench {
  support::ManualClock clock{true};
  support::ScriptedHttp http;
  support::NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  NumberedTokens* numbered = nullptr;  ///< owned by `tokens`
  std::unique_ptr<TokenCache> tokens = make_cache();
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
  std::unique_ptr<TokenCache> make_cache() {
    auto provider = std::make_unique<NumberedTokens>();
    numbered = provider.get();
    return std::make_unique<TokenCache>(std::move(provider), clock, log, metrics);
  }
};

/// {"error": ...} as Google's services answer.
inline std::string error_body(std::string_view status, std::string_view details = "[]") {
  return R"({"error":{"code":0,"message":"about hunter2","status":")" + std::string(status) +
         R"(","details":)" + std::string(details) + "}}";
}

}  // namespace edsm::cloud::gcp::test
