#include "telemetry/target_metrics.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace edsm::telemetry {
namespace {

struct Family {
  std::string_view type;
  std::string_view name;
  std::string_view help;
};

constexpr Family kWorkloads = {"gauge", "edsm_deployments_using_secrets",
                               "Workloads (Deployments, StatefulSets, DaemonSets) whose "
                               "annotation names this target Secret."};

/// In the order of TargetMetrics::Counter.
constexpr std::array<Family, TargetMetrics::kCounters> kCounted = {{
    {"counter", "edsm_secret_fetched_total", "Values read from the cloud for this target Secret."},
    {"counter", "edsm_secret_created_total", "Times this target Secret was created."},
    {"counter", "edsm_secret_updated_total",
     "Times the content of this target Secret was changed."},
    {"counter", "edsm_deployment_rollout_total",
     "Workload restarts that were started because this target Secret changed."},
    {"counter", "edsm_drift_healed_total",
     "Times somebody else changed or deleted this target Secret and it was restored."},
}};

/// With `numbers` of a target, tells what to write of them; negative: nothing.
template <class Targets, class Number>
void append_family(std::string& page, const Family& family, const Targets& targets, Number number) {
  const auto out = std::back_inserter(page);
  bool empty = true;
  for (const auto& [target, numbers] : targets) {
    const std::int64_t value = number(numbers);
    if (value < 0) continue;
    if (empty) {
      fmt::format_to(out, "# HELP {0} {1}\n# TYPE {0} {2}\n", family.name, family.help,
                     family.type);
    }
    empty = false;
    // Kubernetes' names hold nothing that the format would want escaped.
    fmt::format_to(out, "{}{{namespace=\"{}\",secret=\"{}\"}} {}\n", family.name, target.ns,
                   target.secret, value);
  }
}

}  // namespace

void TargetMetrics::count(Counter counter, std::string_view secret, std::string_view ns) {
  ++numbers(secret, ns).counts[static_cast<std::size_t>(counter)];
}

void TargetMetrics::workloads(std::int64_t number, std::string_view secret, std::string_view ns) {
  numbers(secret, ns).workloads = static_cast<std::int32_t>(number);
}

void TargetMetrics::forget(std::string_view secret, std::string_view ns) {
  targets_.erase({ns, secret});
}

TargetMetrics::Numbers& TargetMetrics::numbers(std::string_view secret, std::string_view ns) {
  if (targets_.size() >= kMaxTargets && !targets_.contains({ns, secret})) {
    return targets_[{"other", "other"}];
  }
  return targets_[{ns, secret}];
}

void TargetMetrics::append_to(std::string& page) const {
  append_family(page, kWorkloads, targets_,
                [](const Numbers& numbers) { return std::int64_t{numbers.workloads}; });
  for (std::size_t i = 0; i < kCounters; ++i) {
    append_family(page, kCounted[i], targets_, [i](const Numbers& numbers) {
      return numbers.counts[i] == 0 ? -1 : std::int64_t{numbers.counts[i]};
    });
  }
}

}  // namespace edsm::telemetry
