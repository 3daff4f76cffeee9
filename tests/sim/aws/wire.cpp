#include "sim/aws/wire.hpp"

#include <chrono>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim::aws {
namespace {

net::Headers common_headers(Timeline& timeline, Api api) {
  const std::string_view type =
      api == Api::sqs ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1";
  return {{"x-amzn-RequestId", uuid(timeline)},
          {"Date", http_date(timeline.wall())},
          {"Content-Type", std::string(type)}};
}

/// SQS says in which namespace a code is: its own, or that of the framework beneath.
std::string qualified(Api api, const ServiceError& error) {
  if (api == Api::secrets_manager) return error.code;
  const bool modelled = error.code == "QueueDoesNotExist" || error.code == "InvalidBatchEntryId" ||
                        error.code == "ReceiptHandleIsInvalid" ||
                        error.code == "RequestThrottled" || error.code.ends_with("BatchRequest") ||
                        error.code == "BatchEntryIdsNotDistinct";
  return (modelled ? "com.amazonaws.sqs#" : "com.amazon.coral.service#") + error.code;
}

/// The name that the code had in SQS's older query protocol, in a header for clients that know it.
std::string query_error(const ServiceError& error) {
  std::string code = error.code;
  if (code == "QueueDoesNotExist") code = "AWS.SimpleQueueService.NonExistentQueue";
  if (code.ends_with("BatchRequest") || code == "BatchEntryIdsNotDistinct" ||
      code == "InvalidBatchEntryId")
    code.insert(0, "AWS.SimpleQueueService.");
  return code + (error.status >= 500 ? ";Receiver" : ";Sender");
}

}  // namespace

std::string_view to_string(Api api) {
  return api == Api::sqs ? "sqs" : "secretsmanager";
}

Reply success(Timeline& timeline, Api api, const boost::json::object& body) {
  return {200, common_headers(timeline, api), boost::json::serialize(body)};
}

Reply failure(Timeline& timeline, Api api, const ServiceError& error) {
  Reply reply{error.status, common_headers(timeline, api), {}};
  // Secrets Manager's own errors have a capital letter where the framework's have none.
  const bool own = api == Api::secrets_manager && !error.code.starts_with("Throttling") &&
                   !error.code.starts_with("Unrecognized") && !error.code.contains("Signature");
  reply.body = boost::json::serialize(boost::json::object{
      {"__type", qualified(api, error)}, {own ? "Message" : "message", error.message}});
  if (api == Api::sqs) reply.headers.add("x-amzn-query-error", query_error(error));
  return reply;
}

std::string arn_suffix(Timeline& timeline) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::uint64_t bits = timeline.random() >> 8U;
  std::string suffix;
  while (suffix.size() < 6) {
    suffix.push_back(letters[bits % letters.size()]);
    bits /= letters.size();
  }
  return suffix;
}

double epoch_seconds(base::WallTime time) {
  using std::chrono::milliseconds;
  const auto count = std::chrono::floor<milliseconds>(time).time_since_epoch().count();
  return static_cast<double>(count) / 1000.0;
}

}  // namespace edsm::sim::aws
