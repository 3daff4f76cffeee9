#pragma once

#include <string_view>
#include <variant>

#include "cloud/provider.hpp"

namespace edsm::cloud::azure {

using Decoded = std::variant<Hint, Irrelevant, Malformed>;

/// Most events that one message may bring.
inline constexpr std::size_t max_events = 1000;

/// Reads a message of a queue: one event of Event Grid or an array of them, in either of its
/// schemas, or records of Azure Monitor that somebody has forwarded. What several of them say is
/// one hint about all of their secrets. No name in a message is ever called: it is compared only,
/// so an event of a foreign vault concerns nobody.
Decoded decode_event(std::string_view body);

}  // namespace edsm::cloud::azure
