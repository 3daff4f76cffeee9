#pragma once

#include <boost/json/object.hpp>

#include "sim/common/script.hpp"
#include "sim/gcp/gcp.hpp"

namespace edsm::sim::gcp {

/// The simulated Google Cloud, driven by JSON (common/script.hpp). All that people do are calls of
/// the API, so the steps are few:
///
///   {"request": {"method", "url", "headers": {…}, "body"}}  -> {"status", "headers": {…}, "body"}
///       A long poll passes the time that it takes.
///   {"do": "wait", "seconds"}, {"do": "expire"}: all tokens
///   {"do": "set", one or more of "tokens" (whether they are required), "hold" (seconds),
///    "audit" (whether a log sink brings entries to the topic)}
class Script {
 public:
  explicit Script(base::WallTime start);
  boost::json::object step(const boost::json::object& step);

 private:
  boost::json::object set(const boost::json::object& step);

  ScriptTimeline timeline_;
  Gcp gcp_;
};

}  // namespace edsm::sim::gcp
