#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace edsm::base {

// These write a year with four digits: one before 0000 or after 9999 as the nearest of them.

/// "2026-11-23T18:00:00.123456Z", the form of Kubernetes' MicroTime.
std::string rfc3339_micro(WallTime time);
/// "2026-11-23T18:00:00.123Z", for people: what is below a millisecond is cut off.
std::string rfc3339_milli(WallTime time);
/// "2026-11-23T18:00:00Z", the form of Kubernetes' Time.
std::string rfc3339(WallTime time);

/// Reads RFC 3339 with any number of fractional digits and any offset; nullopt if it is not that.
std::optional<WallTime> parse_rfc3339(std::string_view text);
/// Reads an HTTP `Date` header (IMF-fixdate); nullopt if it is not that.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace edsm::base
