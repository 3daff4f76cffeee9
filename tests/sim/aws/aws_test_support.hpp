#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "sim/aws/aws.hpp"
#include "sim/test_timeline.hpp"

namespace edsm::sim::aws {

using boost::json::array;
using boost::json::object;
using boost::json::value;

/// The answer to one request, now or later.
class Pending {
 public:
  explicit Pending(std::shared_ptr<RecordedExchange> exchange) : exchange_(std::move(exchange)) {}
  bool answered() const { return exchange_->answered; }
  int status() const { return exchange_->reply().status; }
  std::string header(std::string_view name) const {
    return std::string(exchange_->reply().headers.find(name).value_or(""));
  }
  object body() const { return boost::json::parse(exchange_->reply().body).as_object(); }
  /// Without the namespace.
  std::string code() const {
    const std::string type(body().at("__type").as_string());
    return type.substr(type.rfind('#') + 1);
  }
  void leave() { exchange_->left = true; }

 private:
  std::shared_ptr<RecordedExchange> exchange_;
};

/// An AWS and a user of it whose key is good.
struct Bench {
  ManualTimeline timeline;
  Aws aws{timeline};
  std::string key = "AKIAUSER";
  std::string token;
  std::string region = "eu-west-1";
  base::Duration clock_error{0};

  Bench() { aws.keys().add("AKIAUSER", "secret"); }

  net::Request request(std::string_view target, const object& input) const {
    const bool sqs = target.starts_with("AmazonSQS");
    net::Request request(net::Method::post, "http://aws.sim/");
    request.headers.add("X-Amz-Target", target);
    std::string date = base::rfc3339(timeline.wall() + clock_error);
    std::erase_if(date, [](char c) { return c == '-' || c == ':'; });
    request.headers.add("X-Amz-Date", date);
    if (!token.empty()) request.headers.add("X-Amz-Security-Token", token);
    request.headers.add(
        "Authorization",
        fmt::format("AWS4-HMAC-SHA256 Credential={}/{}/{}/{}/aws4_request, "
                    "SignedHeaders=host;x-amz-date, Signature=00",
                    key, date.substr(0, 8), region, sqs ? "sqs" : "secretsmanager"));
    request.body.append(boost::json::serialize(input));
    return request;
  }
  Pending send(const net::Request& request) {
    auto exchange = std::make_shared<RecordedExchange>();
    aws.take(request, exchange);
    return Pending(std::move(exchange));
  }
  Pending call(std::string_view target, const object& input) {
    return send(request(target, input));
  }
  Pending secrets(std::string_view operation, const object& input) {
    return call(fmt::format("secretsmanager.{}", operation), input);
  }
  Pending queue(std::string_view operation, object input = {}) {
    if (!input.contains("QueueUrl")) input["QueueUrl"] = aws.queue_url();
    return call(fmt::format("AmazonSQS.{}", operation), input);
  }
  /// The messages that can be had now.
  array receive(int max = 10) {
    const auto answer = queue("ReceiveMessage", {{"MaxNumberOfMessages", max},
                                                 {"MessageSystemAttributeNames", array{"All"}}});
    const object body = answer.body();
    const auto* const messages = body.if_contains("Messages");
    return messages == nullptr ? array{} : messages->as_array();
  }
  /// The value of a secret that can be read.
  std::string read(std::string_view id) {
    const object body = secrets("GetSecretValue", {{"SecretId", std::string(id)}}).body();
    return std::string(body.at("SecretString").as_string());
  }
};

inline std::string text(const value& json, std::string_view name) {
  return std::string(text_at(json.as_object(), name));
}

}  // namespace edsm::sim::aws
