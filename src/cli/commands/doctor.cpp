#include "cli/commands/doctor.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "cli/commands/doctor_cloud.hpp"
#include "cli/commands/doctor_cluster.hpp"
#include "cli/commands/doctor_events.hpp"
#include "cli/commands/doctor_identity.hpp"
#include "cli/commands/doctor_permissions.hpp"
#include "cli/commands/doctor_probe.hpp"
#include "cli/environment.hpp"
#include "cloud/aws/aws.hpp"
#include "cloud/aws/inspect/credential_origin.hpp"
#include "cloud/gcp/gcp.hpp"
#include "net/curl_http.hpp"

namespace edsm::cli {
namespace {

/// What is wrong is said by findings.
class Silence final : public telemetry::Sink {
 public:
  void write(std::string_view /*line*/) override {}
};

net::Transport transport_of(const std::string& ca_bundle) {
  net::Transport transport;
  transport.ca_file = ca_bundle;
  return transport;
}
net::Transport without_proxy() {
  net::Transport transport;
  transport.proxy = "";
  return transport;
}

/// AWS as the controller would see it.
class Aws {
 public:
  Aws(const boost::asio::any_io_executor& executor, base::Clock& clock,
      cloud::aws::Settings settings)
      : clock_(clock),
        region_(region_of(settings)),
        origin_(cloud::aws::origin_of(settings.credentials)),
        queues_(settings.queues),
        requests_(executor, transport_of(settings.ca_bundle)),
        direct_(executor, without_proxy()),
        log_(clock, silence_, telemetry::Level::error, telemetry::Format::text),
        cloud_(std::move(settings), requests_, requests_, direct_, clock, log_, metrics_) {}

  base::Task<Findings> examine(std::vector<Reported> bindings) {
    auto findings = co_await examine_identity(cloud_, clock_, origin_, region_);
    auto of_queues = co_await examine_inboxes(cloud_.inboxes());
    append(findings, std::move(of_queues));
    auto secrets = secrets_by_region(cloud_.provider(), bindings, Readers::all);
    auto of_events = co_await examine_events(cloud_, queues_, std::move(secrets));
    append(findings, std::move(of_events));
    auto own = secrets_by_region(cloud_.provider(), bindings, Readers::controller);
    auto of_rights = co_await examine_permissions(cloud_, queues_, std::move(own));
    append(findings, std::move(of_rights));
    auto of_sources = co_await examine_sources(cloud_.provider(), std::move(bindings));
    append(findings, std::move(of_sources));
    co_return findings;
  }

  base::Task<Findings> probe(std::vector<Reported> bindings, ProbeWish wish) {
    return cli::probe(cloud_, clock_, direct_, queues_, std::move(bindings), std::move(wish));
  }

 private:
  static std::string region_of(const cloud::aws::Settings& settings) {
    if (!settings.region.empty() || settings.queues.empty()) return settings.region;
    return settings.queues.front().region;
  }

  base::Clock& clock_;
  std::string region_;
  std::string origin_;
  std::vector<cloud::aws::QueueUrl> queues_;
  net::CurlHttp requests_;
  net::CurlHttp direct_;
  Silence silence_;
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  cloud::aws::Cloud cloud_;
};

/// Google Cloud, likewise.
class Google {
 public:
  Google(const boost::asio::any_io_executor& executor, base::Clock& clock,
         cloud::gcp::Settings settings)
      : requests_(executor, transport_of(settings.ca_bundle)),
        direct_(executor, without_proxy()),
        log_(clock, silence_, telemetry::Level::error, telemetry::Format::text),
        cloud_(std::move(settings), requests_, requests_, direct_, clock, log_, metrics_) {}

  base::Task<Findings> examine(std::vector<Reported> bindings) {
    Findings findings;
    // Without a subscription only the sweep finds changes, which may be meant so.
    if (!cloud_.inboxes().empty()) findings = co_await examine_inboxes(cloud_.inboxes());
    auto of_sources = co_await examine_sources(cloud_.provider(), std::move(bindings));
    append(findings, std::move(of_sources));
    co_return findings;
  }

 private:
  net::CurlHttp requests_;
  net::CurlHttp direct_;
  Silence silence_;
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  cloud::gcp::Cloud cloud_;
};

Findings unusable(const base::Error& error) {
  return {{Finding::Level::failure, "identity", base::describe(error),
           "set it where `edsm run` starts, and run this command there"}};
}

bool any_of_provider(const std::vector<Reported>& bindings, std::string_view provider) {
  return std::ranges::any_of(
      bindings, [&](const Reported& each) { return each.binding.provider == provider; });
}

bool concerns_google(const std::vector<Reported>& bindings) {
  return any_of_provider(bindings, "gcp") || environment("GCP_PUBSUB_SUBSCRIPTION") ||
         environment("PUBSUB_QUEUE_URL");
}

/// AWS is what is meant where nothing is said.
bool concerns_aws(const std::vector<Reported>& bindings, const DoctorOptions& options) {
  return !concerns_google(bindings) || options.probe || environment("SQS_QUEUE_URL") ||
         any_of_provider(bindings, "aws");
}

/// With the environment of `edsm run`.
base::Task<Findings> examine_google(base::Clock& clock, std::vector<Reported> bindings) {
  auto settings = cloud::gcp::load_settings(environment);
  if (!settings) co_return unusable(settings.error());
  const auto executor = co_await boost::asio::this_coro::executor;
  Google google(executor, clock, std::move(*settings));
  auto findings = co_await google.examine(std::move(bindings));
  co_return findings;
}

/// Likewise.
base::Task<Findings> examine_aws(base::Clock& clock, std::vector<Reported> bindings,
                                 std::optional<ProbeWish> wish) {
  auto settings = cloud::aws::load_settings(environment);
  if (!settings) co_return unusable(settings.error());
  const auto executor = co_await boost::asio::this_coro::executor;
  Aws aws(executor, clock, std::move(*settings));
  auto findings = co_await aws.examine(bindings);
  if (!wish) co_return findings;
  auto probed = co_await aws.probe(std::move(bindings), std::move(*wish));
  append(findings, std::move(probed));
  co_return findings;
}

std::optional<ProbeWish> wish_of(const DoctorOptions& options) {
  if (!options.probe) return std::nullopt;
  return ProbeWish{*options.probe, options.metrics_url};
}

base::Task<int> doctor(ClusterAccess access, DoctorOptions options) {
  if (options.own_namespace.empty()) {
    options.own_namespace = environment("POD_NAMESPACE").value_or("kube-system");
  }
  Namespaces watched = options.cluster.namespaces;
  if (watched.empty()) watched.emplace_back();
  Examination examination{access.api, access.clock,   std::move(watched), options.own_namespace,
                          options.as, options.tenancy};
  auto seen = co_await examine_cluster(std::move(examination));
  if (concerns_aws(seen.bindings, options)) {
    auto of_aws = co_await examine_aws(access.clock, seen.bindings, wish_of(options));
    append(seen.findings, std::move(of_aws));
  }
  if (concerns_google(seen.bindings)) {
    auto of_google = co_await examine_google(access.clock, std::move(seen.bindings));
    append(seen.findings, std::move(of_google));
  }
  fmt::print("{}", show_findings(seen.findings, options.output));
  co_return healthy(seen.findings) ? 0 : 1;
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
  return with_cluster(options.cluster,
                      [&](ClusterAccess access) { return doctor(std::move(access), options); });
}

}  // namespace edsm::cli
