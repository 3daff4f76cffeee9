#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cloud/files.hpp"
#include "cloud/gcp/auth/adc.hpp"
#include "cloud/gcp/pubsub.hpp"

namespace edsm::cloud::gcp {

/// Everything that the program's environment says about Google Cloud, read once. Move-only: it may
/// hold keys.
struct Settings {
  /// GCP_PUBSUB_SUBSCRIPTION (or PUBSUB_QUEUE_URL), several separated by commas.
  std::vector<Subscription> subscriptions;
  /// Of secrets whose binding names none: GOOGLE_CLOUD_PROJECT or the credentials'; may be empty:
  /// then the metadata server is asked, if the credentials are its.
  std::string project;
  std::string quota_project;
  std::string universe_domain;
  std::string secret_manager_endpoint;  ///< GCP_SECRET_MANAGER_ENDPOINT; empty: Google's own
  std::string pubsub_endpoint;          ///< GCP_PUBSUB_ENDPOINT, PUBSUB_EMULATOR_HOST; likewise
  std::string logging_endpoint;         ///< GCP_LOGGING_ENDPOINT, of `edsm doctor`; likewise
  std::string ca_bundle;                ///< GCP_CA_BUNDLE: trust of the `api` and poll Https
  /// What is wrong with the credentials stops only who needs them: bindings say it.
  base::Result<AdcSettings> credentials;
};

/// Failure::invalid with a text that names the variable and the remedy. Never does network I/O.
/// Without any of the variables everything is Google's own, and there is no subscription.
base::Result<Settings> load_settings(const Getenv& env);
base::Result<Settings> load_settings(const Getenv& env, const ReadFile& read);

/// projects/P/subscriptions/S, or S in `default_project`. Failure::invalid, "InvalidSubscription".
base::Result<Subscription> parse_subscription(std::string_view text,
                                              std::string_view default_project);

/// Origins, without a trailing slash. A regional secret has a host of its own.
std::string secret_manager_url(const Settings& settings, std::string_view location);
std::string pubsub_url(const Settings& settings);
std::string logging_url(const Settings& settings);

}  // namespace edsm::cloud::gcp
