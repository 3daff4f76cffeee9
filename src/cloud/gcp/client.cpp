#include "cloud/gcp/client.hpp"

#include <fmt/format.h>

#include "cloud/gcp/errors.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;

constexpr std::string_view unreachable = "Unreachable";

bool succeeded(const base::Result<net::Response>& answer) {
  return answer && answer->status >= 200 && answer->status < 300;
}

}  // namespace

std::string_view to_string(Service service) {
  switch (service) {
    case Service::pubsub:
      return "pubsub";
    case Service::secretmanager:
      return "secretmanager";
    case Service::logging:
      break;
  }
  return "logging";
}

std::string Client::what(const Call& call) const {
  return fmt::format("{} {}", to_string(service_), call.operation);
}

net::Request Client::build(const Call& call, const oauth::Token* token) const {
  net::Request request(call.method, endpoint_.origin + call.path);
  request.body = call.body.clone();
  request.timeout = call.timeout;
  request.max_body = call.max_body;
  if (call.method == net::Method::post) request.headers.add("Content-Type", "application/json");
  if (token != nullptr && !token->value.empty()) {
    request.headers.add("Authorization", fmt::format("Bearer {}", token->value.view()));
  }
  if (!endpoint_.quota_project.empty())
    request.headers.add("X-Goog-User-Project", endpoint_.quota_project);
  return request;
}

void Client::record(const Call& call, const base::Result<net::Response>& answer,
                    base::Instant start) {
  std::string code;
  if (!answer) {
    code = answer.error().code;
  } else if (!succeeded(answer)) {
    code = read_rpc_error(answer->body.view()).status;
  }
  if (code.empty()) code = fmt::format("{}", answer ? answer->status : 0);
  wiring_.metrics.api_call(to_string(service_), call.operation, code, wiring_.clock.now() - start);
  if (!answer || succeeded(answer)) return;
  wiring_.log.debug("Google call failed", {{"service", to_string(service_)},
                                           {"operation", call.operation},
                                           {"status", answer->status},
                                           {"code", code}});
}

base::Error Client::error_from(const Call& call, base::Result<net::Response>& answer) const {
  if (answer) return error_of(*answer, what(call));
  base::Error error = std::move(answer.error());
  error.text.insert(0, what(call) + ": ");
  return error;
}

/// One attempt.
base::Task<base::Result<net::Response>> Client::exchange(const Call& call,
                                                         const oauth::Token* token) {
  const base::Instant start = wiring_.clock.now();
  if (call.fails_fast && !outage_.may_call(start)) {
    co_return base::fail(Failure::transient, std::string(unreachable),
                         "not sent, because the last calls were not answered");
  }
  net::Request request = build(call, token);
  auto answer = co_await http_.send(std::move(request));
  record(call, answer, start);
  if (answer) {
    outage_.answered();
  } else if (call.fails_fast) {
    outage_.unanswered(wiring_.clock.now());
  }
  co_return answer;
}

base::Task<base::Result<net::Response>> Client::send(const Call& call, base::SecretBytes& refused) {
  RetryPolicy policy(quota_, call.max_attempts);
  bool renewed = false;
  for (;;) {
    oauth::TokenCache::Shared token;
    if (endpoint_.tokens != nullptr) {
      auto got = co_await endpoint_.tokens->get();
      if (!got) co_return std::unexpected(std::move(got.error()));
      token = std::move(*got);
    }
    auto answer = co_await exchange(call, token.get());
    if (succeeded(answer)) {
      policy.succeeded();
      co_return answer;
    }

    base::Error error = error_from(call, answer);
    const bool unauthorised = answer && token && error.failure == Failure::credentials;
    if (unauthorised && !renewed) {
      renewed = endpoint_.tokens->reject(token);
      if (renewed) continue;
    }
    if (unauthorised) error.text += "; check the controller's Google credentials";
    const bool hopeless = error.code == unreachable;
    std::optional<base::Duration> wait;
    if (!hopeless) wait = policy.next(error, wiring_.clock.random());
    if (!wait) {
      if (answer) refused = std::move(answer->body);
      co_return std::unexpected(std::move(error));
    }
    co_await wiring_.clock.sleep_for(*wait);
  }
}

base::Task<base::Result<base::JsonDocument>> Client::call(Call call) {
  base::SecretBytes ignored;
  auto document = co_await this->call(std::move(call), ignored);
  co_return document;
}

base::Task<base::Result<base::JsonDocument>> Client::call(Call call, base::SecretBytes& refused) {
  auto answer = co_await send(call, refused);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  const bool empty = trim(answer->body.view()).empty();
  auto document = base::JsonDocument::parse(empty ? std::string_view("{}") : answer->body.view());
  if (!document || !document->root().is_object()) {
    co_return base::fail(
        Failure::transient, "MalformedAnswer",
        what(call) + " was answered with something that is no JSON object; is a proxy in between?");
  }
  co_return document;
}

}  // namespace edsm::cloud::gcp
