#include "cli/commands/doctor.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/time.hpp"
#include "cli/commands/cloud_doctor.hpp"
#include "cli/commands/doctor_cluster.hpp"
#include "cli/environment.hpp"

namespace edsm::cli {
namespace {

/// The first is what is meant where nothing is said.
std::vector<CloudDoctor> all_clouds() {
  return {aws_doctor(), google_doctor(), azure_doctor()};
}

bool concerns(const CloudDoctor& cloud, const std::vector<Reported>& bindings) {
  return std::ranges::any_of(
             bindings,
             [&](const Reported& each) { return each.binding.provider == cloud.provider; }) ||
         std::ranges::any_of(cloud.variables,
                             [](std::string_view name) { return environment(name).has_value(); });
}

std::vector<CloudDoctor> clouds_of(const std::vector<Reported>& bindings) {
  auto clouds = all_clouds();
  std::vector<CloudDoctor> meant;
  for (const auto& cloud : clouds) {
    if (concerns(cloud, bindings)) meant.push_back(cloud);
  }
  if (meant.empty()) meant.push_back(std::move(clouds.front()));
  return meant;
}

std::optional<ProbeWish> wish_of(const DoctorOptions& options) {
  if (!options.probe) return std::nullopt;
  return ProbeWish{*options.probe, options.metrics_url};
}

const Reported* find_binding(const std::vector<Reported>& bindings, const std::string& name) {
  const auto at = std::ranges::find_if(
      bindings, [&](const Reported& each) { return each.binding.key.str() == name; });
  return at == bindings.end() ? nullptr : &*at;
}

/// The probe of a binding is its cloud's to send; one of no binding that of every cloud.
bool probes(const CloudDoctor& cloud, const std::vector<Reported>& bindings,
            const ProbeWish& wish) {
  if (wish.binding.empty()) return true;
  const auto* const named = find_binding(bindings, wish.binding);
  return named != nullptr && named->binding.provider == cloud.provider;
}

base::Task<Findings> examine_clouds(base::Clock& clock, std::vector<Reported> bindings,
                                    std::optional<ProbeWish> wish) {
  Findings findings;
  for (const auto& cloud : clouds_of(bindings)) {
    std::optional<ProbeWish> own;
    if (wish && probes(cloud, bindings, *wish)) own = wish;
    auto seen = co_await cloud.examine(clock, bindings, std::move(own));
    append(findings, std::move(seen));
  }
  const bool nobody =
      wish && !wish->binding.empty() && find_binding(bindings, wish->binding) == nullptr;
  if (nobody) {
    findings.push_back({Finding::Level::failure, "probe",
                        fmt::format("there is no EventDrivenSecret {}", wish->binding),
                        "name it as NAMESPACE/NAME"});
  }
  co_return findings;
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
  auto wish = wish_of(options);
  auto of_clouds = co_await examine_clouds(access.clock, std::move(seen.bindings), std::move(wish));
  append(seen.findings, std::move(of_clouds));
  fmt::print("{}", show_findings(seen.findings, options.output));
  co_return healthy(seen.findings) ? 0 : 1;
}

}  // namespace

Findings unusable(const base::Error& error) {
  return {{Finding::Level::failure, "identity", base::describe(error),
           "set it where `edsm run` starts, and run this command there"}};
}

net::Transport cloud_transport(const std::string& ca_bundle) {
  net::Transport transport;
  transport.ca_file = ca_bundle;
  return transport;
}

net::Transport direct_transport() {
  net::Transport transport;
  transport.proxy = "";
  return transport;
}

base::Task<void> examine_cloud_clock(net::Http& http, base::Clock& clock, std::string url,
                                     std::string_view whose, Findings& findings) {
  net::Request request(net::Method::get, std::move(url));
  request.timeout = std::chrono::seconds(10);
  const auto answer = co_await http.send(std::move(request));
  if (!answer) co_return;  // who needs it says so
  const auto date = base::parse_http_date(answer->headers.find("Date").value_or(""));
  if (date) findings.push_back(judge_skew(*date - clock.wall(), whose));
}

int run_doctor(const DoctorOptions& options) {
  return with_cluster(options.cluster,
                      [&](ClusterAccess access) { return doctor(std::move(access), options); });
}

}  // namespace edsm::cli
