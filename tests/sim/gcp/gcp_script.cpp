#include "sim/gcp/gcp_script.hpp"

#include <fmt/format.h>

namespace edsm::sim::gcp {
namespace {

namespace json = boost::json;

/// No wait of the service is longer.
constexpr base::Duration longest_poll = std::chrono::seconds(100);

json::object done() {
  return {{"result", true}};
}

}  // namespace

Script::Script(base::WallTime start)
    : timeline_(start), gcp_(timeline_, {"edsm-bed", "123456789012", "secrets", "edsm-events"}) {
  gcp_.tokens().set_required(false);
}

json::object Script::step(const json::object& step) {
  const auto* const input = step.if_contains("request");
  if (input != nullptr) return script_request(gcp_, timeline_, input->as_object(), longest_poll);
  const auto what = text_at(step, "do");
  if (what == "set") return set(step);
  if (what == "wait") {
    timeline_.advance(script_seconds(step.at("seconds")));
    return done();
  }
  if (what == "expire") {
    gcp_.tokens().expire_all();
    return done();
  }
  return {{"error", fmt::format("no such step: {}", what)}};
}

json::object Script::set(const json::object& step) {
  for (const auto& [key, value] : step) {
    if (key == "do") continue;
    if (key == "tokens") {
      gcp_.tokens().set_required(value.as_bool());
    } else if (key == "hold") {
      gcp_.pubsub().hold = script_seconds(value);
    } else if (key == "audit") {
      gcp_.events.audit_topic = value.as_bool() ? gcp_.topic() : "";
    } else {
      return {{"error", "no such setting"}};
    }
  }
  return done();
}

}  // namespace edsm::sim::gcp
