#include "cli/application.hpp"

#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/backoff.hpp"
#include "base/planted.hpp"
#include "kube/config.hpp"
#include "sync/digest_key.hpp"

namespace edsm::cli {
namespace {

using base::Task;

/// Kubernetes kills a pod 30 s after SIGTERM.
constexpr base::Duration kGrace = std::chrono::seconds(25);
/// Of that, for what comes after the work, if a cloud that does not answer makes it take so long.
constexpr base::Duration kHandBack = std::chrono::seconds(3);
constexpr std::string_view kLeaseName = "a06dd29d.edsm.io";

kube::LeaseSettings lease_settings(const Identity& identity) {
  kube::LeaseSettings settings;
  settings.ns = identity.own_namespace;
  settings.name = kLeaseName;
  settings.identity = identity.name;
  return settings;
}

}  // namespace

Application::Application(const RunOptions& options, boost::asio::any_io_executor executor,
                         base::Clock& clock, telemetry::Log& log, Connections connections,
                         kube::Config kube_config, std::vector<kube::SetTransport> kube_transports,
                         CloudSettings cloud_settings, Identity identity,
                         std::function<void()> exit_at_once)
    : options_(options),
      executor_(executor),
      clock_(clock),
      log_(log),
      identity_(std::move(identity)),
      exit_at_once_(std::move(exit_at_once)),
      server_url_(kube_config.server),
      authority_(kube::make_authority(std::move(kube_config), clock, std::move(kube_transports))),
      api_(connections.kube_requests, connections.kube_watches, *authority_, clock, metrics_,
           server_url_, options.sync.field_manager),
      events_(api_, clock, log, metrics_, "edsm.io/controller", identity_.name),
      aws_(std::move(cloud_settings.aws), connections.aws_requests, connections.aws_polls,
           connections.aws_metadata, clock, log, metrics_),
      gcp_(std::move(cloud_settings.gcp), connections.gcp_requests, connections.gcp_polls,
           connections.gcp_metadata, clock, log, metrics_),
      azure_(std::move(cloud_settings.azure), connections.azure_requests, connections.azure_polls,
             connections.azure_metadata, clock, log, metrics_),
      elector_(api_, clock, log, lease_settings(identity_)),
      background_(executor) {
  metrics_.leader(false);
  // Not ready from the first probe on; the controller, which fulfils it, is made later.
  health_.require("caches filled");
}

/// The digest key is needed before anything can be judged, so a passing trouble is waited for.
Task<base::Result<sync::Digester>> Application::digester() {
  base::Backoff backoff(std::chrono::milliseconds(500), std::chrono::seconds(30));
  for (;;) {
    auto loaded = co_await sync::load_digest_key(api_, identity_.own_namespace);
    if (loaded || loaded.error().failure == base::Failure::invalid) co_return loaded;
    log_.error("cannot start yet",
               {{"error", base::describe(loaded.error())}, {"server", server_url_}});
    const auto pause = std::chrono::milliseconds(500) + backoff.next(clock_.random());
    co_await clock_.sleep_for(pause);
  }
}

Task<bool> Application::start() {
  auto digester = co_await this->digester();
  if (!digester) {
    log_.error("cannot start", {{"error", base::describe(digester.error())}});
    co_return false;
  }
  sync::Outside outside{.clock = clock_,
                        .log = log_,
                        .metrics = metrics_,
                        .health = health_,
                        .api = api_,
                        .events = events_,
                        .providers = {{std::string(aws_.provider().name()), &aws_.provider()},
                                      {std::string(gcp_.provider().name()), &gcp_.provider()},
                                      {std::string(azure_.provider().name()), &azure_.provider()}},
                        .inboxes = inboxes(),
                        .may_write = [this] { return may_write(); }};
  controller_ = std::make_unique<sync::Controller>(executor_, std::move(outside), options_.sync,
                                                   std::move(*digester));
  background_.spawn(events_.run());
  background_.spawn(aws_.run());
  background_.spawn(gcp_.run());
  background_.spawn(azure_.run());
  co_await controller_->observe();
  if (options_.leader_elect) {
    co_await elector_.acquire();
    background_.spawn(keep_leading());
  }
  metrics_.leader(true);
  controller_->lead();
  const auto queues = inboxes().size();
  if (queues == 0) {
    log_.warn(
        "no events are received, because none of SQS_QUEUE_URL, GCP_PUBSUB_SUBSCRIPTION and "
        "AZURE_SERVICEBUS_QUEUE_URL is set: only the sweep finds changes");
  }
  log_.info("working", {{"queues", queues}, {"leader_election", options_.leader_elect}});
  co_return true;
}

std::vector<cloud::Inbox*> Application::inboxes() {
  auto all = aws_.inboxes();
  for (auto* const inbox : gcp_.inboxes()) all.push_back(inbox);
  for (auto* const inbox : azure_.inboxes()) all.push_back(inbox);
  return all;
}

std::string Application::metrics_page() {
  if (controller_) controller_->measure();
  return metrics_.text();
}

bool Application::may_write() const {
  if (base::planted(base::Bug::write_after_the_lease)) return true;
  return !options_.leader_elect || elector_.leads(clock_.now());
}

Task<void> Application::keep_leading() {
  co_await elector_.hold();
  // Another replica may write from now on. Ending the process is the one way to be sure that
  // nothing of ours is still under way.
  log_.error("leadership lost: exiting, so that nothing is written twice",
             {{"identity", identity_.name}});
  lost_ = true;
  exit_at_once_();
}

Task<int> Application::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto started = co_await (start() || stop_.wait());
  const bool stopped_early = started.index() == 1;
  if (!stopped_early && !std::get<0>(started)) {
    background_.cancel();
    co_await background_.wait();
    co_return kBadConfiguration;
  }
  co_await stop_.wait();
  log_.info("stopping");
  const auto deadline = clock_.now() + kGrace;
  if (controller_) co_await controller_->stop(deadline - kHandBack);
  background_.cancel();
  co_await background_.wait();
  if (options_.leader_elect && !lost_)
    co_await (elector_.release() || clock_.sleep_until(deadline));
  log_.info("stopped");
  co_return 0;
}

}  // namespace edsm::cli
