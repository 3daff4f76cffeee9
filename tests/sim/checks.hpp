#pragma once

#include <string>

#include "sim/witness.hpp"
#include "sim/world.hpp"

namespace edsm::sim {

/// The first thing that is not as it should be at rest; empty: all is well.
std::string not_converged(const World& world, const Witness& witness);
/// The same as an objection.
void check_converged(const World& world, Witness& witness);
/// No secret value is anywhere but in a target.
void check_canaries(World& world, Witness& witness);

/// What a time of rest costs.
struct Rest {
  explicit Rest(const World& world, const Witness& witness);
  /// Compares with now, `minutes` later: nothing was written, read or restarted, and nobody was
  /// asked more often than polls, watches and sweeps need.
  void check(World& world, Witness& witness, double minutes) const;
  /// Compares with now: nothing was written, read or restarted.
  void check_effects(World& world, Witness& witness) const;

 private:
  std::uint64_t effects_;
  std::size_t value_reads_;
  std::uint64_t sent_;
};
std::size_t value_reads(const World& world);

}  // namespace edsm::sim
