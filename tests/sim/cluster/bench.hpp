#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

#include "base/json.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/test_timeline.hpp"

/// For this folder's tests and programs only.
namespace edsm::sim::test {

struct Answer {
  int status = 0;
  net::Headers headers;
  Value body;

  std::string_view text(std::string_view path) const { return base::string_at(body, path); }
  std::int64_t number(std::string_view path) const { return base::int_at(body, path).value_or(-1); }
  std::string_view version() const { return text("metadata.resourceVersion"); }
};

inline constexpr std::string_view kMerge = "application/merge-patch+json";
inline constexpr std::string_view kStrategic = "application/strategic-merge-patch+json";
inline constexpr std::string_view kJsonPatch = "application/json-patch+json";
inline constexpr std::string_view kAsObject =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
inline constexpr std::string_view kAsList =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// A cluster and a client of it.
struct Bench {
  Bench() { cluster.add_token("good", "edsm"); }

  net::Request request(net::Method method, std::string_view path, std::string_view body = {},
                       std::string_view type = "application/json") const {
    net::Request made(method, "https://k:6443" + std::string(path));
    made.headers.set("Authorization", "Bearer " + token);
    made.headers.set("Accept", accept);
    made.headers.set("User-Agent", "client/1 (test)");
    if (!body.empty()) made.headers.set("Content-Type", type);
    made.body.append(body);
    return made;
  }

  std::shared_ptr<RecordedExchange> open(net::Method method, std::string_view path,
                                         std::string_view body = {},
                                         std::string_view type = "application/json") {
    auto exchange = std::make_shared<RecordedExchange>();
    cluster.take(request(method, path, body, type), exchange);
    return exchange;
  }

  static Answer read(const RecordedExchange& exchange) {
    Answer answer;
    answer.status = exchange.reply().status;
    answer.headers = exchange.reply().headers;
    boost::json::error_code error;
    answer.body = boost::json::parse(exchange.reply().body, error);
    return answer;
  }

  Answer call(net::Method method, std::string_view path, std::string_view body = {},
              std::string_view type = "application/json") {
    return read(*open(method, path, body, type));
  }
  Answer get(std::string_view path) { return call(net::Method::get, path); }
  Answer post(std::string_view path, std::string_view body) {
    return call(net::Method::post, path, body);
  }
  Answer put(std::string_view path, std::string_view body) {
    return call(net::Method::put, path, body);
  }
  Answer patch(std::string_view path, std::string_view body, std::string_view type = kMerge) {
    return call(net::Method::patch, path, body, type);
  }
  Answer remove(std::string_view path, std::string_view body = {}) {
    return call(net::Method::del, path, body);
  }

  /// The lines of a watch since the last call.
  static std::vector<Value> events(RecordedExchange& watch) {
    std::vector<Value> events;
    const std::string data = watch.take_data();
    std::string_view text = data;
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      events.push_back(boost::json::parse(boost::json::string_view(line.data(), line.size())));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return events;
  }
  /// "ADDED a, BOOKMARK": types and names of the events since the last call.
  static std::string brief(RecordedExchange& watch) {
    std::string text;
    for (const Value& event : events(watch)) {
      text.append(text.empty() ? "" : ", ").append(base::string_at(event, "type"));
      const auto name = base::string_at(event, "object.metadata.name");
      if (!name.empty()) text.append(" ").append(name);
    }
    return text;
  }

  ManualTimeline timeline;
  Cluster cluster{timeline};
  std::string token = "good";
  std::string accept = "application/json";
};

}  // namespace edsm::sim::test
