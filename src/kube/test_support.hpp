#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "kube/api.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_http.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

/// For this room's tests only.
namespace edsm::kube::test {

/// Numbered tokens: a new one after each rejection.
class CountingAuthority final : public Authority {
 public:
  base::Task<base::Result<>> authorise(net::Request& request) override {
    if (failure) co_return std::unexpected(*failure);
    request.headers.set("Authorization", "Bearer " + std::to_string(token));
    co_return base::Result<>();
  }
  void rejected(base::Instant when) override {
    ++token;
    rejected_at = when;
  }

  int token = 1;
  std::optional<base::Instant> rejected_at;
  std::optional<base::Error> failure;
};

class Lines final : public telemetry::Sink {
 public:
  void write(std::string_view line) override { all.emplace_back(line); }
  int count(std::string_view part) const {
    int found = 0;
    for (const std::string& line : all) found += line.contains(part) ? 1 : 0;
    return found;
  }
  std::vector<std::string> all;
};

/// An answer that owns its body.
inline support::ScriptedHttp::Answer answer(int status, std::string body = {},
                                            net::Headers headers = {}) {
  return [status, body = std::move(body), headers = std::move(headers)](
             const support::ScriptedHttp::Seen&) -> base::Result<net::Response> {
    net::Response response;
    response.status = status;
    response.headers = headers;
    response.body.append(body);
    return response;
  };
}

/// Thrown by a scripted answer to end a coroutine that would run for ever.
struct Stop {};

/// An Api on scripted HTTP.
struct Bench {
  explicit Bench(bool automatic_clock = true) : clock(automatic_clock) {}

  template <class T>
  T run(base::Task<T> task) {
    std::optional<T> result;
    support::run(context, store(std::move(task), result));
    return std::move(*result);
  }
  void run(base::Task<void> task) { support::run(context, std::move(task)); }
  /// The coroutine must end by Stop.
  bool stops(base::Task<void> task) {
    try {
      support::run(context, std::move(task));
    } catch (const Stop&) {
      return true;
    }
    return false;
  }
  static base::Result<net::Response> stop(const support::ScriptedHttp::Seen&) { throw Stop(); }

  /// co_spawn itself wants results that have a default.
  template <class T>
  static base::Task<void> store(base::Task<T> task, std::optional<T>& result) {
    T value = co_await std::move(task);
    result.emplace(std::move(value));
  }

  boost::asio::io_context context{1};
  support::ManualClock clock;
  support::ScriptedHttp http;
  support::ScriptedHttp watches;
  CountingAuthority authority;
  telemetry::Metrics metrics;
  Lines lines;
  telemetry::Log log{clock, lines, telemetry::Level::info, telemetry::Format::text};
  Api api{http, watches, authority, clock, metrics, "https://k:6443/base/", "edsm"};
};

inline std::string status_json(int code, std::string_view reason, std::string_view message = "m",
                               std::string_view details = "{}") {
  std::string text = R"({"kind":"Status","status":"Failure","code":)" + std::to_string(code);
  text.append(R"(,"reason":")").append(reason).append(R"(","message":")").append(message);
  return text.append(R"(","details":)").append(details).append("}");
}

}  // namespace edsm::kube::test
