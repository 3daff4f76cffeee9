#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "cli/options.hpp"
#include "cloud/aws/aws.hpp"
#include "cloud/azure/azure.hpp"
#include "cloud/gcp/gcp.hpp"
#include "kube/api.hpp"
#include "kube/events.hpp"
#include "kube/leader.hpp"
#include "net/http.hpp"
#include "sync/controller.hpp"
#include "telemetry/health.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cli {

/// Everything through which the application speaks to its peers. Separate pools, since a long poll
/// or a watch must not stand in the way of a write.
struct Connections {
  net::Http& kube_requests;
  net::Http& kube_watches;
  net::Http& aws_requests;
  net::Http& aws_polls;
  net::Http& aws_metadata;  ///< link-local credential endpoints: without any proxy
  net::Http& gcp_requests;
  net::Http& gcp_polls;
  net::Http& gcp_metadata;  ///< likewise
  net::Http& azure_requests;
  net::Http& azure_polls;
  net::Http& azure_metadata;  ///< likewise
};

/// What the environment says of each cloud.
struct CloudSettings {
  cloud::aws::Settings aws;
  cloud::gcp::Settings gcp;
  cloud::azure::Settings azure;
};

/// Who this replica is.
struct Identity {
  std::string own_namespace;  ///< where the lease and the digest key are
  std::string name;           ///< unique among the replicas
};

/// The application above its clock and its connections: all but sockets, signals and the process.
/// What runs in production and in the simulation alike.
///
/// Destroy it only after the io_context behind `executor` (its coroutines refer to it).
class Application {
 public:
  /// References must outlive it. `exit_at_once` ends the process without another step of any
  /// coroutine: called when leadership is lost.
  Application(const RunOptions& options, boost::asio::any_io_executor executor, base::Clock& clock,
              telemetry::Log& log, Connections connections, kube::Config kube_config,
              std::vector<kube::SetTransport> kube_transports, CloudSettings cloud_settings,
              Identity identity, std::function<void()> exit_at_once);

  /// The whole life; the exit code.
  base::Task<int> run();
  /// Ends `run` in order: what is under way is finished, the lease is handed back.
  void request_stop() { stop_.open(); }

  /// What /metrics serves.
  std::string metrics_page();
  const telemetry::Health& health() const { return health_; }
  /// The API server, as this replica.
  const kube::Api& api() const { return api_; }

 private:
  base::Task<base::Result<sync::Digester>> digester();
  base::Task<bool> start();
  base::Task<void> keep_leading();
  bool may_write() const;
  /// The queues of all clouds.
  std::vector<cloud::Inbox*> inboxes();

  const RunOptions& options_;
  boost::asio::any_io_executor executor_;
  base::Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics metrics_;
  telemetry::Health health_;
  Identity identity_;
  std::function<void()> exit_at_once_;
  std::string server_url_;
  std::unique_ptr<kube::Authority> authority_;
  kube::Api api_;
  kube::EventRecorder events_;
  cloud::aws::Cloud aws_;
  cloud::gcp::Cloud gcp_;
  cloud::azure::Cloud azure_;
  kube::LeaderElector elector_;
  std::unique_ptr<sync::Controller> controller_;
  base::TaskGroup background_;
  base::Gate stop_;
  bool lost_ = false;
};

/// Exit codes of the program.
inline constexpr int kFailure = 1;
inline constexpr int kBadConfiguration = 2;

}  // namespace edsm::cli
