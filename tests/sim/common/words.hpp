#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/timeline.hpp"

/// What the simulated clouds share on their way from and to the wire.
namespace edsm::sim {

/// A string member; empty if it is absent or something else.
std::string_view text_at(const boost::json::object& object, std::string_view name);

/// A random (version 4) UUID, drawn from the timeline.
std::string uuid(Timeline& timeline);
/// True `per_mille` times in a thousand.
bool chance(Timeline& timeline, unsigned per_mille);
/// "Mon, 23 Nov 2026 00:00:00 GMT"
std::string http_date(base::WallTime time);

}  // namespace edsm::sim
