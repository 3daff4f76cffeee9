#pragma once

#include "sim/witness.hpp"
#include "sim/world.hpp"

namespace edsm::sim {

/// The world is at rest: is it as it should be? Objections go to the witness.
void check_converged(World& world, Witness& witness);
/// No secret value is anywhere but in a target.
void check_canaries(World& world, Witness& witness);

/// What a time of rest costs.
struct Rest {
  explicit Rest(const World& world, const Witness& witness);
  /// Compares with now, `minutes` later: nothing was written, read or restarted, and nobody was
  /// asked more often than polls, watches and sweeps need.
  void check(World& world, Witness& witness, double minutes) const;

 private:
  std::uint64_t effects_;
  std::size_t value_reads_;
  std::uint64_t sent_;
};
std::size_t value_reads(const World& world);

}  // namespace edsm::sim
