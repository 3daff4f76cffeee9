#pragma once

#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "cloud/gcp/client.hpp"
#include "cloud/gcp/match.hpp"
#include "cloud/gcp/settings.hpp"
#include "cloud/provider.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

/// The front door of Google Cloud: Secret Manager as cloud::Provider, Pub/Sub subscriptions as
/// cloud::Inbox.
namespace edsm::cloud::gcp {

class Cloud {
 public:
  /// `api` carries all calls but long polls, and like `long_polls` trusts Settings::ca_bundle;
  /// `metadata` goes to the metadata server and to this machine, so without any proxy. Everything
  /// referred to must outlive this object.
  Cloud(Settings settings, net::Http& api, net::Http& long_polls, net::Http& metadata,
        base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics);
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  cloud::Provider& provider();
  /// One per subscription, in order.
  std::vector<cloud::Inbox*> inboxes();

  /// For questions that the controller itself never asks; neither outlives this object. `location`
  /// is that of secrets, else nothing.
  std::unique_ptr<Client> client(Service service, const std::string& location);
  /// A fresh token or the one that is held.
  base::Task<base::Result<oauth::TokenCache::Shared>> token();
  /// Whose tokens the metadata server gives (MetadataServer::email); empty: they are not its.
  base::Task<base::Result<std::string>> attached_account();
  /// Of bindings that name none: what is set, or the controller's own.
  base::Task<base::Result<std::string>> project();
  /// What answers have told.
  const Projects& projects() const;
  /// No value is read for a version any more (see SecretManagerProvider).
  void read_no_values();

  /// Renews the token ahead of need, from its first use on, so that no change waits for it. Runs
  /// until cancelled; without it everything works, and the first call after a renewal became due
  /// does it.
  base::Task<void> run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edsm::cloud::gcp
