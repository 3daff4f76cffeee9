#include "cloud/azure/client.hpp"

#include <fmt/format.h>

namespace edsm::cloud::azure {
namespace {

using base::Failure;

constexpr std::string_view unreachable = "Unreachable";
/// The first refusal may tell which token is wanted, the second that it is an old one.
constexpr int max_renewals = 2;

bool succeeded(const base::Result<net::Response>& answer) {
  return answer && answer->status >= 200 && answer->status < 300;
}

}  // namespace

std::string_view to_string(Service service) {
  return service == Service::keyvault ? "keyvault" : "servicebus";
}

std::string Client::what(const Call& call) const {
  return fmt::format("{} {}", to_string(service_), call.operation);
}

net::Request Client::build(const Call& call, const Pass& pass) const {
  net::Request request(call.method, endpoint_.origin + call.path);
  request.headers = call.headers;
  request.body = call.body.clone();
  request.timeout = call.timeout;
  request.max_body = call.max_body;
  if (!pass.header.empty()) request.headers.add("Authorization", pass.header.view());
  return request;
}

void Client::record(const Call& call, const base::Result<net::Response>& answer,
                    base::Instant start) {
  std::string code = answer ? fmt::format("{}", answer->status) : answer.error().code;
  if (answer && !succeeded(answer)) code = endpoint_.error_of(*answer, "").code;
  wiring_.metrics.api_call(to_string(service_), call.operation, code, wiring_.clock.now() - start);
  if (!answer || succeeded(answer)) return;
  wiring_.log.debug("Azure call failed", {{"service", to_string(service_)},
                                          {"operation", call.operation},
                                          {"status", answer->status},
                                          {"code", code}});
}

base::Error Client::error_from(const Call& call, base::Result<net::Response>& answer) const {
  if (answer) return endpoint_.error_of(*answer, what(call));
  base::Error error = std::move(answer.error());
  error.text.insert(0, what(call) + ": ");
  return error;
}

base::Task<base::Result<Pass>> Client::pass() {
  if (endpoint_.authoriser == nullptr) co_return Pass();
  auto pass = co_await endpoint_.authoriser->pass();
  co_return pass;
}

/// One attempt.
base::Task<base::Result<net::Response>> Client::exchange(const Call& call, const Pass& pass) {
  const base::Instant start = wiring_.clock.now();
  if (call.fails_fast && !outage_.may_call(start)) {
    co_return base::fail(Failure::transient, std::string(unreachable),
                         "not sent, because the last calls were not answered");
  }
  net::Request request = build(call, pass);
  auto answer = co_await http_.send(std::move(request));
  record(call, answer, start);
  if (answer) {
    outage_.answered();
  } else if (call.fails_fast) {
    outage_.unanswered(wiring_.clock.now());
  }
  co_return answer;
}

base::Task<base::Result<net::Response>> Client::send(Call call) {
  RetryPolicy policy(quota_, call.max_attempts);
  int renewals = 0;
  for (;;) {
    const auto used = co_await pass();
    if (!used) co_return std::unexpected(used.error());
    auto answer = co_await exchange(call, *used);
    if (succeeded(answer)) {
      policy.succeeded();
      co_return answer;
    }

    base::Error error = error_from(call, answer);
    const bool unauthorised = answer && answer->status == 401 && endpoint_.authoriser != nullptr;
    if (unauthorised && renewals < max_renewals) {
      const auto other = endpoint_.authoriser->refused(*used, *answer);
      if (!other) co_return base::fail(other.error(), what(call));
      if (*other) {
        ++renewals;
        continue;
      }
    }
    if (unauthorised) error.text += "; check the controller's Azure credentials";
    std::optional<base::Duration> wait;
    if (error.code != unreachable) wait = policy.next(error, wiring_.clock.random());
    if (!wait) co_return std::unexpected(std::move(error));
    co_await wiring_.clock.sleep_for(*wait);
  }
}

base::Task<base::Result<base::JsonDocument>> Client::call(Call call) {
  const std::string name = what(call);
  auto answer = co_await send(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  auto document = base::JsonDocument::parse(answer->body.view());
  if (!document || !document->root().is_object()) {
    co_return base::fail(
        Failure::transient, "MalformedAnswer",
        name + " was answered with something that is no JSON object; is a proxy in between?");
  }
  co_return document;
}

}  // namespace edsm::cloud::azure
