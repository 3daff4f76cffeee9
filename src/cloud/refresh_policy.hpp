#pragma once

#include <cstdint>
#include <optional>

#include "base/backoff.hpp"
#include "base/clock.hpp"

namespace edsm::cloud {

/// When credentials are renewed. Without I/O: times are arguments.
class RefreshPolicy {
 public:
  enum class Action : std::uint8_t {
    use,         ///< fresh
    renew,       ///< usable, but one caller should renew them now
    must_renew,  ///< nothing usable is held
  };

  Action next(base::WallTime wall, base::Instant now) const;
  /// The moment at which `next` leaves `use` by itself; nullopt: never.
  std::optional<base::WallTime> due() const { return due_; }

  void renewed(const std::optional<base::WallTime>& expires, base::WallTime wall,
               std::uint64_t random);
  /// After a failure the next attempt waits; until then usable ones are used, as if they were
  /// fresh.
  void failed(base::Instant now, std::uint64_t random);
  /// The earliest moment at which a failed refresh may be tried again.
  base::Instant retry_at() const { return retry_at_; }
  /// A service refused what is held. False: that was answered by a refresh a moment ago, so
  /// another one would not help.
  bool reject(base::Instant now);

 private:
  bool held_ = false;
  bool rejected_ = false;
  std::optional<base::WallTime> due_;
  std::optional<base::WallTime> unusable_;
  base::Instant retry_at_ = base::Instant::min();
  std::optional<base::Instant> last_rejection_;
  base::Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
};

}  // namespace edsm::cloud
