#include "cloud/aws/errors.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/aws/text.hpp"
#include "cloud/aws/xml.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

struct Row {
  std::string_view code;
  Failure failure;
};

// Sources: botocore retries/standard.py, aws-sdk-js-v3 service-error-classification, the services'
// models. Names with and without "Exception" are written once: classify drops that ending.
constexpr auto table = std::to_array<Row>({
    {"RequestTimeout", Failure::transient},
    {"InternalError", Failure::transient},
    {"InternalFailure", Failure::transient},
    {"InternalServer", Failure::transient},
    {"InternalServerError", Failure::transient},
    {"InternalServiceError", Failure::transient},
    {"InternalService", Failure::transient},
    {"ServiceUnavailable", Failure::transient},
    {"IDPCommunicationError", Failure::transient},

    {"BandwidthLimitExceeded", Failure::throttled},
    {"EC2Throttled", Failure::throttled},
    {"KmsThrottled", Failure::throttled},
    {"LimitExceeded", Failure::throttled},
    {"OverLimit", Failure::throttled},
    {"PriorRequestNotComplete", Failure::throttled},
    {"ProvisionedThroughputExceeded", Failure::throttled},
    {"RequestLimitExceeded", Failure::throttled},
    {"RequestThrottled", Failure::throttled},
    {"SlowDown", Failure::throttled},
    {"Throttled", Failure::throttled},
    {"Throttling", Failure::throttled},
    {"TooManyRequests", Failure::throttled},
    {"TransactionInProgress", Failure::throttled},

    {"AuthFailure", Failure::credentials},
    {"ExpiredToken", Failure::credentials},
    {"IncompleteSignature", Failure::credentials},
    {"InvalidAccessKeyId", Failure::credentials},
    {"InvalidClientTokenId", Failure::credentials},
    {"InvalidIdentityToken", Failure::credentials},
    {"InvalidSignature", Failure::credentials},
    {"MissingAuthenticationToken", Failure::credentials},
    {"RequestExpired", Failure::credentials},
    {"RequestInTheFuture", Failure::credentials},
    {"RequestTimeTooSkewed", Failure::credentials},
    {"SignatureDoesNotMatch", Failure::credentials},
    {"UnrecognizedClient", Failure::credentials},

    {"AccessDenied", Failure::refused},
    {"DecryptionFailure", Failure::refused},
    {"IDPRejectedClaim", Failure::refused},
    {"InvalidRequest", Failure::refused},
    {"InvalidSecurity", Failure::refused},
    {"KmsAccessDenied", Failure::refused},
    {"KmsDisabled", Failure::refused},
    {"KmsInvalidKeyUsage", Failure::refused},
    {"KmsInvalidState", Failure::refused},
    {"KmsNotFound", Failure::refused},
    {"KmsOptInRequired", Failure::refused},
    {"NotAuthorized", Failure::refused},
    {"OptInRequired", Failure::refused},
    {"RegionDisabled", Failure::refused},
    {"UnauthorizedOperation", Failure::refused},

    {"NonExistentQueue", Failure::absent},
    {"QueueDoesNotExist", Failure::absent},
    {"ResourceNotFound", Failure::absent},

    {"InvalidNextToken", Failure::expired},

    {"BatchEntryIdsNotDistinct", Failure::invalid},
    {"EmptyBatchRequest", Failure::invalid},
    {"InvalidAction", Failure::invalid},
    {"InvalidAddress", Failure::invalid},
    {"InvalidAttributeName", Failure::invalid},
    {"InvalidAttributeValue", Failure::invalid},
    {"InvalidBatchEntryId", Failure::invalid},
    {"InvalidIdFormat", Failure::invalid},
    {"InvalidParameter", Failure::invalid},
    {"InvalidParameterCombination", Failure::invalid},
    {"InvalidParameterValue", Failure::invalid},
    {"MalformedPolicyDocument", Failure::invalid},
    {"MessageNotInflight", Failure::invalid},
    {"MissingParameter", Failure::invalid},
    {"PackedPolicyTooLarge", Failure::invalid},
    {"ReceiptHandleIsInvalid", Failure::invalid},
    {"Serialization", Failure::invalid},
    {"TooManyEntriesInBatchRequest", Failure::invalid},
    {"UnknownOperation", Failure::invalid},
    {"UnsupportedOperation", Failure::invalid},
    {"Validation", Failure::invalid},
    {"ValidationError", Failure::invalid},
});

constexpr auto skew_codes = std::to_array<std::string_view>(
    {"AuthFailure", "InvalidSignature", "RequestExpired", "RequestInTheFuture",
     "RequestTimeTooSkewed", "SignatureDoesNotMatch"});
// Signatures too: a key that was repaired in its file is found by reading the file again.
constexpr auto renewable_codes = std::to_array<std::string_view>(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignature",
     "SignatureDoesNotMatch", "UnrecognizedClient"});

std::string_view stem(std::string_view code) {
  static constexpr std::string_view ending = "Exception";
  if (code.ends_with(ending)) code.remove_suffix(ending.size());
  return code;
}

Failure by_status(int status) {
  if (status == 429 || status == 509) return Failure::throttled;
  if (status >= 500 || status == 408) return Failure::transient;
  return Failure::refused;
}

}  // namespace

std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find_first_of(":;"));
  if (const auto hash = code.rfind('#'); hash != std::string_view::npos)
    code.remove_prefix(hash + 1);
  // The query protocol's codes have a prefix: AWS.SimpleQueueService.NonExistentQueue.
  if (const auto dot = code.rfind('.'); dot != std::string_view::npos) code.remove_prefix(dot + 1);
  code = trim(code);
  // It ends up in metrics' labels and log lines, whoever answered.
  const bool proper = code.size() <= 64 && std::ranges::all_of(code, is_alnum);
  return std::string(proper ? code : std::string_view());
}

Failure classify(std::string_view code, int status) {
  const auto row = std::ranges::find(table, stem(code), &Row::code);
  return row == table.end() ? by_status(status) : row->failure;
}

bool may_be_clock_skew(std::string_view code) {
  return one_of(skew_codes, stem(code));
}

bool wants_new_credentials(std::string_view code) {
  return one_of(renewable_codes, stem(code));
}

std::string error_code(const net::Response& response) {
  const std::string_view body = response.body.view();
  // Also some emulators' answers to JSON calls.
  if (trim(body).starts_with('<')) {
    const auto error = xml_element(body, "Error");
    const auto code = error ? xml_element(*error, "Code") : std::nullopt;
    if (code) return bare_code(*code);
  }
  if (const auto document = base::JsonDocument::parse(body)) {
    for (const std::string_view member : {"__type", "code"}) {
      auto code = bare_code(base::string_at(document->root(), member));
      if (!code.empty()) return code;
    }
  }
  for (const std::string_view header : {"x-amzn-errortype", "x-amzn-query-error"}) {
    if (const auto code = response.headers.find(header)) return bare_code(*code);
  }
  return {};
}

base::Error error_of(const net::Response& response, std::string_view what) {
  base::Error error;
  error.code = error_code(response);
  error.failure = classify(error.code, response.status);
  error.text = fmt::format("{} was answered with HTTP {}", what, response.status);
  const auto milliseconds = response.headers.find("x-amz-retry-after");
  const auto wait = milliseconds ? parse_number(trim(*milliseconds)) : std::nullopt;
  error.retry_after = wait ? std::chrono::milliseconds(std::min<std::int64_t>(*wait, 3'600'000))
                           : net::retry_after(response.headers);
  if (error.code.empty()) error.code = fmt::format("Http{}", response.status);
  return error;
}

}  // namespace edsm::cloud::aws
