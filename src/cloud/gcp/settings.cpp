#include "cloud/gcp/settings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/loopback.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;

/// Each has a long poll, and so a connection, of its own.
constexpr std::size_t max_subscriptions = 50;
constexpr std::size_t max_quoted = 200;
constexpr std::string_view variable = "GCP_PUBSUB_SUBSCRIPTION";
constexpr std::string_view alias = "PUBSUB_QUEUE_URL";
constexpr std::string_view url_prefix = "https://pubsub.googleapis.com/v1/";

/// https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
bool valid_subscription_id(std::string_view id) {
  const auto letter = [](char c) { return is_alnum(c) && (c < '0' || c > '9'); };
  return id.size() >= 3 && id.size() <= 255 && letter(id.front()) &&
         std::ranges::all_of(
             id, [](char c) { return is_alnum(c) || std::string_view("-_.~+%").contains(c); });
}

/// Tokens go there: over TLS, or not further than this machine.
base::Result<std::string> endpoint(const Getenv& env, std::string_view name) {
  const auto text = lookup(env, name);
  if (!text) return std::string();
  const auto url = net::Url::parse(*text);
  if (!url || !url->query.empty()) {
    return base::fail(Failure::invalid, "InvalidEndpoint",
                      fmt::format("{} is no URL of the form https://host:port", name));
  }
  if (url->scheme != "https" && !is_loopback(url->host)) {
    return base::fail(Failure::invalid, "InvalidEndpoint",
                      fmt::format("{} must begin with https://, since credentials are sent there; "
                                  "http:// is for this machine only (127.0.0.1, localhost)",
                                  name));
  }
  std::string result = url->str();
  while (result.ends_with('/')) result.pop_back();
  return result;
}

/// "host:port", without a scheme. No credentials go there.
base::Result<std::string> emulator(const Getenv& env) {
  const auto host = lookup(env, "PUBSUB_EMULATOR_HOST");
  if (!host) return std::string();
  const auto url = net::Url::parse("http://" + *host);
  if (url && url->path == "/" && url->query.empty()) return url->origin();
  return base::fail(Failure::invalid, "InvalidEndpoint",
                    "PUBSUB_EMULATOR_HOST must be host:port, without http://");
}

base::Result<> load_endpoints(const Getenv& env, Settings& settings) {
  auto secrets = endpoint(env, "GCP_SECRET_MANAGER_ENDPOINT");
  if (!secrets) return std::unexpected(std::move(secrets.error()));
  settings.secret_manager_endpoint = std::move(*secrets);
  auto pubsub = endpoint(env, "GCP_PUBSUB_ENDPOINT");
  if (!pubsub) return std::unexpected(std::move(pubsub.error()));
  auto logging = endpoint(env, "GCP_LOGGING_ENDPOINT");
  if (!logging) return std::unexpected(std::move(logging.error()));
  settings.logging_endpoint = std::move(*logging);
  auto emulated = emulator(env);
  if (!emulated) return std::unexpected(std::move(emulated.error()));
  if (!pubsub->empty() && !emulated->empty() && *pubsub != *emulated) {
    return base::fail(Failure::invalid, "ConflictingEndpoints",
                      "GCP_PUBSUB_ENDPOINT and PUBSUB_EMULATOR_HOST name different places; unset "
                      "one of them");
  }
  settings.pubsub_endpoint = emulated->empty() ? std::move(*pubsub) : std::move(*emulated);
  return {};
}

base::Result<std::string> subscriptions_text(const Getenv& env) {
  auto text = lookup(env, variable);
  auto other = lookup(env, alias);
  if (text && other && *text != *other) {
    return base::fail(Failure::invalid, "ConflictingSubscriptions",
                      fmt::format("{} and {} differ; unset the latter", variable, alias));
  }
  if (!text) text = std::move(other);
  return text.value_or("");
}

base::Result<> load_subscriptions(const Getenv& env, Settings& settings) {
  const auto text = subscriptions_text(env);
  if (!text) return std::unexpected(text.error());
  for (const std::string_view piece : split(*text, ',')) {
    if (trim(piece).empty()) continue;
    auto subscription = parse_subscription(trim(piece), settings.project);
    if (!subscription) return std::unexpected(std::move(subscription.error()));
    settings.subscriptions.push_back(std::move(*subscription));
  }
  if (settings.subscriptions.size() > max_subscriptions) {
    return base::fail(Failure::invalid, "TooManySubscriptions",
                      fmt::format("{} names {} subscriptions, at most {} are possible; let several "
                                  "secrets and sinks send to one topic",
                                  variable, settings.subscriptions.size(), max_subscriptions));
  }
  return {};
}

}  // namespace

base::Result<Subscription> parse_subscription(std::string_view text,
                                              std::string_view default_project) {
  std::string_view name = text;
  if (name.starts_with(url_prefix)) name.remove_prefix(url_prefix.size());
  const auto parts = split(name, '/');
  const bool full = parts.size() == 4 && parts[0] == "projects" && valid_project(parts[1]) &&
                    parts[2] == "subscriptions" && valid_subscription_id(parts[3]);
  if (full) return Subscription{std::string(parts[1]), std::string(parts[3])};
  if (parts.size() != 1 || !valid_subscription_id(name)) {
    return base::fail(Failure::invalid, "InvalidSubscription",
                      fmt::format("{}: \"{}\" is no subscription; expected "
                                  "projects/<project>/subscriptions/<name>",
                                  variable, text.substr(0, max_quoted)));
  }
  if (!valid_project(default_project)) {
    return base::fail(Failure::invalid, "MissingProject",
                      fmt::format("{}: {} does not tell its project; give its full name "
                                  "projects/<project>/subscriptions/{}, or set "
                                  "GOOGLE_CLOUD_PROJECT",
                                  variable, name, name));
  }
  return Subscription{std::string(default_project), std::string(name)};
}

base::Result<Settings> load_settings(const Getenv& env) {
  return load_settings(env, read_file);
}

base::Result<Settings> load_settings(const Getenv& env, const ReadFile& read) {
  Settings settings;
  settings.credentials = load_adc(env, read);
  settings.project = lookup(env, "GOOGLE_CLOUD_PROJECT").value_or("");
  settings.universe_domain = auth::default_universe;
  if (settings.credentials) {
    settings.project = settings.credentials->project_id;
    settings.quota_project = settings.credentials->quota_project;
    settings.universe_domain = settings.credentials->universe_domain;
  }
  if (!settings.project.empty() && !valid_project(settings.project)) {
    return base::fail(Failure::invalid, "InvalidProject",
                      "GOOGLE_CLOUD_PROJECT (or the credential file's project_id) is no project; "
                      "expected something like \"shop-123456\"");
  }
  settings.ca_bundle = lookup(env, "GCP_CA_BUNDLE").value_or("");
  if (auto loaded = load_endpoints(env, settings); !loaded)
    return std::unexpected(std::move(loaded.error()));
  if (auto loaded = load_subscriptions(env, settings); !loaded)
    return std::unexpected(std::move(loaded.error()));
  // Whoever asks for events wants to know at once that there will be none.
  if (!settings.subscriptions.empty() && !settings.credentials)
    return std::unexpected(std::move(settings.credentials.error()));
  return settings;
}

std::string secret_manager_url(const Settings& settings, std::string_view location) {
  if (!settings.secret_manager_endpoint.empty()) return settings.secret_manager_endpoint;
  if (location == global) return "https://secretmanager." + settings.universe_domain;
  return fmt::format("https://secretmanager.{}.rep.{}", location, settings.universe_domain);
}

std::string pubsub_url(const Settings& settings) {
  if (!settings.pubsub_endpoint.empty()) return settings.pubsub_endpoint;
  return "https://pubsub." + settings.universe_domain;
}

std::string logging_url(const Settings& settings) {
  if (!settings.logging_endpoint.empty()) return settings.logging_endpoint;
  return "https://logging." + settings.universe_domain;
}

}  // namespace edsm::cloud::gcp
