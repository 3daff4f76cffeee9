#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace edsm::telemetry {

/// Which loops are alive and which caches are filled. Pure: time is an argument.
/// A stuck event loop needs no entry: then nobody answers the probe at all.
class Health {
 public:
  /// A loop called `name` promises to `beat` at least every `limit`.
  void expect(std::string_view name, base::Duration limit, base::Instant now);
  void beat(std::string_view name, base::Instant now);
  /// The loop ended in an orderly way.
  void forget(std::string_view name);

  /// Names what must be true before the program is ready; false until said otherwise.
  void require(std::string_view condition);
  void set(std::string_view condition, bool fulfilled);

  /// "queue sqs/eu-west-1/q: silent for 75 s, limit 60 s" for each loop that broke its promise.
  std::vector<std::string> stuck(base::Instant now) const;
  /// The conditions that are not fulfilled.
  std::vector<std::string> missing() const;

 private:
  struct Loop {
    base::Duration limit;
    base::Instant last;
  };
  std::map<std::string, Loop, std::less<>> loops_;
  std::map<std::string, bool, std::less<>> conditions_;
};

}  // namespace edsm::telemetry
