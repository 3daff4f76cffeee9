#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.hpp"
#include "cloud/gcp/auth/adc.hpp"
#include "cloud/gcp/auth/credential_file.hpp"
#include "cloud/gcp/auth/token_chain.hpp"
#include "support/fake_environment.hpp"
#include "support/manual_clock.hpp"
#include "support/rsa_key.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"

/// What the tests of Google's credentials share.
namespace edsm::cloud::gcp::auth::test {

using support::Strings;

constexpr std::string_view token_answer =
    R"({"access_token":"ya29.c.hunter2","expires_in":3599,"token_type":"Bearer"})";

/// A key file as the console makes it, with more members if wanted: `,"name":"value"`.
inline std::string key_file(std::string_view more = "") {
  base::JsonWriter pem;
  pem.string(support::RsaKey::shared().pem());
  return R"({"type":"service_account","project_id":"my-project","private_key_id":"abc123",)"
         R"("client_email":"edsm@my-project.iam.gserviceaccount.com","client_id":"1",)"
         R"("token_uri":"https://oauth2.googleapis.com/token","private_key":)" +
         std::string(pem.bytes().view()) + std::string(more) + "}";
}

/// An external_account with that credential_source, and more members if wanted.
inline std::string pool_file(std::string_view source, std::string_view more = "") {
  return R"({"type":"external_account",)"
         R"("audience":"//iam.googleapis.com/projects/1/locations/global/)"
         R"(workloadIdentityPools/p/providers/k8s",)"
         R"("subject_token_type":"urn:ietf:params:oauth:token-type:jwt",)"
         R"("token_url":"https://sts.googleapis.com/v1/token","credential_source":)" +
         std::string(source) + std::string(more) + "}";
}

constexpr std::string_view user_file =
    R"({"type":"authorized_user","client_id":"id.apps.example","client_secret":"se cret",)"
    R"("refresh_token":"1//0g+r","quota_project_id":"payer"})";

constexpr std::string_view impersonation_url =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
    "reader@p.iam.gserviceaccount.com:generateAccessToken";

/// A clock that sleeps at once, scripted peers, files and variables that may change.
struct Bench {
  support::ManualClock clock{true};
  support::ScriptedHttp api;
  support::ScriptedHttp metadata;
  Strings files;
  Strings variables;
  Getenv env = support::env_of(variables);
  ReadFile read = support::files_of(files);

  AdcDeps deps() { return {api, metadata, clock}; }

  /// The source in a credential file that is in order.
  TokenSource source(std::string_view json, const std::string& universe = "googleapis.com") const {
    auto file = parse_credential_file(json, "/key.json", universe, env);
    if (!file) throw std::runtime_error(base::describe(file.error()));
    return std::move(file->source);
  }
  /// The token, or "code: text".
  std::string get(oauth::TokenProvider& provider) {
    const auto token = support::run(provider.get());
    return token ? std::string(token->value.view()) : base::describe(token.error());
  }
  std::string get(TokenSource source) {
    const auto provider = make_provider(std::move(source), deps(), read);
    return get(*provider);
  }
};

}  // namespace edsm::cloud::gcp::auth::test
