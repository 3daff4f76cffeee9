#include "cloud/skew_correction.hpp"

namespace edsm::cloud {
namespace {

/// Signatures are refused from five minutes on.
constexpr base::Duration tolerated_skew = std::chrono::minutes(4);

}  // namespace

bool SkewCorrection::learn(base::WallTime server, base::WallTime now) {
  const base::Duration measured = server - now;
  const base::Duration wrong_by = std::chrono::abs(measured - offset_);
  if (wrong_by < tolerated_skew) return false;
  // Dates have whole seconds; a small difference is none.
  offset_ =
      std::chrono::abs(measured) < std::chrono::minutes(1) ? base::Duration::zero() : measured;
  return true;
}

}  // namespace edsm::cloud
