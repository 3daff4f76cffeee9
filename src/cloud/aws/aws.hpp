#pragma once

#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "cloud/aws/client.hpp"
#include "cloud/aws/settings.hpp"
#include "cloud/provider.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

/// The front door of AWS: Secrets Manager as cloud::Provider, SQS queues as cloud::Inbox.
namespace edsm::cloud::aws {

class Cloud {
 public:
  /// `api` carries all calls but long polls and trusts Settings::ca_bundle; `metadata` goes to the
  /// link-local credential endpoints, so without any proxy; its requests carry short time-outs of
  /// their own. Everything referred to must outlive this object.
  Cloud(Settings settings, net::Http& api, net::Http& long_polls, net::Http& metadata,
        base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics);
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  cloud::Provider& provider();
  /// One per queue URL, in order.
  std::vector<cloud::Inbox*> inboxes();

  /// A client of any service in any region with the same credentials, for questions that the
  /// controller itself never asks. Must not outlive this object.
  base::Result<std::unique_ptr<Client>> client(Service service, const std::string& region);

  /// Refreshes credentials ahead of need, so that no change waits for it. Runs until cancelled;
  /// without it everything works, and the first call after a refresh became due does it.
  base::Task<void> run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edsm::cloud::aws
