#include "cli/program.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/system_clock.hpp"
#include "cli/environment.hpp"
#include "cloud/aws/aws.hpp"
#include "kube/api.hpp"
#include "kube/config.hpp"
#include "kube/leader.hpp"
#include "net/curl_http.hpp"
#include "net/server.hpp"
#include "sync/controller.hpp"
#include "sync/digest_key.hpp"

namespace edsm::cli {
namespace {

using base::Task;

constexpr int kFailure = 1;
constexpr int kBadConfiguration = 2;
/// Kubernetes kills a pod 30 s after SIGTERM.
constexpr base::Duration kGrace = std::chrono::seconds(25);
constexpr std::string_view kLeaseName = "a06dd29d.edsm.io";

std::string user_agent() {
  return fmt::format("edsm/{} (linux/amd64)", EDSM_VERSION);
}

/// What one kind of traffic wants of its connections, whatever they are secured with.
struct Traffic {
  bool http2;
  long connections;

  net::Transport operator()(net::Transport transport) const {
    transport.http2 = http2;
    transport.max_connections = connections;
    transport.user_agent = user_agent();
    return transport;
  }
};
constexpr Traffic kKubeRequests{.http2 = true, .connections = 16};
constexpr Traffic kKubeWatches{.http2 = false, .connections = 16};
constexpr Traffic kAwsRequests{.http2 = true, .connections = 32};
constexpr Traffic kAwsPolls{.http2 = false, .connections = 64};
constexpr Traffic kAwsMetadata{.http2 = false, .connections = 4};

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) return "edsm";
  return name;
}

/// Everything that lives as long as the process, in the order of construction.
class Program {
 public:
  Program(const RunOptions& options, boost::asio::io_context& io, base::Clock& clock,
          telemetry::Log& log, kube::Config kube_config, cloud::aws::Settings aws_settings)
      : options_(options),
        io_(io),
        clock_(clock),
        log_(log),
        own_namespace_(find_namespace(options, kube_config)),
        kube_requests_(io.get_executor(), kKubeRequests(kube::copy(kube_config.transport))),
        kube_watches_(io.get_executor(), kKubeWatches(kube::copy(kube_config.transport))),
        aws_requests_(io.get_executor(), kAwsRequests(aws_transport(aws_settings))),
        aws_polls_(io.get_executor(), kAwsPolls(aws_transport(aws_settings))),
        aws_metadata_(io.get_executor(), kAwsMetadata(direct_transport())),
        server_url_(kube_config.server),
        authority_(
            kube::make_authority(std::move(kube_config), clock,
                                 {[this](net::Transport fresh) {
                                    kube_requests_.set_transport(kKubeRequests(std::move(fresh)));
                                  },
                                  [this](net::Transport fresh) {
                                    kube_watches_.set_transport(kKubeWatches(std::move(fresh)));
                                  }})),
        api_(kube_requests_, kube_watches_, *authority_, clock, metrics_, server_url_,
             options.sync.field_manager),
        identity_(fmt::format("{}_{:016x}", host_name(), clock.random())),
        events_(api_, clock, log, metrics_, "edsm.io/controller", identity_),
        aws_(std::move(aws_settings), aws_requests_, aws_polls_, aws_metadata_, clock, log,
             metrics_),
        elector_(api_, clock, log, lease_settings()),
        background_(io.get_executor()) {}

  /// Opens the ports for probes and metrics.
  base::Result<> serve();
  /// The whole life; the exit code.
  Task<int> run();
  void request_stop() { stop_.open(); }

 private:
  static std::string find_namespace(const RunOptions& options, const kube::Config& config) {
    if (!options.own_namespace.empty()) return options.own_namespace;
    if (auto pod = environment("POD_NAMESPACE")) return *pod;
    return config.source == "in-cluster" ? config.ns : "kube-system";
  }
  static net::Transport aws_transport(const cloud::aws::Settings& settings) {
    net::Transport transport;
    transport.ca_file = settings.ca_bundle;
    return transport;
  }
  static net::Transport direct_transport() {
    net::Transport transport;
    transport.proxy = "";
    return transport;
  }
  kube::LeaseSettings lease_settings() const {
    kube::LeaseSettings settings;
    settings.ns = own_namespace_;
    settings.name = kLeaseName;
    settings.identity = identity_;
    return settings;
  }

  base::Result<> listen(std::string address, std::string flag, bool tls, net::Handler handler);
  net::Page probe(std::string_view path) const;
  Task<base::Result<sync::Digester>> digester();
  Task<bool> start();
  Task<void> keep_leading();

  const RunOptions& options_;
  boost::asio::io_context& io_;
  base::Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics metrics_;
  telemetry::Health health_;
  std::string own_namespace_;
  net::CurlHttp kube_requests_;
  net::CurlHttp kube_watches_;
  net::CurlHttp aws_requests_;
  net::CurlHttp aws_polls_;
  net::CurlHttp aws_metadata_;
  std::string server_url_;
  std::unique_ptr<kube::Authority> authority_;
  kube::Api api_;
  std::string identity_;
  kube::EventRecorder events_;
  cloud::aws::Cloud aws_;
  kube::LeaderElector elector_;
  std::unique_ptr<sync::Controller> controller_;
  std::vector<std::unique_ptr<net::Server>> servers_;
  base::TaskGroup background_;
  base::Gate stop_;
  bool lost_ = false;
};

net::Page Program::probe(std::string_view path) const {
  std::vector<std::string> troubles;
  if (path == "/healthz") {
    troubles = health_.stuck(clock_.now());
  } else if (path == "/readyz") {
    troubles = health_.missing();
  } else {
    return {404, "text/plain; charset=utf-8", "try /healthz or /readyz\n"};
  }
  if (troubles.empty()) return {200, "text/plain; charset=utf-8", "ok\n"};
  net::Page page{503, "text/plain; charset=utf-8", ""};
  for (const auto& trouble : troubles) page.body += trouble + "\n";
  return page;
}

base::Result<> Program::listen(std::string address, std::string flag, bool tls,
                               net::Handler handler) {
  if (address == "0") return {};
  net::Listen listen;
  listen.address = std::move(address);
  if (tls) {
    listen.tls_cert_file = options_.metrics_cert_path + "/" + options_.metrics_cert_name;
    listen.tls_key_file = options_.metrics_cert_path + "/" + options_.metrics_cert_key;
  }
  auto server = net::Server::bind(io_.get_executor(), std::move(listen), std::move(handler));
  if (!server) return base::fail(std::move(server.error()), flag);
  servers_.push_back(std::make_unique<net::Server>(std::move(*server)));
  background_.spawn(servers_.back()->run());
  return {};
}

base::Result<> Program::serve() {
  // Not ready from the first probe on; the controller, which fulfils it, is made later.
  health_.require("caches filled");
  auto health = listen(options_.health_address, "--health-probe-bind-address", false,
                       [this](std::string_view path) { return probe(path); });
  if (!health) return health;
  return listen(options_.metrics_address, "--metrics-bind-address", options_.metrics_secure,
                [this](std::string_view path) -> net::Page {
                  if (path != "/metrics")
                    return {404, "text/plain; charset=utf-8", "try /metrics\n"};
                  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
                });
}

/// The digest key is needed before anything can be judged, so a passing trouble is waited for.
Task<base::Result<sync::Digester>> Program::digester() {
  base::Backoff backoff(std::chrono::milliseconds(500), std::chrono::seconds(30));
  for (;;) {
    auto loaded = co_await sync::load_digest_key(api_, own_namespace_);
    if (loaded || loaded.error().failure == base::Failure::invalid) co_return loaded;
    log_.error("cannot start yet",
               {{"error", base::describe(loaded.error())}, {"server", server_url_}});
    const auto pause = std::chrono::milliseconds(500) + backoff.next(clock_.random());
    co_await clock_.sleep_for(pause);
  }
}

Task<bool> Program::start() {
  auto digester = co_await this->digester();
  if (!digester) {
    log_.error("cannot start", {{"error", base::describe(digester.error())}});
    co_return false;
  }
  sync::Outside outside{
      .clock = clock_,
      .log = log_,
      .metrics = metrics_,
      .health = health_,
      .api = api_,
      .events = events_,
      .providers = {{std::string(aws_.provider().name()), &aws_.provider()}},
      .inboxes = aws_.inboxes(),
      .may_write = [this] { return !options_.leader_elect || elector_.leads(clock_.now()); }};
  controller_ = std::make_unique<sync::Controller>(io_.get_executor(), std::move(outside),
                                                   options_.sync, std::move(*digester));
  background_.spawn(events_.run());
  background_.spawn(aws_.run());
  co_await controller_->observe();
  if (options_.leader_elect) {
    co_await elector_.acquire();
    background_.spawn(keep_leading());
  }
  metrics_.leader(true);
  controller_->lead();
  if (aws_.inboxes().empty()) {
    log_.warn(
        "no events are received, because SQS_QUEUE_URL is not set: only the sweep finds changes");
  }
  log_.info("working",
            {{"queues", aws_.inboxes().size()}, {"leader_election", options_.leader_elect}});
  co_return true;
}

Task<void> Program::keep_leading() {
  co_await elector_.hold();
  // Another replica may write from now on. Ending the process is the one way to be sure that
  // nothing of ours is still under way.
  log_.error("leadership lost: exiting, so that nothing is written twice",
             {{"identity", identity_}});
  lost_ = true;
  io_.stop();
}

Task<int> Program::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  metrics_.leader(false);
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
  if (controller_) co_await controller_->stop(deadline);
  background_.cancel();
  co_await background_.wait();
  if (options_.leader_elect && !lost_)
    co_await (elector_.release() || clock_.sleep_until(deadline));
  log_.info("stopped");
  co_return 0;
}

/// SIGTERM and SIGINT: the first asks for an orderly stop, the second does not wait for it.
class Signals {
 public:
  Signals(boost::asio::io_context& io, Program& program)
      : set_(io, SIGTERM, SIGINT), io_(io), program_(program) {
    wait();
  }
  void done() { set_.cancel(); }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (std::exchange(asked_, true)) {
        io_.stop();
        return;
      }
      program_.request_stop();
      wait();
    });
  }
  boost::asio::signal_set set_;
  boost::asio::io_context& io_;
  Program& program_;
  bool asked_ = false;
};

}  // namespace

int run_program(const RunOptions& options) {
  base::SystemClock clock;
  telemetry::StderrSink sink;
  telemetry::Log log(clock, sink, options.log_level, options.log_format);
  const auto refuse = [&log](const base::Error& error) {
    log.error("cannot start", {{"error", base::describe(error)}});
    return kBadConfiguration;
  };
  auto kube_config = kube::load_config(environment, options.kubeconfig, options.context);
  if (!kube_config) return refuse(kube_config.error());
  auto aws_settings = cloud::aws::load_settings(environment);
  if (!aws_settings) return refuse(aws_settings.error());
  log.info("starting", {{"version", EDSM_VERSION},
                        {"server", kube_config->server},
                        {"config", kube_config->source}});

  net::curl_global_setup();
  std::optional<int> exit_code;
  boost::asio::io_context io(1);
  Program program(options, io, clock, log, std::move(*kube_config), std::move(*aws_settings));
  if (auto served = program.serve(); !served) return refuse(served.error());
  Signals signals(io, program);
  boost::asio::co_spawn(io, program.run(), [&](const std::exception_ptr& error, int code) {
    if (error) std::rethrow_exception(error);
    exit_code = code;
    signals.done();
    io.stop();
  });
  try {
    io.run();
  } catch (const std::exception& error) {
    log.error("internal error: please report it", {{"what", error.what()}});
  }
  // Without an orderly stop, work is still under way, and what it uses must not be destroyed before
  // it. Nothing of it may be continued either: the process ends here.
  if (!exit_code) std::_Exit(kFailure);
  return *exit_code;
}

}  // namespace edsm::cli
