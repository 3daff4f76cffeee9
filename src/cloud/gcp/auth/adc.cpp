#include "cloud/gcp/auth/adc.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "cloud/gcp/auth/credential_file.hpp"
#include "cloud/gcp/auth/file_tokens.hpp"
#include "cloud/gcp/auth/token_chain.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
/// nullopt: not configured, look further.
using Found = base::Result<std::optional<AdcSettings>>;

constexpr std::string_view credentials_variable = "GOOGLE_APPLICATION_CREDENTIALS";
constexpr std::string_view default_host = "metadata.google.internal";

std::unexpected<base::Error> invalid(std::string text) {
  return base::fail(Failure::invalid, "InvalidGoogleSettings", std::move(text));
}

base::Result<std::string> load_universe(const Getenv& env) {
  auto domain =
      lookup(env, "GOOGLE_CLOUD_UNIVERSE_DOMAIN").value_or(std::string(auth::default_universe));
  const bool proper =
      domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.') &&
      std::ranges::all_of(domain, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      });
  if (proper) return domain;
  return invalid("GOOGLE_CLOUD_UNIVERSE_DOMAIN is no domain; expected one like googleapis.com");
}

class Finder {
 public:
  Finder(const Getenv& env, const ReadFile& read, std::string universe)
      : env_(env), read_(read), universe_(std::move(universe)) {}

  Found emulator() const {
    const auto host = lookup(env_, "PUBSUB_EMULATOR_HOST");
    if (!host) return std::nullopt;
    return settings(auth::AnonymousSource{}, "PUBSUB_EMULATOR_HOST=" + *host);
  }

  Found named_file() const {
    const auto path = lookup(env_, credentials_variable);
    if (!path) return std::nullopt;
    auto content = read_(*path);
    if (!content) {
      return invalid(fmt::format("{}: {}; is the Secret with the credential file mounted there?",
                                 credentials_variable, content.error().text));
    }
    return from_file(*path, content->view(), fmt::format("{}={}", credentials_variable, *path));
  }

  Found gcloud_file() const {
    auto folder = lookup(env_, "CLOUDSDK_CONFIG");
    if (!folder) {
      const auto home = lookup(env_, "HOME");
      if (!home) return std::nullopt;
      folder = *home + "/.config/gcloud";
    }
    const std::string path = *folder + "/application_default_credentials.json";
    auto content = read_(path);
    if (!content && content.error().failure == Failure::absent) return std::nullopt;
    if (!content) return std::unexpected(std::move(content.error()));
    return from_file(path, content->view(), path);
  }

  Found metadata_server() const {
    if (same_ignoring_case(lookup(env_, "NO_GCE_CHECK").value_or(""), "true")) return std::nullopt;
    auto host = lookup(env_, "GCE_METADATA_HOST");
    if (!host) host = lookup(env_, "GCE_METADATA_ROOT");
    const auto url = net::Url::parse("http://" + host.value_or(std::string(default_host)));
    if (!url || url->path != "/" || !url->query.empty()) {
      return invalid("GCE_METADATA_HOST must be a host, or host:port");
    }
    auth::MetadataSource source{url->origin() + "/computeMetadata/v1/"};
    const auto timeout = lookup(env_, "GCE_METADATA_TIMEOUT");
    if (const auto seconds = timeout ? parse_number(*timeout) : std::nullopt) {
      source.timeout = std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 1, 60));
    }
    return settings(std::move(source), url->origin());
  }

 private:
  AdcSettings settings(auth::TokenSource source, std::string origin) const {
    AdcSettings found;
    found.source = std::move(source);
    found.origin = std::move(origin);
    found.project_id =
        lookup(env_, "GOOGLE_CLOUD_PROJECT").value_or(lookup(env_, "GCLOUD_PROJECT").value_or(""));
    found.quota_project = lookup(env_, "GOOGLE_CLOUD_QUOTA_PROJECT").value_or("");
    found.universe_domain = universe_;
    found.env = env_;
    found.read_file = read_;
    return found;
  }

  Found from_file(const std::string& path, std::string_view content, std::string origin) const {
    auto file = auth::parse_credential_file(content, path, universe_, env_);
    if (!file) return std::unexpected(std::move(file.error()));
    auto found = settings(std::move(file->source), std::move(origin));
    found.file = path;
    if (found.project_id.empty()) found.project_id = std::move(file->project_id);
    if (found.quota_project.empty()) found.quota_project = std::move(file->quota_project);
    return found;
  }

  const Getenv& env_;
  const ReadFile& read_;
  std::string universe_;
};

}  // namespace

base::Result<AdcSettings> load_adc(const Getenv& env, const ReadFile& read) {
  auto universe = load_universe(env);
  if (!universe) return std::unexpected(std::move(universe.error()));
  const Finder finder(env, read, std::move(*universe));
  const std::array<std::function<Found()>, 4> order = {
      [&] { return finder.emulator(); }, [&] { return finder.named_file(); },
      [&] { return finder.gcloud_file(); }, [&] { return finder.metadata_server(); }};
  for (const auto& step : order) {
    auto found = step();
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found) return std::move(**found);
  }
  return invalid(
      "no Google credentials are configured: bind the Kubernetes service account by Workload "
      "Identity, or set GOOGLE_APPLICATION_CREDENTIALS to a file of workload identity federation "
      "or a service account's key");
}

Adc make_adc(AdcSettings settings, const AdcDeps& deps) {
  Adc adc;
  adc.origin = settings.origin;
  adc.project_id = settings.project_id;
  adc.quota_project = settings.quota_project;
  adc.universe_domain = settings.universe_domain;
  if (const auto* const server = std::get_if<auth::MetadataSource>(&settings.source)) {
    adc.metadata = std::make_unique<auth::MetadataServer>(*server, deps.metadata, deps.clock);
  }
  if (settings.file.empty()) {
    adc.provider = auth::make_provider(std::move(settings.source), deps, settings.read_file);
  } else {
    adc.provider = std::make_unique<auth::FileTokens>(std::move(settings), deps);
  }
  return adc;
}

}  // namespace edsm::cloud::gcp
