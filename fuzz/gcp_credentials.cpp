// Google's credentials: the credential file, which whoever writes a Secret may have made, and the
// answers of token services and of the metadata server. The first byte chooses.
#include "base/json_writer.hpp"
#include "cloud/gcp/auth/credential_file.hpp"
#include "cloud/gcp/auth/metadata_server.hpp"
#include "cloud/gcp/auth/token_chain.hpp"
#include "cloud/oauth/exchange.hpp"
#include "net/url.hpp"
#include "support/manual_clock.hpp"
#include "support/rsa_key.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

void check(const base::Error& error) {
  must(!error.text.empty() && error.text.size() < 40'000, "errors say something, and not for ever");
  must(error.code.size() <= 64, "codes are short enough for a label");
}

/// "$KEY" stands for a private key, which no fuzzer would ever guess.
std::string with_key(std::string_view text) {
  static constexpr std::string_view variable = "\"$KEY\"";
  std::string result(text);
  if (const auto at = result.find(variable); at != std::string::npos) {
    base::JsonWriter pem;
    pem.string(support::RsaKey::shared().pem());
    result.replace(at, variable.size(), pem.bytes().view());
  }
  return result;
}

/// Whatever the file says, what leaves the machine goes to Google over TLS.
void check_calls(const support::ScriptedHttp& http) {
  for (const auto& seen : http.seen) {
    const auto url = net::Url::parse(seen.url);
    must(url.has_value(), "a URL is called");
    const bool loopback =
        url->host == "localhost" || url->host == "::1" || url->host.starts_with("127.");
    const bool google = url->scheme == "https" && (url->host.ends_with(".googleapis.com") ||
                                                   url->host == "accounts.google.com");
    must(loopback || google || seen.method == net::Method::get, "secrets go to Google only");
  }
}

void from_file(std::string_view json) {
  const Getenv env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "AWS_REGION") return "eu-west-1";
    if (name.starts_with("AWS_")) return "hunter2";
    return std::nullopt;
  };
  const ReadFile read = [](const std::string& /*path*/) -> base::Result<base::SecretBytes> {
    return base::SecretBytes(R"({"token":"hunter2"})");
  };
  auto file = gcp::auth::parse_credential_file(with_key(json), "/key.json", "googleapis.com", env);
  if (!file) {
    must(file.error().failure == base::Failure::invalid, "it waits for another file");
    return check(file.error());
  }
  support::ManualClock clock(true);
  support::ScriptedHttp api;
  support::ScriptedHttp metadata;
  api.reply(200, R"({"access_token":"t","expires_in":1})").reply(200, "{}");
  const auto provider =
      gcp::auth::make_provider(std::move(file->source), {api, metadata, clock}, read);
  const auto token = support::run(provider->get());
  check_calls(api);
  check_calls(metadata);
  if (!token) check(token.error());
}

void from_answer(std::string_view json) {
  const auto token = oauth::parse_token(json, base::WallTime(), "the endpoint");
  if (!token) return check(token.error());
  must(oauth::is_token(token->value.view()), "it can stand in a header");
  must(token->expires && *token->expires <= base::WallTime() + std::chrono::hours(24),
       "it expires in foreseeable time");
}

void from_refusal(Input input) {
  net::Response response;
  response.status = 400 + static_cast<int>(input.take_byte());
  response.body.append(input.rest());
  const auto error = oauth::error_of(response, "the endpoint");
  check(error);
  for (const char c : error.text) must(c >= ' ' && c <= '~', "it can stand in a log line");
}

void from_metadata(Input input) {
  support::ManualClock clock(true);
  support::ScriptedHttp http;
  http.reply(200, input.rest(), {{"Metadata-Flavor", "Google"}});
  gcp::auth::MetadataServer server({"http://metadata.google.internal/"}, http, clock);
  const auto project = support::run(server.project_id());
  if (!project) return check(project.error());
  must(!project->empty() && project->size() <= 64, "a project's name is short");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  switch (input.take_byte() % 4) {
    case 0:
      return from_file(input.rest());
    case 1:
      return from_answer(input.rest());
    case 2:
      return from_refusal(input);
    default:
      return from_metadata(input);
  }
}

}  // namespace edsm::fuzz
