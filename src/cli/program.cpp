#include "cli/program.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/system_clock.hpp"
#include "cli/application.hpp"
#include "cli/environment.hpp"
#include "cli/metrics_guard.hpp"
#include "kube/config.hpp"
#include "net/curl_http.hpp"
#include "net/server.hpp"

namespace edsm::cli {
namespace {

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

/// Workers, of however many clouds, send so many requests on Secrets at once, each over a
/// connection of its own (net::Request::confidential); the Lease must not wait behind them.
Traffic kube_requests(const RunOptions& options) {
  return {.http2 = true, .connections = static_cast<long>(options.sync.secret_requests) + 48};
}
/// A watch holds its connection; there are six for each namespace, and one for policies.
Traffic kube_watches(const RunOptions& options) {
  const auto places = std::max<std::size_t>(options.sync.watch_namespaces.size(), 1);
  return {.http2 = false, .connections = static_cast<long>(places) * 6 + 12};
}
/// Of each cloud. Values come over it, so without HTTP/2; as many as are read at once, and some
/// more.
constexpr Traffic kCloudRequests{.http2 = false, .connections = 96};
constexpr Traffic kCloudPolls{.http2 = false, .connections = 64};
constexpr Traffic kCloudMetadata{.http2 = false, .connections = 4};

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) return "edsm";
  return name;
}

/// Ends the process as it stands. What is under way refers to objects that an ordinary return would
/// destroy first; nothing needs a last word, since log lines are written as they come.
[[noreturn]] void exit_at_once() {
  std::_Exit(kFailure);
}

/// The application and its sockets, in the order of construction. Everything lives as long as the
/// process.
class Program {
 public:
  Program(const RunOptions& options, boost::asio::io_context& io, base::Clock& clock,
          telemetry::Log& log, kube::Config kube_config, CloudSettings clouds)
      : options_(options),
        io_(io),
        clock_(clock),
        kube_requests_(io.get_executor(), kube_requests(options)(kube_config.transport.clone())),
        kube_watches_(io.get_executor(), kube_watches(options)(kube_config.transport.clone())),
        aws_requests_(io.get_executor(), kCloudRequests(trusting(clouds.aws.ca_bundle))),
        aws_polls_(io.get_executor(), kCloudPolls(trusting(clouds.aws.ca_bundle))),
        aws_metadata_(io.get_executor(), kCloudMetadata(direct_transport())),
        gcp_requests_(io.get_executor(), kCloudRequests(trusting(clouds.gcp.ca_bundle))),
        gcp_polls_(io.get_executor(), kCloudPolls(trusting(clouds.gcp.ca_bundle))),
        gcp_metadata_(io.get_executor(), kCloudMetadata(direct_transport())),
        azure_requests_(io.get_executor(), kCloudRequests(trusting(clouds.azure.ca_bundle))),
        azure_polls_(io.get_executor(), kCloudPolls(trusting(clouds.azure.ca_bundle))),
        azure_metadata_(io.get_executor(), kCloudMetadata(direct_transport())),
        identity_{find_namespace(options, kube_config),
                  fmt::format("{}_{:016x}", host_name(), clock.random())},
        application_(
            options, io.get_executor(), clock, log,
            {kube_requests_, kube_watches_, aws_requests_, aws_polls_, aws_metadata_, gcp_requests_,
             gcp_polls_, gcp_metadata_, azure_requests_, azure_polls_, azure_metadata_},
            std::move(kube_config), kube_transports(), std::move(clouds), identity_, exit_at_once),
        metrics_guard_(application_.api(), clock, log),
        log_(log),
        serving_(io.get_executor()) {}

  /// Opens the ports for probes and metrics.
  base::Result<> serve();
  /// The whole life; the exit code.
  base::Task<int> run();
  Application& application() { return application_; }

 private:
  static std::string find_namespace(const RunOptions& options, const kube::Config& config) {
    if (!options.own_namespace.empty()) return options.own_namespace;
    if (auto pod = environment("POD_NAMESPACE")) return *pod;
    return config.source == "in-cluster" ? config.ns : "kube-system";
  }
  static net::Transport trusting(const std::string& ca_bundle) {
    net::Transport transport;
    transport.ca_file = ca_bundle;
    return transport;
  }
  static net::Transport direct_transport() {
    net::Transport transport;
    transport.proxy = "";
    return transport;
  }
  std::vector<kube::SetTransport> kube_transports() {
    return {[this](net::Transport fresh) {
              kube_requests_.set_transport(kube_requests(options_)(std::move(fresh)));
            },
            [this](net::Transport fresh) {
              kube_watches_.set_transport(kube_watches(options_)(std::move(fresh)));
            }};
  }

  base::Result<> listen(net::Listen listen, net::Handler handler);
  net::Listen metrics_listen();
  net::Page probe(std::string_view path) const;

  const RunOptions& options_;
  boost::asio::io_context& io_;
  base::Clock& clock_;
  net::CurlHttp kube_requests_;
  net::CurlHttp kube_watches_;
  net::CurlHttp aws_requests_;
  net::CurlHttp aws_polls_;
  net::CurlHttp aws_metadata_;
  net::CurlHttp gcp_requests_;
  net::CurlHttp gcp_polls_;
  net::CurlHttp gcp_metadata_;
  net::CurlHttp azure_requests_;
  net::CurlHttp azure_polls_;
  net::CurlHttp azure_metadata_;
  Identity identity_;
  Application application_;
  MetricsGuard metrics_guard_;
  telemetry::Log& log_;
  std::vector<std::unique_ptr<net::Server>> servers_;
  base::TaskGroup serving_;
};

net::Page Program::probe(std::string_view path) const {
  std::vector<std::string> troubles;
  if (path == "/healthz") {
    troubles = application_.health().stuck(clock_.now());
  } else if (path == "/readyz") {
    troubles = application_.health().missing();
  } else {
    return {404, "text/plain; charset=utf-8", "try /healthz or /readyz\n"};
  }
  if (troubles.empty()) return {200, "text/plain; charset=utf-8", "ok\n"};
  net::Page page{503, "text/plain; charset=utf-8", ""};
  for (const auto& trouble : troubles) page.body += trouble + "\n";
  return page;
}

base::Result<> Program::listen(net::Listen listen, net::Handler handler) {
  if (listen.address == "0") return {};
  const auto flag = listen.flag;
  auto server = net::Server::bind(io_.get_executor(), std::move(listen), std::move(handler));
  if (!server) return base::fail(std::move(server.error()), flag);
  servers_.push_back(std::make_unique<net::Server>(std::move(*server)));
  serving_.spawn(servers_.back()->run());
  return {};
}

net::Listen Program::metrics_listen() {
  net::Listen listen{options_.metrics_address, "", "", "--metrics-bind-address"};
  if (!options_.metrics_secure) return listen;
  listen.tls_cert_file = options_.metrics_cert_path + "/" + options_.metrics_cert_name;
  listen.tls_key_file = options_.metrics_cert_path + "/" + options_.metrics_cert_key;
  listen.on_certificate = [this](const base::Result<>& loaded) {
    if (loaded) return log_.info("new certificate of the metrics server in use");
    log_.warn("new certificate of the metrics server not used; the old one stays",
              {{"error", base::describe(loaded.error())}});
  };
  if (options_.metrics_authenticate) {
    listen.guard = [this](const std::string& /*path*/, base::SecretBytes bearer) {
      return metrics_guard_.admit(std::move(bearer));
    };
  }
  return listen;
}

base::Result<> Program::serve() {
  auto health = listen({options_.health_address, "", "", "--health-probe-bind-address"},
                       [this](std::string_view path) { return probe(path); });
  if (!health) return health;
  return listen(metrics_listen(), [this](std::string_view path) -> net::Page {
    if (path != "/metrics") return {404, "text/plain; charset=utf-8", "try /metrics\n"};
    return {200, "text/plain; version=0.0.4; charset=utf-8", application_.metrics_page()};
  });
}

base::Task<int> Program::run() {
  const int exit_code = co_await application_.run();
  serving_.cancel();
  co_await serving_.wait();
  co_await metrics_guard_.idle();
  co_return exit_code;
}

/// SIGTERM and SIGINT: the first asks for an orderly stop, the second does not wait for it.
class Signals {
 public:
  Signals(boost::asio::io_context& io, Application& application)
      : set_(io, SIGTERM, SIGINT), application_(application) {
    wait();
  }
  void done() { set_.cancel(); }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (std::exchange(asked_, true)) exit_at_once();
      application_.request_stop();
      wait();
    });
  }
  boost::asio::signal_set set_;
  Application& application_;
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
  auto gcp_settings = cloud::gcp::load_settings(environment);
  if (!gcp_settings) return refuse(gcp_settings.error());
  auto azure_settings = cloud::azure::load_settings(environment);
  if (!azure_settings) return refuse(azure_settings.error());
  log.info("starting", {{"version", EDSM_VERSION},
                        {"server", kube_config->server},
                        {"config", kube_config->source}});

  net::curl_global_setup();
  std::optional<int> exit_code;
  boost::asio::io_context io(1);
  Program program(options, io, clock, log, std::move(*kube_config),
                  {std::move(*aws_settings), std::move(*gcp_settings), std::move(*azure_settings)});
  if (auto served = program.serve(); !served) return refuse(served.error());
  Signals signals(io, program.application());
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
  if (!exit_code) exit_at_once();
  return *exit_code;
}

}  // namespace edsm::cli
