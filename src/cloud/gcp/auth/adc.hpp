#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cloud/files.hpp"
#include "cloud/gcp/auth/metadata_server.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

/// Application Default Credentials: where a program finds its Google identity.
namespace edsm::cloud::gcp {

/// Everything that the program's environment says about it, read once. Move-only: it may hold keys.
struct AdcSettings {
  auth::TokenSource source;
  /// For logs and doctor: "GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json",
  /// "http://metadata.google.internal", "PUBSUB_EMULATOR_HOST=127.0.0.1:8085".
  std::string origin;
  std::string file;  ///< the credential file, which is read again when it changes; empty: none
  /// GOOGLE_CLOUD_PROJECT, or else the credential file's; may be empty (see Adc::metadata).
  std::string project_id;
  /// For the header X-Goog-User-Project: GOOGLE_CLOUD_QUOTA_PROJECT or the file's; may be empty.
  std::string quota_project;
  std::string universe_domain;  ///< "googleapis.com", or GOOGLE_CLOUD_UNIVERSE_DOMAIN
  Getenv env;
  ReadFile read_file;
};

/// PUBSUB_EMULATOR_HOST (no credentials at all), the file that GOOGLE_APPLICATION_CREDENTIALS
/// names, gcloud's file, and last the metadata server (unless NO_GCE_CHECK is "true"). What is
/// configured but wrong is Failure::invalid, with a text that names the variable or file and the
/// remedy; nothing else is tried then. Never does network I/O.
base::Result<AdcSettings> load_adc(const Getenv& env, const ReadFile& read);

/// What providers need to work. Everything referred to outlives them.
struct AdcDeps {
  net::Http& api;       ///< calls to Google; through a proxy where one is configured
  net::Http& metadata;  ///< metadata servers and this machine: never through a proxy
  base::Clock& clock;
};

/// The identity, ready for use.
struct Adc {
  std::unique_ptr<oauth::TokenProvider> provider;  ///< to be held by an oauth::TokenCache
  std::string origin;
  std::string project_id;
  std::string quota_project;
  std::string universe_domain;
  /// To be asked for the project where it is the source, or null.
  std::unique_ptr<auth::MetadataServer> metadata;
};

Adc make_adc(AdcSettings settings, const AdcDeps& deps);

}  // namespace edsm::cloud::gcp
