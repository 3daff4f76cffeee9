#include "sim/azure/azure_script.hpp"

#include <string>

#include <fmt/format.h>

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;

/// No wait of the service is longer.
constexpr base::Duration longest_poll = std::chrono::seconds(70);

json::object done() {
  return {{"result", true}};
}

}  // namespace

Script::Script(base::WallTime start)
    : timeline_(start), azure_(timeline_, {"script-kv", "script-bus", "edsm-events"}) {
  azure_.tokens().set_required(false);
}

json::object Script::step(const json::object& step) {
  const auto* const input = step.if_contains("request");
  if (input != nullptr) return script_request(azure_, timeline_, input->as_object(), longest_poll);
  const auto what = text_at(step, "do");
  if (what == "set") return set(step);
  if (what == "queue") return make_queue(step);
  if (what == "wait") {
    timeline_.advance(script_seconds(step.at("seconds")));
  } else if (what == "expire") {
    azure_.tokens().expire_all();
  } else if (what == "warn") {
    azure_.vault().warn(text_at(step, "name"));
  } else {
    return {{"error", fmt::format("no such step: {}", what)}};
  }
  return done();
}

json::object Script::make_queue(const json::object& step) {
  auto& queue = azure_.bus().make_queue(std::string(text_at(step, "path")));
  if (const auto* const lock = step.if_contains("lock")) queue.lock_time = script_seconds(*lock);
  if (const auto* const count = step.if_contains("deliveries"))
    queue.max_deliveries = count->to_number<unsigned>();
  if (const auto* const status = step.if_contains("lost"))
    queue.lost_status = status->to_number<int>();
  return done();
}

json::object Script::set(const json::object& step) {
  for (const auto& [key, value] : step) {
    if (key == "do") continue;
    if (key == "tokens") {
      azure_.tokens().set_required(value.as_bool());
    } else if (key == "settling") {
      azure_.vault().settling = script_seconds(value);
    } else if (key == "cloud_events") {
      azure_.events.cloud_events = value.as_bool();
    } else if (key == "arrays") {
      azure_.events.arrays = value.as_bool();
    } else if (key == "audit") {
      azure_.events.audit = value.as_bool();
    } else {
      return {{"error", "no such setting"}};
    }
  }
  return done();
}

}  // namespace edsm::sim::azure
