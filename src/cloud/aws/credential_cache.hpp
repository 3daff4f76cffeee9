#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/notify.hpp"
#include "cloud/aws/credentials.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cloud::aws {

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

/// Holds one provider's credentials. At most one refresh runs at a time; while it does, the old are
/// served as long as they are valid.
class CredentialCache {
 public:
  enum class For : std::uint8_t {
    controller,  ///< their expiry is a metric; without them nothing works
    binding,     ///< may expire when nobody needs them; a refusal concerns the one who asks only
  };
  CredentialCache(std::unique_ptr<CredentialsProvider> provider, base::Clock& clock,
                  telemetry::Log& log, telemetry::Metrics& metrics, For whom = For::controller)
      : provider_(std::move(provider)), clock_(clock), log_(log), metrics_(metrics), for_(whom) {}

  using Shared = std::shared_ptr<const Credentials>;
  base::Task<base::Result<Shared>> get();
  /// A service refused `used` as expired or unknown. True: the next `get` brings others.
  bool reject(const Shared& used);
  /// Renews ahead of need until cancelled.
  base::Task<void> keep_fresh();

 private:
  struct Flight {
    base::Gate done;
    base::Error error;
  };
  base::Task<base::Result<Shared>> refresh();
  bool must_renew() const;

  std::unique_ptr<CredentialsProvider> provider_;
  base::Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  For for_;
  RefreshPolicy policy_;
  Shared held_;
  base::Error last_error_;
  std::shared_ptr<Flight> flight_;
};

}  // namespace edsm::cloud::aws
