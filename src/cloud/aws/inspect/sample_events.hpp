#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace edsm::cloud::aws {

/// The events that a queue of EDSM should get, and two that it should not.
enum class EventKind : std::uint8_t {
  label_updated,         ///< Secrets Manager's own: a version became current
  put_secret_value,      // CloudTrail's records of calls, from here on
  update_secret,         //
  update_version_stage,  //
  created,
  removed,
  restored,
  value_read,  ///< EDSM's own calls: they must not come back
  batch_read,
};

/// "Secret Label Updated", or the name of the call.
std::string_view to_string(EventKind kind);
/// Whether it comes by way of CloudTrail.
bool by_trail(EventKind kind);

/// Whose events they are.
struct EventPlace {
  std::string region;
  std::string account;
};

/// The whole event as EventBridge gets it, about one secret (a name or an ARN). Where the ARN is
/// not known, its random suffix is made up.
boost::json::object sample_event(EventKind kind, std::string_view secret, const EventPlace& place);

}  // namespace edsm::cloud::aws
