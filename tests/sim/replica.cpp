#include "sim/replica.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "cloud/aws/settings.hpp"
#include "cloud/azure/settings.hpp"
#include "cloud/gcp/settings.hpp"

namespace edsm::sim {
namespace {

constexpr std::string_view kTokenFile = "/token";

std::optional<std::string> environment(const Home& home, std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> variables = {
      {"AWS_REGION", "eu-west-1"},
      {"AWS_ENDPOINT", "http://aws.sim"},
      {"SQS_QUEUE_URL", "http://aws.sim/000000000000/edsm-events"},
      {"AWS_EC2_METADATA_DISABLED", "true"},
      {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
      {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod-identity"},
  };
  for (const auto* const all : {&variables, &home.variables}) {
    const auto at = all->find(name);
    if (at != all->end()) return at->second;
  }
  return std::nullopt;
}

/// AWS always; Google's credentials are those of its metadata server, Azure's those of a workload.
cli::CloudSettings cloud_settings(const Home& home) {
  const auto variables = [&home](std::string_view name) { return environment(home, name); };
  const auto files = [&home](const std::string& path) -> base::Result<base::SecretBytes> {
    const auto at = home.files.find(path);
    if (at == home.files.end()) return base::fail(base::Failure::absent, "NoSuchFile", path);
    return base::SecretBytes(at->second);
  };
  auto aws = cloud::aws::load_settings(variables, files);
  if (!aws) throw std::logic_error(base::describe(aws.error()));
  auto gcp = cloud::gcp::load_settings(variables, files);
  if (!gcp) throw std::logic_error(base::describe(gcp.error()));
  auto azure = cloud::azure::load_settings(variables, files);
  if (!azure) throw std::logic_error(base::describe(azure.error()));
  return {std::move(*aws), std::move(*gcp), std::move(*azure)};
}

/// Keeps lines for the world.
class LineSink final : public telemetry::Sink {
 public:
  explicit LineSink(std::function<void(std::string_view)> take) : take_(std::move(take)) {}
  void write(std::string_view line) override { take_(line); }

 private:
  std::function<void(std::string_view)> take_;
};

}  // namespace

/// One life of the process. The loop is destroyed before all that its coroutines refer to.
struct Replica::Life {
  Life(Replica& replica, Owner owner_)
      : owner(owner_),
        clock(replica.schedule_, owner),
        sink([&replica](std::string_view line) {
          if (replica.home.on_log) replica.home.on_log(replica.number_, line);
        }),
        log(clock, sink, replica.options_.log_level, telemetry::Format::text),
        kube_requests(replica.network_, owner, replica.number_, Peer::cluster),
        kube_watches(replica.network_, owner, replica.number_, Peer::cluster),
        aws(replica.network_, owner, replica.number_, Peer::cloud),
        google(replica.network_, owner, replica.number_, Peer::google),
        azure(replica.network_, owner, replica.number_, Peer::azure),
        io(std::make_unique<boost::asio::io_context>(1)),
        application(replica.options_, io->get_executor(), clock, log,
                    {kube_requests, kube_watches, aws, aws, aws, google, google, google, azure,
                     azure, azure},
                    kube_config(replica), {}, cloud_settings(replica.home),
                    {"kube-system", fmt::format("replica-{}_{}", replica.number_, owner_)},
                    [this] { exit_code = cli::kFailure; }) {
    clock.set_skew(replica.skew_);
    boost::asio::co_spawn(*io, application.run(),
                          [this](const std::exception_ptr& error, int code) {
                            if (error) std::rethrow_exception(error);
                            exit_code = code;
                          });
  }
  ~Life() { io.reset(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  static kube::Config kube_config(const Replica& replica) {
    kube::Config config;
    config.source = "in-cluster";
    config.server = "https://kube.sim";
    config.ns = "kube-system";
    config.token_file = kTokenFile;
    config.read_file = [&replica](const std::string&) -> base::Result<base::SecretBytes> {
      return base::SecretBytes(replica.home.token);
    };
    return config;
  }

  Owner owner;
  SimClock clock;
  LineSink sink;
  telemetry::Log log;
  Network::Client kube_requests;
  Network::Client kube_watches;
  Network::Client aws;
  Network::Client google;
  Network::Client azure;
  std::optional<int> exit_code;
  std::unique_ptr<boost::asio::io_context> io;
  cli::Application application;
};

namespace {
/// Lives are numbered over all replicas of a run, from 1.
Owner next_owner(int replica, int life) {
  return life * 16 + replica;
}
}  // namespace

Replica::Replica(Schedule& schedule, Network& network, int number, const cli::RunOptions& options)
    : schedule_(schedule), network_(network), number_(number), options_(options) {}

Replica::~Replica() {
  crash();
}

Owner Replica::owner() const {
  return life_ ? life_->owner : kWorld;
}

void Replica::start() {
  if (life_) return;
  life_ = std::make_unique<Life>(*this, next_owner(number_, ++lives_));
  paused_ = false;
  poll();
}

void Replica::crash() {
  if (!life_) return;
  schedule_.drop(life_->owner);
  life_.reset();
  paused_ = false;
}

void Replica::request_stop() {
  if (!life_ || paused_) return;
  life_->application.request_stop();
  poll();
}

void Replica::pause() {
  if (!life_ || paused_) return;
  paused_ = true;
  schedule_.pause(life_->owner);
}

void Replica::resume() {
  if (!life_ || !paused_) return;
  paused_ = false;
  schedule_.resume(life_->owner);
}

void Replica::poll() {
  if (!life_ || paused_) return;
  // One handler at a time: an exit ends the process in the middle of what is ready.
  life_->io->restart();
  while (!life_->exit_code && life_->io->poll_one() != 0) {
  }
  if (life_->exit_code) {
    last_exit_code = *life_->exit_code;
    crash();
    if (home.on_exit) home.on_exit(number_);
  }
}

void Replica::set_skew(base::Duration skew) {
  skew_ = skew;
  if (life_) life_->clock.set_skew(skew);
}

std::string Replica::metrics() const {
  return life_ ? life_->application.metrics_page() : std::string();
}

std::vector<std::string> Replica::stuck() const {
  return life_ ? life_->application.health().stuck(schedule_.now()) : std::vector<std::string>();
}

}  // namespace edsm::sim
