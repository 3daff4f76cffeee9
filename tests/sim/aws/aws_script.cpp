#include "sim/aws/aws_script.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace edsm::sim::aws {
namespace {

namespace json = boost::json;

/// No wait of the service is longer.
constexpr base::Duration longest_poll = std::chrono::seconds(21);

json::object result(json::value value) {
  return {{"result", std::move(value)}};
}

}  // namespace

Script::Script(base::WallTime start) : timeline_(start), aws_(timeline_) {
  aws_.keys().add("test", "test");
}

json::object Script::step(const json::object& step) {
  const auto* const input = step.if_contains("request");
  if (input != nullptr) return script_request(aws_, timeline_, input->as_object(), longest_poll);
  return act(text_at(step, "do"), step);
}

json::object Script::act(std::string_view what, const json::object& step) {
  Secrets& secrets = aws_.secrets();
  const std::string_view name = text_at(step, "name");
  const std::string_view version = text_at(step, "version");
  const auto encoded = base::base64_decode(text_at(step, "base64"));
  const bool binary = step.contains("base64");
  const auto form = binary ? Secrets::Form::binary : Secrets::Form::text;
  std::string value(binary ? encoded.value().view() : text_at(step, "text"));

  if (what == "put") return result(secrets.put(name, std::move(value), form).c_str());
  if (what == "update") return result(secrets.update(name, std::move(value), form).c_str());
  if (what == "recreate") return result(secrets.recreate(name, std::move(value), form).c_str());
  if (what == "stage") return result(secrets.stage(name, std::move(value)).c_str());
  if (what == "rotate") return result(secrets.rotate(name, std::move(value)).c_str());
  if (what == "rollback") return result(secrets.rollback(name).c_str());
  if (what == "move_current") return result(secrets.move_current(name, version));
  if (what == "label") return result(secrets.label(name, version, text_at(step, "label")));
  if (what == "remove") return result(secrets.remove(name));
  if (what == "restore") return result(secrets.restore(name));
  if (what == "purge") return result(secrets.purge(name));
  if (what == "set") return set(step);
  if (what == "wait") {
    timeline_.advance(script_seconds(step.at("seconds")));
    return result(true);
  }
  if (what == "expire") {
    aws_.keys().expire_all();
    return result(true);
  }
  if (what == "issue") {
    const Key& key = aws_.keys().issue();
    return {{"access_key", key.id}, {"secret_key", key.secret}, {"token", key.token}};
  }
  return {{"error", fmt::format("no such step: {}", what)}};
}

json::object Script::set(const json::object& step) {
  for (const auto& [key, value] : step) {
    if (key == "do") continue;
    if (key == "visibility") {
      aws_.queue().visibility = std::chrono::seconds(value.to_number<int>());
    } else if (key == "max_receives") {
      aws_.queue().max_receives = value.to_number<unsigned>();
    } else if (key == "list_lag") {
      aws_.faults.list_lag = script_seconds(value);
    } else if (key == "lifetime") {
      aws_.keys().set_lifetime(script_seconds(value));
    } else if (key == "trail") {
      aws_.events.trail = value.as_bool();
    } else {
      return {{"error", "no such setting"}};
    }
  }
  return result(true);
}

}  // namespace edsm::sim::aws
