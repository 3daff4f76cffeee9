#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>

#include "cli/commands/cloud_doctor.hpp"
#include "cli/commands/doctor_events.hpp"
#include "cli/commands/doctor_identity.hpp"
#include "cli/commands/doctor_permissions.hpp"
#include "cli/commands/doctor_queue_probe.hpp"
#include "cli/commands/doctor_sources.hpp"
#include "cli/environment.hpp"
#include "cloud/aws/aws.hpp"
#include "cloud/aws/inspect/credential_origin.hpp"
#include "net/curl_http.hpp"

namespace edsm::cli {
namespace {

constexpr CloudTerms kTerms{
    .cloud = "AWS",
    .variable = "SQS_QUEUE_URL",
    .hold = "visibility time-out",
    .dead_letters = "a redrive policy (examples/terraform has one)",
};

/// AWS as the controller would see it.
class Aws {
 public:
  Aws(const boost::asio::any_io_executor& executor, base::Clock& clock,
      cloud::aws::Settings settings)
      : clock_(clock),
        region_(region_of(settings)),
        origin_(cloud::aws::origin_of(settings.credentials)),
        queues_(settings.queues),
        requests_(executor, cloud_transport(settings.ca_bundle)),
        direct_(executor, direct_transport()),
        log_(clock, silence_, telemetry::Level::error, telemetry::Format::text),
        cloud_(std::move(settings), requests_, requests_, direct_, clock, log_, metrics_) {}

  base::Task<Findings> examine(std::vector<Reported> bindings) {
    auto findings = co_await examine_identity(cloud_, clock_, origin_, region_);
    auto of_queues = co_await examine_inboxes(cloud_.inboxes(), kTerms);
    append(findings, std::move(of_queues));
    auto secrets = secrets_by_region(cloud_.provider(), bindings, Readers::all);
    auto of_events = co_await examine_events(cloud_, queues_, std::move(secrets));
    append(findings, std::move(of_events));
    auto own = secrets_by_region(cloud_.provider(), bindings, Readers::controller);
    auto of_rights = co_await examine_permissions(cloud_, queues_, std::move(own));
    append(findings, std::move(of_rights));
    auto of_sources = co_await examine_sources(cloud_.provider(), std::move(bindings), kTerms);
    append(findings, std::move(of_sources));
    co_return findings;
  }

  base::Task<Findings> probe(std::vector<Reported> bindings, ProbeWish wish) {
    return probe_queues(cloud_, clock_, direct_, queues_, std::move(bindings), std::move(wish));
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

base::Task<Findings> examine(base::Clock& clock, std::vector<Reported> bindings,
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

}  // namespace

CloudDoctor aws_doctor() {
  return {"aws", {"SQS_QUEUE_URL"}, examine};
}

}  // namespace edsm::cli
