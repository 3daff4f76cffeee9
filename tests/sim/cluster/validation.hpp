#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/refusal.hpp"

namespace edsm::sim {

/// What decoding and defaulting make of an object: unknown members and empty maps go, defaults
/// come. Refuses what has the wrong form (400).
Outcome<void> decode(const Kind& kind, Object& object);

/// What is wrong with an object that `before` (null: nothing) is to become.
std::vector<Cause> validate(const Kind& kind, const Object& object, const Object* before);

// For the checks of single kinds.
Cause required(std::string field);
Cause invalid_value(std::string field, const Value& value, std::string_view why);
Cause invalid_text(std::string field, std::string_view text, std::string_view why);
void check_metadata(const Object& object, const Object* before, std::vector<Cause>& causes);
void check_event(const Object& event, const Object* before, std::vector<Cause>& causes);

}  // namespace edsm::sim
