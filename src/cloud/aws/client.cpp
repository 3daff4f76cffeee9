#include "cloud/aws/client.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "cloud/aws/errors.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

struct JsonProtocol {
  std::string_view content_type;
  std::string_view target_prefix;
};

JsonProtocol protocol_of(Service service) {
  if (service == Service::sqs) return {"application/x-amz-json-1.0", "AmazonSQS."};
  if (service == Service::events) return {"application/x-amz-json-1.1", "AWSEvents."};
  if (service == Service::cloudtrail) {
    return {"application/x-amz-json-1.1",
            "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."};
  }
  return {"application/x-amz-json-1.1", "secretsmanager."};
}

bool succeeded(const base::Result<net::Response>& answer) {
  return answer && answer->status >= 200 && answer->status < 300;
}

}  // namespace

Client::Client(Service service, std::string region, std::string url, net::Http& http,
               CredentialCache* credentials, Wiring wiring)
    : service_(service),
      region_(std::move(region)),
      url_text_(url.ends_with('/') ? std::move(url) : std::move(url) + "/"),
      url_(net::Url::parse(url_text_).value_or(net::Url{})),
      http_(http),
      credentials_(credentials),
      wiring_(wiring),
      signer_({region_, std::string(to_string(service))}) {}

std::string Client::what(const Call& call) const {
  return fmt::format("{} {} in {}", to_string(service_), call.operation, region_);
}

net::Request Client::build(const Call& call, const Credentials* credentials) {
  net::Request request(net::Method::post, url_text_);
  request.body = call.body.clone();
  request.timeout = call.timeout;
  request.max_body = call.max_body;
  if (!call.content_type.empty()) request.headers.add("Content-Type", call.content_type);
  if (!call.target.empty()) request.headers.add("X-Amz-Target", call.target);
  if (credentials == nullptr) return request;
  const base::WallTime now = wiring_.clock.wall() + skew_.offset();
  const SignedRequest to_sign{request.method, url_, request.headers, request.body.view()};
  for (const auto& [name, value] : signer_.sign(to_sign, *credentials, now))
    request.headers.add(name, value);
  return request;
}

void Client::record(const Call& call, const base::Result<net::Response>& answer,
                    base::Instant start) {
  std::string code;
  if (!answer) {
    code = answer.error().code;
  } else if (!succeeded(answer)) {
    code = error_code(*answer);
  }
  if (code.empty()) code = fmt::format("{}", answer ? answer->status : 0);
  wiring_.metrics.api_call(to_string(service_), call.operation, code, wiring_.clock.now() - start);
  if (!answer || succeeded(answer) || !wiring_.log.enabled(telemetry::Level::debug)) return;
  wiring_.log.debug("AWS call failed",
                    {{"service", to_string(service_)},
                     {"operation", call.operation},
                     {"status", answer->status},
                     {"code", code},
                     {"request_id", answer->headers.find("x-amzn-RequestId").value_or("")}});
}

base::Error Client::error_from(const Call& call, base::Result<net::Response>& answer) const {
  if (answer) return error_of(*answer, what(call));
  base::Error error = std::move(answer.error());
  error.text.insert(0, what(call) + ": ");
  return error;
}

base::Task<base::Result<net::Response>> Client::send(Call call) {
  RetryPolicy policy(quota_, wiring_.retry.max_attempts);
  bool renewed = false;
  bool clock_corrected = false;
  for (;;) {
    CredentialCache::Shared credentials;
    if (credentials_ != nullptr) {
      auto got = co_await credentials_->get();
      if (!got) co_return std::unexpected(std::move(got.error()));
      credentials = std::move(*got);
    }
    net::Request request = build(call, credentials.get());
    const base::Instant start = wiring_.clock.now();
    auto answer = co_await http_.send(std::move(request));
    record(call, answer, start);
    if (succeeded(answer)) {
      policy.succeeded();
      co_return answer;
    }

    base::Error error = error_from(call, answer);
    if (answer && credentials && !clock_corrected && may_be_clock_skew(error.code)) {
      const auto date = base::parse_http_date(answer->headers.find("Date").value_or(""));
      clock_corrected = date && skew_.learn(*date, wiring_.clock.wall());
      if (clock_corrected) {
        wiring_.log.warn("clock differs from AWS's; signing with AWS's time",
                         {{"service", to_string(service_)},
                          {"seconds", skew_.offset() / std::chrono::seconds(1)}});
        continue;
      }
    }
    if (answer && credentials && !renewed && wants_new_credentials(error.code)) {
      renewed = credentials_->reject(credentials);
      if (renewed) continue;
    }
    if (error.failure == Failure::credentials && answer && credentials) {
      error.text += "; check the controller's AWS credentials, and the node's clock";
    }
    const auto wait = policy.next(error, wiring_.clock.random());
    if (!wait) co_return std::unexpected(std::move(error));
    co_await wiring_.clock.sleep_for(*wait);
  }
}

base::Task<base::Result<base::JsonDocument>> Client::call(std::string operation,
                                                          base::SecretBytes body) {
  const Call defaults;
  return call(std::move(operation), std::move(body), defaults.timeout, defaults.max_body);
}

base::Task<base::Result<base::JsonDocument>> Client::call(std::string operation,
                                                          base::SecretBytes body,
                                                          base::Duration timeout,
                                                          std::size_t max_body) {
  const JsonProtocol protocol = protocol_of(service_);
  Call request;
  request.operation = operation;
  request.content_type = protocol.content_type;
  request.target = std::string(protocol.target_prefix) + operation;
  request.body = std::move(body);
  request.timeout = timeout;
  request.max_body = max_body;
  const std::string context = what(request);
  auto answer = co_await send(std::move(request));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  const bool empty = trim(answer->body.view()).empty();
  auto document = base::JsonDocument::parse(empty ? std::string_view("{}") : answer->body.view());
  if (!document || !document->root().is_object()) {
    co_return base::fail(
        Failure::transient, "MalformedAnswer",
        context + " was answered with something that is no JSON object; is a proxy in between?");
  }
  co_return document;
}

}  // namespace edsm::cloud::aws
