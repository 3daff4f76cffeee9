#include "sim/aws/aws.hpp"

#include <optional>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace edsm::sim {
namespace {

using aws::Answer;
using aws::Api;
using aws::ServiceError;

struct Target {
  Api api;
  std::string operation;
};

/// "secretsmanager.GetSecretValue", "AmazonSQS.ReceiveMessage"
std::optional<Target> target_of(const net::Request& request) {
  const std::string_view target = request.headers.find("X-Amz-Target").value_or("");
  const auto dot = target.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view prefix = target.substr(0, dot);
  std::string operation(target.substr(dot + 1));
  if (prefix == "secretsmanager") return Target{Api::secrets_manager, std::move(operation)};
  if (prefix == "AmazonSQS") return Target{Api::sqs, std::move(operation)};
  return std::nullopt;
}

Answer<boost::json::object> parse(std::string_view body) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(body.empty() ? "{}" : body, error);
  if (error || !value.is_object()) return aws::fail("SerializationException", "");
  return std::move(value.get_object());
}

}  // namespace

Aws::Aws(Timeline& timeline, AwsOptions options)
    : route([this](std::string body) { queue_.enqueue(std::move(body)); }),
      timeline_(timeline),
      options_(std::move(options)),
      keys_(timeline),
      dead_letters_(timeline,
                    fmt::format("arn:aws:sqs:{}:{}:{}-dead", options_.region, options_.account,
                                options_.queue),
                    faults, nullptr),
      queue_(timeline,
             fmt::format("arn:aws:sqs:{}:{}:{}", options_.region, options_.account, options_.queue),
             faults, &dead_letters_),
      queue_api_(faults),
      secrets_api_(timeline, faults) {
  queue_api_.add(fmt::format("/{}/{}", options_.account, options_.queue), queue_);
  queue_api_.add(fmt::format("/{}/{}-dead", options_.account, options_.queue), dead_letters_);
}

aws::Secrets& Aws::secrets(std::string_view region) {
  const auto found = regions_.find(region);
  if (found != regions_.end()) return found->second;
  std::string name(region);
  return regions_.try_emplace(name, timeline_, options_.account, name, events, route).first->second;
}

std::string Aws::queue_url(std::string_view origin) const {
  return fmt::format("{}/{}/{}", origin, options_.account, options_.queue);
}

void Aws::take(const net::Request& request, ExchangePtr exchange) {
  const auto target = target_of(request);
  if (target) {
    serve(target->api, target->operation, request, std::move(exchange));
    return;
  }
  Reply reply;
  CloudCall call{timeline_.now(), {}, "unknown", {}, {}, {}, 0, {}};
  if (request.method == net::Method::get) {
    call.operation = "Credentials";
    reply = keys_.endpoint(request);
  } else {
    reply = aws::failure(timeline_, Api::secrets_manager, {"UnknownOperationException", "", 404});
  }
  call.status = reply.status;
  calls_.add(std::move(call));
  exchange->answer(std::move(reply));
}

void Aws::serve(Api api, std::string operation, const net::Request& request, ExchangePtr exchange) {
  CloudCall& call =
      calls_.add({timeline_.now(), aws::access_key_of(request), operation, {}, {}, {}, 0, {}});
  const auto done = [this, api, &call, exchange](const Answer<boost::json::object>& answer) {
    Reply reply = answer ? aws::success(timeline_, api, *answer)
                         : aws::failure(timeline_, api, answer.error());
    call.status = reply.status;
    if (!answer) call.code = answer.error().code;
    exchange->answer(std::move(reply));
  };
  const auto caller = keys_.check(api, request);
  if (!caller) return done(std::unexpected(caller.error()));
  call.region = caller->region;
  const auto input = parse(request.body.view());
  if (!input) return done(std::unexpected(input.error()));
  if (api == Api::secrets_manager) {
    return done(secrets_api_.answer(secrets(caller->region), operation, *input, call));
  }
  if (caller->region != options_.region) {
    return done(aws::fail("QueueDoesNotExist", "The specified queue does not exist."));
  }
  queue_api_.answer(operation, *input, call, [exchange] { return exchange->gone(); }, done);
}

Reply Aws::throttled(const net::Request& request) {
  const auto target = target_of(request);
  if (target && target->api == Api::sqs)
    return aws::failure(timeline_, Api::sqs, {"RequestThrottled", "Request is throttled.", 403});
  return aws::failure(timeline_, Api::secrets_manager,
                      {"ThrottlingException", "Rate exceeded", 400});
}

Reply Aws::internal_error(const net::Request& request) {
  const auto target = target_of(request);
  if (target && target->api == Api::sqs) {
    return aws::failure(
        timeline_, Api::sqs,
        {"InternalFailure", "We encountered an internal error. Please try again.", 500});
  }
  return aws::failure(timeline_, Api::secrets_manager,
                      {"InternalServiceError", "An error occurred on the server side.", 500});
}

Reply Aws::unavailable(const net::Request&) {
  return {503,
          {{"Content-Type", "text/html"}, {"Date", http_date(timeline_.wall())}},
          "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>"};
}

}  // namespace edsm::sim
