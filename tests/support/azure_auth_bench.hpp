#pragma once

#include <string>
#include <string_view>

#include "cloud/azure/auth/credentials.hpp"
#include "cloud/oauth/token.hpp"
#include "support/client_certificate.hpp"
#include "support/fake_environment.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

/// What the tests of Azure's credentials share.
namespace edsm::cloud::azure::test {

constexpr std::string_view tenant = "72000000-86f1-41af-91ab-2d7cd0110000";
constexpr std::string_view client_id = "5b1e0000-27af-4a4c-8c1e-3f9d00000000";
constexpr std::string_view vault_scope = "https://vault.azure.net/.default";
constexpr std::string_view token_url =
    "https://login.microsoftonline.com/72000000-86f1-41af-91ab-2d7cd0110000/oauth2/v2.0/token";
/// With the keys that Entra's real answer has (tests/vectors/azure).
constexpr std::string_view token_answer =
    R"({"token_type":"Bearer","expires_in":86399,"ext_expires_in":86399,"access_token":"hunter2"})";

/// As Entra refuses; its text quotes what it was sent.
inline std::string refusal(int number, std::string_view error = "invalid_client") {
  return R"({"error":")" + std::string(error) + R"(","error_description":"AADSTS)" +
         std::to_string(number) + R"(: about hunter2. Trace ID: x","error_codes":[)" +
         std::to_string(number) + R"(],"timestamp":"2026-11-29 11:00:00Z","trace_id":"x"})";
}

/// A clock that sleeps at once, scripted peers, files and variables that may change.
struct AuthBench {
  support::ManualClock clock{true};
  support::ScriptedHttp api;
  support::ScriptedHttp metadata;
  support::NullSink sink;
  telemetry::Log log{clock, sink, telemetry::Level::debug, telemetry::Format::text};
  telemetry::Metrics metrics;
  support::Strings files;
  support::Strings variables;
  Getenv env = support::env_of(variables);
  ReadFile read = support::files_of(files);

  AuthDeps deps() { return {api, metadata, clock, log, metrics}; }
  base::Result<AuthSettings> load() { return load_auth(env, read, public_cloud()); }
  /// The token, or "code: text".
  std::string get(oauth::TokenProvider& provider) {
    const auto token = support::run(provider.get());
    return token ? std::string(token->value.view()) : base::describe(token.error());
  }
  /// The variables of an application with these, too.
  void client(support::Strings more) {
    variables = std::move(more);
    variables.emplace("AZURE_TENANT_ID", tenant);
    variables.emplace("AZURE_CLIENT_ID", client_id);
  }
};

}  // namespace edsm::cloud::azure::test
