#include "sim/aws/aws_script.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/time.hpp"

namespace edsm::sim::aws {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

/// No wait of the service is longer.
constexpr base::Duration longest_poll = std::chrono::seconds(21);

class Answered final : public Exchange {
 public:
  void answer(Reply reply) override {
    reply_ = std::move(reply);
    answered_ = true;
  }
  // Streams are no part of these services.
  void begin(int, net::Headers) override {}
  void data(std::string) override {}
  void end() override {}
  bool gone() const override { return false; }

  bool answered() const { return answered_; }
  const Reply& reply() const { return reply_; }

 private:
  bool answered_ = false;
  Reply reply_;
};

base::Duration seconds_of(const json::value& value) {
  return milliseconds(static_cast<std::int64_t>(value.to_number<double>() * 1000.0));
}

json::object result(json::value value) {
  return {{"result", std::move(value)}};
}

}  // namespace

void ScriptTimeline::after(base::Duration delay, std::function<void()> act) {
  due_.emplace(now_ + delay, std::move(act));
}

std::uint64_t ScriptTimeline::random() {
  // splitmix64
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

void ScriptTimeline::advance(base::Duration time) {
  const base::Instant until = now_ + time;
  while (!due_.empty() && due_.begin()->first <= until) {
    auto next = due_.extract(due_.begin());
    now_ = std::max(now_, next.key());
    next.mapped()();
  }
  now_ = until;
}

Script::Script(base::WallTime start) : timeline_(start), aws_(timeline_) {
  aws_.keys().add("test", "test");
}

json::object Script::step(const json::object& step) {
  try {
    if (const auto* const input = step.if_contains("request")) return request(input->as_object());
    return act(text_at(step, "do"), step);
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

json::object Script::request(const json::object& input) {
  const bool get = text_at(input, "method") == "GET";
  net::Request request(get ? net::Method::get : net::Method::post,
                       std::string(text_at(input, "url")));
  for (const auto& [name, value] : input.at("headers").as_object())
    request.headers.add({name.data(), name.size()}, value.as_string().c_str());
  request.body.append(text_at(input, "body"));
  const auto exchange = std::make_shared<Answered>();
  aws_.take(request, exchange);
  const base::Instant until = timeline_.now() + longest_poll;
  while (!exchange->answered() && timeline_.now() < until) timeline_.advance(milliseconds(10));

  const Reply& reply = exchange->reply();
  json::object headers;
  for (const auto& [name, value] : reply.headers) headers.emplace(name, value);
  return {{"status", reply.status}, {"headers", std::move(headers)}, {"body", reply.body}};
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
    timeline_.advance(seconds_of(step.at("seconds")));
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
      aws_.faults.list_lag = seconds_of(value);
    } else if (key == "lifetime") {
      aws_.keys().set_lifetime(seconds_of(value));
    } else if (key == "trail") {
      aws_.events.trail = value.as_bool();
    } else {
      return {{"error", "no such setting"}};
    }
  }
  return result(true);
}

}  // namespace edsm::sim::aws
