#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "net/http.hpp"
#include "sim/timeline.hpp"

/// What the simulated clouds share on their way from and to the wire.
namespace edsm::sim {

/// A string member; empty if it is absent or something else.
std::string_view text_at(const boost::json::object& object, std::string_view name);

/// "a=1&b=%20": names and texts, decoded. A form's body is one, too.
boost::json::object parse_query(std::string_view text);
/// The bearer token of a request, whatever it is worth; empty if there is none.
std::string bearer_of(const net::Request& request);

/// A random (version 4) UUID, drawn from the timeline.
std::string uuid(Timeline& timeline);
/// True `per_mille` times in a thousand.
bool chance(Timeline& timeline, unsigned per_mille);
/// "Mon, 23 Nov 2026 00:00:00 GMT"
std::string http_date(base::WallTime time);

}  // namespace edsm::sim
