#pragma once

#include "base/clock.hpp"

namespace edsm::cloud {

/// How far a service's clock is from ours, learned from the Date of a refused request.
class SkewCorrection {
 public:
  base::Duration offset() const { return offset_; }
  /// `now` is our clock when the answer came. True if the clocks differ enough to be the reason of
  /// a refused signature: sign again, with the new offset.
  bool learn(base::WallTime server, base::WallTime now);

 private:
  base::Duration offset_{};
};

}  // namespace edsm::cloud
