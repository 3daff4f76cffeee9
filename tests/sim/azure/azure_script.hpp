#pragma once

#include <boost/json/object.hpp>

#include "sim/azure/azure.hpp"
#include "sim/common/script.hpp"

namespace edsm::sim::azure {

/// The simulated Azure, driven by JSON (common/script.hpp). All that people do are calls of the
/// API, so the steps are few:
///
///   {"request": {"method", "url", "headers": {…}, "body"}}  -> {"status", "headers": {…}, "body"}
///       A long poll passes the time that it takes.
///   {"do": "wait", "seconds"}, {"do": "expire"}: all tokens
///   {"do": "queue", "path", perhaps "lock" (seconds), "deliveries", "lost" (a status)}: a new one
///   {"do": "warn", "name"}: Event Grid tells that the secret will expire
///   {"do": "set", one or more of "tokens" (whether they are required), "settling" (seconds),
///    "cloud_events", "arrays", "audit"}
class Script {
 public:
  explicit Script(base::WallTime start);
  boost::json::object step(const boost::json::object& step);

 private:
  boost::json::object set(const boost::json::object& step);
  boost::json::object make_queue(const boost::json::object& step);

  ScriptTimeline timeline_;
  Azure azure_;
};

}  // namespace edsm::sim::azure
