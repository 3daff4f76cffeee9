#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/text.hpp"

namespace edsm::telemetry {

/// What is counted for each target Secret (`…{namespace=…,secret=…}`). A record of a few numbers
/// for each, written to the page directly: as series of the metrics library, a target took some
/// 450 bytes for each number, and several times that whenever a page was made.
class TargetMetrics {
 public:
  enum class Counter : std::uint8_t { fetched, created, updated, rollouts, drift_healed };
  static constexpr std::size_t kCounters = 5;
  /// What comes later is counted under "other".
  static constexpr std::size_t kMaxTargets = 200'000;

  void count(Counter counter, std::string_view secret, std::string_view ns);
  /// Workloads that use the target.
  void workloads(std::int64_t number, std::string_view secret, std::string_view ns);
  /// Drops what is known of a target that is gone.
  void forget(std::string_view secret, std::string_view ns);

  /// Appends the families in Prometheus' text format 0.0.4, those without a series left out.
  void append_to(std::string& page) const;

 private:
  struct Target {
    base::Text ns;
    base::Text secret;
    bool operator==(const Target&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Target& target) const {
      return target.ns.hash() * 31 + target.secret.hash();
    }
  };
  /// Prometheus takes a wrapped counter for a restarted one.
  struct Numbers {
    std::array<std::uint32_t, kCounters> counts{};
    std::int32_t workloads = -1;  ///< negative: never said
  };

  Numbers& numbers(std::string_view secret, std::string_view ns);

  /// In one piece: single nodes would lie between what comes and goes, and keep its pages.
  boost::unordered_flat_map<Target, Numbers, Hash> targets_;
};

}  // namespace edsm::telemetry
