#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "kube/token_access.hpp"
#include "net/server.hpp"
#include "telemetry/log.hpp"

namespace edsm::cli {

/// Lets those read /metrics whom Kubernetes knows and permits it (`--metrics-authentication`).
class MetricsGuard {
 public:
  /// The references, and those behind `api`, must outlive it.
  MetricsGuard(kube::Api api, base::Clock& clock, telemetry::Log& log);

  /// What to answer instead of the metrics; nothing: the holder of the token may read them.
  base::Task<std::optional<net::Page>> admit(base::SecretBytes bearer);
  /// Returns when nothing is under way.
  base::Task<void> idle() { return access_.idle(); }

 private:
  void note(const base::Result<kube::Verdict>& verdict);

  kube::TokenAccess access_;
  telemetry::Log& log_;
  bool trouble_ = false;
};

}  // namespace edsm::cli
