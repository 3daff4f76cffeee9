// cluster-script FILE: runs a script of requests against a simulated cluster and prints what it
// answered, as a JSON list with one element for each step.
// tests/integration/test_simulated_cluster.py runs the same scripts against a real API server and
// describes their form.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sim/cluster/bench.hpp"

namespace edsm::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Bench;

/// How long a read waits for the events that it wants, in virtual time.
constexpr base::Duration kPatience = seconds(90);
constexpr base::Duration kStep = milliseconds(100);

class Script {
 public:
  Script() { variables_["ns"] = "shop"; }

  Value run(const Object& step) {
    if (step.contains("method")) return send(step);
    if (step.contains("watch")) return watch(step);
    if (step.contains("read")) return read(step);
    if (const Value* const time = step.if_contains("sleep")) {
      bench_.timeline.advance(milliseconds(static_cast<int>(time->to_number<double>() * 1000)));
    } else if (step.contains("forget")) {
      bench_.cluster.close_watches();
      bench_.cluster.compact();
    }
    return {};
  }

 private:
  std::string fill_in(std::string text) const {
    for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at)) {
      const auto end = text.find('}', at);
      const auto known = variables_.find(text.substr(at + 2, end - at - 2));
      if (known == variables_.end()) {
        std::cerr << "unknown variable in: " << text << "\n";
        std::exit(1);
      }
      text.replace(at, end + 1 - at, known->second);
      at += known->second.size();
    }
    return text;
  }

  static net::Method method_of(std::string_view name) {
    if (name == "POST") return net::Method::post;
    if (name == "PUT") return net::Method::put;
    if (name == "PATCH") return net::Method::patch;
    if (name == "DELETE") return net::Method::del;
    return net::Method::get;
  }

  net::Request request_of(const Object& step) const {
    std::string body;
    if (const Value* const given = step.if_contains("body")) {
      body = fill_in(given->is_string() ? std::string(given->get_string())
                                        : boost::json::serialize(*given));
    }
    if (const Object* const large = map_of(step, "fill")) {
      body = fill_in(boost::json::serialize(step.at("body")));
      const auto at = body.find("FILL");
      body.replace(at, 4,
                   std::string(static_cast<std::size_t>(number_of(*large, "count")),
                               text_of(*large, "with").front()));
    }
    auto request = bench_.request(method_of(text_of(step, "method")),
                                  fill_in(std::string(text_of(step, "path"))), body);
    if (const Object* const headers = map_of(step, "headers")) {
      for (const auto& [name, value] : *headers) {
        request.headers.set(name, std::string(value.as_string()));
      }
    }
    if (const Value* const token = step.if_contains("token")) {
      const bool none = token->is_null();
      request.headers.set("Authorization", none ? "" : "Bearer " + std::string(token->as_string()));
    }
    return request;
  }

  Value send(const Object& step) {
    const auto until = number_of(step, "until");
    std::shared_ptr<RecordedExchange> exchange;
    for (base::Duration waited{}; waited < kPatience; waited += kStep) {
      const bool again = exchange == nullptr || exchange->answered;
      if (again) {
        exchange = std::make_shared<RecordedExchange>();
        bench_.cluster.take(request_of(step), exchange);
      }
      if (exchange->answered && (until == 0 || exchange->reply().status == until)) break;
      bench_.timeline.advance(kStep);
      if (exchange->answered && until == 0) break;
    }
    Object answer = head(exchange->reply());
    Value body = body_of(exchange->reply());
    if (const Object* const captures = map_of(step, "capture")) {
      for (const auto& [name, path] : *captures) {
        const auto value = base::string_at(body, std::string_view(path.as_string()));
        variables_[std::string(name)] = value;
      }
    }
    answer["body"] = std::move(body);
    return answer;
  }

  static Value body_of(const Reply& reply) {
    boost::json::error_code error;
    Value body = boost::json::parse(reply.body, error);
    return error ? Value(reply.body) : body;
  }

  static Object head(const Reply& reply) {
    Object answer;
    answer["status"] = reply.status;
    Object headers;
    for (const std::string_view name : {"Content-Type", "Retry-After"}) {
      if (const auto value = reply.headers.find(name)) headers[name] = *value;
    }
    answer["headers"] = std::move(headers);
    return answer;
  }

  Value watch(const Object& step) {
    auto exchange = std::make_shared<RecordedExchange>();
    bench_.cluster.take(request_of(step), exchange);
    Object answer = head(exchange->reply());
    if (exchange->answered) answer["body"] = body_of(exchange->reply());
    watches_[std::string(text_of(step, "watch"))] = std::move(exchange);
    return answer;
  }

  /// Until there are as many events as are asked for, or the watch ends.
  Value read(const Object& step) {
    RecordedExchange& watch = *watches_.at(std::string(text_of(step, "read")));
    const auto wanted = static_cast<std::size_t>(number_of(step, "events"));
    const bool to_the_end = step.contains("end");
    boost::json::array events;
    for (base::Duration waited{};; waited += kStep) {
      for (Value& event : Bench::events(watch)) events.push_back(std::move(event));
      const bool enough = to_the_end ? watch.ended : events.size() >= wanted || watch.ended;
      if (enough || waited > kPatience) break;
      bench_.timeline.advance(kStep);
    }
    Object answer;
    answer["events"] = std::move(events);
    answer["ended"] = watch.ended;
    return answer;
  }

  Bench bench_;
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::shared_ptr<RecordedExchange>> watches_;
};

int run(const char* path) {
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Value script = boost::json::parse(text);
  Script player;
  boost::json::array answers;
  for (const Value& step : script.as_object().at("steps").as_array()) {
    answers.push_back(player.run(step.as_object()));
  }
  std::cout << boost::json::serialize(answers) << "\n";
  return 0;
}

}  // namespace
}  // namespace edsm::sim

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cluster-script FILE\n";
    return 2;
  }
  try {
    return edsm::sim::run(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << argv[1] << ": " << error.what() << "\n";
    return 1;
  }
}
