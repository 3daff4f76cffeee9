#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/service.hpp"
#include "sim/timeline.hpp"

/// A simulated cloud, driven by JSON, so that it can be held against another one and against the
/// cloud's own client.
namespace edsm::sim {

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

/// Has the service answer {"method", "url", "headers": {…}, "body"} by {"status", "headers": {…},
/// "body"}. A long poll passes the time that it takes, at most `longest`.
boost::json::object script_request(Service& service, ScriptTimeline& timeline,
                                   const boost::json::object& input, base::Duration longest);

/// "seconds" of a step, which may have a fraction.
base::Duration script_seconds(const boost::json::value& value);

/// One step is one object, and so is what comes of it.
using ScriptStep = std::function<boost::json::object(const boost::json::object& step)>;
/// The program: reads one step a line from its standard input, and answers each with a line. Its
/// argument is the time of day at which the script begins, in RFC 3339. Whatever is wrong with a
/// step comes back as {"error"}.
int run_script(int argc, char** argv, const std::function<ScriptStep(base::WallTime start)>& begin);

}  // namespace edsm::sim
