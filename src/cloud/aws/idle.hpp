#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace edsm::cloud::aws {

/// Which of the things that are made on first use are kept, each by its name: those used within
/// `keep`, and of these at most `most`. Without I/O.
class IdleList {
 public:
  /// A session of a role is valid for an hour: nothing is lost by what goes after that.
  static constexpr base::Duration keep = std::chrono::hours(1);
  static constexpr std::size_t most = 1000;

  /// Takes off the list, and returns, what was not used for too long.
  std::vector<std::string> take_idle(base::Instant now);
  /// `name` is used at `now`. Returns what has to go for it, taken off the list: what was used the
  /// longest time ago.
  std::optional<std::string> use(const std::string& name, base::Instant now);

 private:
  std::map<std::string, base::Instant> used_;
};

}  // namespace edsm::cloud::aws
