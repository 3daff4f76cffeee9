#include "sim/common/script.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/time.hpp"
#include "sim/common/words.hpp"

namespace edsm::sim {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

class Answered final : public Exchange {
 public:
  void answer(Reply reply) override {
    reply_ = std::move(reply);
    answered_ = true;
  }
  // Streams are no part of the clouds' services.
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

net::Method method_of(std::string_view name) {
  using enum net::Method;
  for (const auto method : {get, put, patch, del}) {
    if (net::to_string(method) == name) return method;
  }
  return post;
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

json::object script_request(Service& service, ScriptTimeline& timeline, const json::object& input,
                            base::Duration longest) {
  net::Request request(method_of(text_at(input, "method")), std::string(text_at(input, "url")));
  for (const auto& [name, value] : input.at("headers").as_object())
    request.headers.add({name.data(), name.size()}, value.as_string().c_str());
  request.body.append(text_at(input, "body"));
  const auto exchange = std::make_shared<Answered>();
  service.take(request, exchange);
  const base::Instant until = timeline.now() + longest;
  while (!exchange->answered() && timeline.now() < until) timeline.advance(milliseconds(10));

  const Reply& reply = exchange->reply();
  json::object headers;
  for (const auto& [name, value] : reply.headers) headers.emplace(name, value);
  return {{"status", reply.status}, {"headers", std::move(headers)}, {"body", reply.body}};
}

base::Duration script_seconds(const json::value& value) {
  return milliseconds(static_cast<std::int64_t>(value.to_number<double>() * 1000.0));
}

int run_script(int argc, char** argv,
               const std::function<ScriptStep(base::WallTime start)>& begin) {
  const auto start = base::parse_rfc3339(argc == 2 ? argv[1] : "");
  if (!start) {
    std::cerr << "usage: " << argv[0] << " 2026-11-23T12:00:00Z < steps\n";
    return 2;
  }
  const ScriptStep play = begin(*start);
  std::string line;
  while (std::getline(std::cin, line)) {
    boost::system::error_code wrong;
    const auto step = json::parse(line, wrong);
    if (wrong || !step.is_object()) {
      std::cerr << "not a JSON object: " << line << '\n';
      return 2;
    }
    json::object result;
    try {
      result = play(step.as_object());
    } catch (const std::exception& error) {
      result = {{"error", error.what()}};
    }
    std::cout << json::serialize(result) << std::endl;
  }
  return 0;
}

}  // namespace edsm::sim
