#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace edsm::cloud::azure::auth {

/// When to ask a machine's metadata server again for a token. Pure: time is an argument.
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
class MachineRetry {
 public:
  static constexpr base::Duration first_wait = std::chrono::milliseconds(800);
  static constexpr base::Duration longest_wait = std::chrono::milliseconds(25'600);
  static constexpr int retries = 5;
  /// Where nothing answers there is no such server.
  static constexpr int unanswered_retries = 2;
  /// It says 410 while it is updated, which takes up to 70 seconds.
  static constexpr base::Duration update = std::chrono::seconds(70);

  /// The wait before the next attempt; nullopt: give up. `status` is what was answered, 0: nothing.
  /// `since` is the time since the first attempt began.
  std::optional<base::Duration> next(int status, base::Duration since) {
    const bool transient =
        status == 0 || status == 404 || status == 408 || status == 429 || status >= 500;
    const bool updating = status == 410;
    const int most = status == 0 ? unanswered_retries : retries;
    const bool again = (transient && done_ < most) || (updating && since < update);
    if (!again) return std::nullopt;
    const auto wait = std::min(first_wait * (std::int64_t{1} << std::min(done_, 10)), longest_wait);
    ++done_;
    return wait;
  }

 private:
  int done_ = 0;
};

}  // namespace edsm::cloud::azure::auth
