#include "cli/commands/doctor.hpp"

#include <cstdio>
#include <iterator>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "cli/commands/doctor_cloud.hpp"
#include "cli/commands/doctor_cluster.hpp"
#include "cli/environment.hpp"
#include "cloud/aws/aws.hpp"
#include "net/curl_http.hpp"

namespace edsm::cli {
namespace {

/// What is wrong is said by findings.
class Silence final : public telemetry::Sink {
 public:
  void write(std::string_view /*line*/) override {}
};

void append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// With the environment of `edsm run`.
base::Task<Findings> examine_aws(base::Clock& clock, std::vector<Reported> bindings) {
  auto settings = cloud::aws::load_settings(environment);
  if (!settings) {
    co_return Findings{{Finding::Level::failure, "aws", base::describe(settings.error()),
                        "set it where `edsm run` starts, and run this command there"}};
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  net::Transport transport;
  transport.ca_file = settings->ca_bundle;
  net::Transport direct;
  direct.proxy = "";
  net::CurlHttp requests(executor, std::move(transport));
  net::CurlHttp metadata(executor, std::move(direct));
  Silence silence;
  telemetry::Log log(clock, silence, telemetry::Level::error, telemetry::Format::text);
  telemetry::Metrics metrics;
  cloud::aws::Cloud cloud(std::move(*settings), requests, requests, metadata, clock, log, metrics);
  auto findings = co_await examine_inboxes(cloud.inboxes());
  auto sources = co_await examine_sources(cloud.provider(), std::move(bindings));
  append(findings, std::move(sources));
  co_return findings;
}

base::Task<int> doctor(ClusterAccess access, DoctorOptions options) {
  if (options.own_namespace.empty()) {
    options.own_namespace = environment("POD_NAMESPACE").value_or("kube-system");
  }
  Namespaces watched = options.cluster.namespaces;
  if (watched.empty()) watched.emplace_back();
  Examination examination{access.api, access.clock, std::move(watched), options.own_namespace,
                          options.as};
  auto seen = co_await examine_cluster(std::move(examination));
  auto of_aws = co_await examine_aws(access.clock, std::move(seen.bindings));
  append(seen.findings, std::move(of_aws));
  fmt::print("{}", show_findings(seen.findings, options.output));
  co_return healthy(seen.findings) ? 0 : 1;
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
  return with_cluster(options.cluster,
                      [&](ClusterAccess access) { return doctor(std::move(access), options); });
}

}  // namespace edsm::cli
