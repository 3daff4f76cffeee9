#include "cli/metrics_guard.hpp"

#include <string>
#include <utility>

namespace edsm::cli {
namespace {

constexpr std::string_view kPath = "/metrics";

net::Page refusal(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text) + "\n"};
}

}  // namespace

MetricsGuard::MetricsGuard(kube::Api api, base::Clock& clock, telemetry::Log& log)
    : access_(std::move(api), clock, std::string(kPath)), log_(log) {}

base::Task<std::optional<net::Page>> MetricsGuard::admit(base::SecretBytes bearer) {
  if (bearer.empty()) {
    co_return refusal(401, "a bearer token of this cluster is needed");
  }
  const auto verdict = co_await access_.judge(std::move(bearer));
  note(verdict);
  if (!verdict) co_return refusal(503, "the token cannot be checked just now");
  if (*verdict == kube::Verdict::unknown) {
    co_return refusal(401, "Kubernetes does not know this token, or it has expired");
  }
  if (*verdict == kube::Verdict::forbidden) {
    co_return refusal(403, "the holder of this token may not get the nonResourceURL /metrics");
  }
  co_return std::nullopt;
}

/// Once for each trouble, not for each scrape.
void MetricsGuard::note(const base::Result<kube::Verdict>& verdict) {
  const bool trouble = !verdict;
  if (std::exchange(trouble_, trouble) == trouble) return;
  if (verdict) {
    log_.info("tokens of those who read metrics can be checked again");
    return;
  }
  log_.warn("tokens of those who read metrics cannot be checked",
            {{"error", base::describe(verdict.error())},
             {"remedy",
              "it needs the right to create tokenreviews.authentication.k8s.io and "
              "subjectaccessreviews.authorization.k8s.io"}});
}

}  // namespace edsm::cli
