#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "cloud/azure/key_vault.hpp"
#include "telemetry/log.hpp"

namespace edsm::cloud::azure {

/// Whether a value is used before or after its time.
enum class Validity : std::uint8_t { valid, not_yet, expired };
Validity validity(const Attributes& attributes, base::WallTime now);

/// Says it, once for each version: to the service both times are advice, and a workload is better
/// off with a value that somebody forgot to renew than with none.
class ValidityNotes {
 public:
  /// Of versions that were said; beyond, they may be said again.
  static constexpr std::size_t limit = 1000;

  ValidityNotes(base::Clock& clock, telemetry::Log& log) : clock_(clock), log_(log) {}
  void note(const SecretName& name, const Reading& reading);

 private:
  base::Clock& clock_;
  telemetry::Log& log_;
  std::set<std::string> said_;
};

}  // namespace edsm::cloud::azure
