#pragma once

#include <optional>

#include "base/clock.hpp"

namespace edsm::kube {

/// The API server's time of day, as far as the `Date` of its answers tells (RFC 9110, 6.6.1: whole
/// seconds, cut off). Creation times are the server's, so what is compared with them must be, too:
/// by a clock of ours that is wrong, a change could seem older than a workload that missed it.
/// Pure.
class ServerTime {
 public:
  /// The answer to a request that left at `sent` arrived at `received` and was dated `date`.
  void learn(base::WallTime date, base::Instant sent, base::Instant received);
  /// `local`, our own time of day at `now`, unless the answers rule it out: then the nearest that
  /// they allow.
  base::WallTime at(base::Instant now, base::WallTime local) const;

 private:
  /// Of the server's time of day since its epoch minus monotonic time.
  struct Bounds {
    base::Duration low{};
    base::Duration high{};
  };
  std::optional<Bounds> offset_;
};

}  // namespace edsm::kube
