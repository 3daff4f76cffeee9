#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/aws/aws.hpp"

namespace edsm::sim::aws {

/// Time that passes only while somebody waits, from a given time of day on.
class ScriptTimeline final : public Timeline {
 public:
  explicit ScriptTimeline(base::WallTime start) : start_(start) {}
  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return start_ + now_.time_since_epoch(); }
  void after(base::Duration delay, std::function<void()> act) override;
  std::uint64_t random() override;

  void advance(base::Duration time);

 private:
  base::WallTime start_;
  base::Instant now_{};
  std::multimap<base::Instant, std::function<void()>> due_;
  std::uint64_t state_ = 1;
};

/// The simulated AWS, driven by JSON, so that it can be held against another AWS and against AWS's
/// own client. One step is one object, and so is what comes of it:
///
///   {"request": {"method", "url", "headers": {…}, "body"}}  -> {"status", "headers": {…}, "body"}
///       A long poll passes the time that it takes.
///   {"do": "put", "name", "text" or "base64"}                -> {"result": version id or
///   true/false}
///       and so update, stage, rotate, rollback, move_current (with "version"), label (with
///       "version" and "label"), remove, restore, purge, recreate
///   {"do": "wait", "seconds"}, {"do": "issue"}: a role's key, {"do": "expire"}: all of them,
///   {"do": "set", one or more of "visibility", "max_receives", "list_lag", "lifetime", "trail"}
///
/// Whatever is wrong with a step comes back as {"error"}.
class Script {
 public:
  explicit Script(base::WallTime start);
  boost::json::object step(const boost::json::object& step);

 private:
  boost::json::object request(const boost::json::object& input);
  boost::json::object act(std::string_view what, const boost::json::object& step);
  boost::json::object set(const boost::json::object& step);

  ScriptTimeline timeline_;
  Aws aws_;
};

}  // namespace edsm::sim::aws
