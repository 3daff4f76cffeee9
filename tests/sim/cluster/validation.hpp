#pragma once

#include <vector>

#include "sim/cluster/refusal.hpp"

namespace edsm::sim {

/// What decoding and defaulting make of an object: unknown members and empty maps go, defaults
/// come. Refuses what has the wrong form (400).
Outcome<void> decode(const Kind& kind, Object& object);

/// What is wrong with an object that `before` (null: nothing) is to become.
std::vector<Cause> validate(const Kind& kind, const Object& object, const Object* before);

}  // namespace edsm::sim
