#pragma once

#include <string_view>

#include <boost/json/object.hpp>

#include "sim/aws/aws.hpp"
#include "sim/common/script.hpp"

namespace edsm::sim::aws {

/// The simulated AWS, driven by JSON (common/script.hpp). The steps:
///
///   {"request": {"method", "url", "headers": {…}, "body"}}  -> {"status", "headers": {…}, "body"}
///       A long poll passes the time that it takes.
///   {"do": "put", "name", "text" or "base64"}                -> {"result": version id or
///   true/false}
///       and so update, stage, rotate, rollback, move_current (with "version"), label (with
///       "version" and "label"), remove, restore, purge, recreate
///   {"do": "wait", "seconds"}, {"do": "issue"}: a role's key, {"do": "expire"}: all of them,
///   {"do": "set", one or more of "visibility", "max_receives", "list_lag", "lifetime", "trail"}
class Script {
 public:
  explicit Script(base::WallTime start);
  boost::json::object step(const boost::json::object& step);

 private:
  boost::json::object act(std::string_view what, const boost::json::object& step);
  boost::json::object set(const boost::json::object& step);

  ScriptTimeline timeline_;
  Aws aws_;
};

}  // namespace edsm::sim::aws
