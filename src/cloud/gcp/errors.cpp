#include "cloud/gcp/errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using base::string_at;
using std::chrono::milliseconds;

struct Row {
  std::string_view code;
  Failure failure;
};

// google/rpc/code.proto. FAILED_PRECONDITION is what an administrator cures (a disabled version, a
// detached subscription), so it is tried again slowly.
constexpr auto table = std::to_array<Row>({
    {"CANCELLED", Failure::transient},
    {"UNKNOWN", Failure::transient},
    {"DEADLINE_EXCEEDED", Failure::transient},
    {"ABORTED", Failure::transient},
    {"INTERNAL", Failure::transient},
    {"UNAVAILABLE", Failure::transient},
    {"DATA_LOSS", Failure::transient},
    {"RESOURCE_EXHAUSTED", Failure::throttled},
    {"ALREADY_EXISTS", Failure::conflict},
    {"UNAUTHENTICATED", Failure::credentials},
    {"PERMISSION_DENIED", Failure::refused},
    {"FAILED_PRECONDITION", Failure::refused},
    {"UNIMPLEMENTED", Failure::refused},
    {"NOT_FOUND", Failure::absent},
    {"INVALID_ARGUMENT", Failure::invalid},
    {"OUT_OF_RANGE", Failure::invalid},
});

/// Refusals whose cure is none of a role.
struct Advice {
  std::string_view reason;
  std::string_view remedy;
};
constexpr auto advices = std::to_array<Advice>({
    {"SERVICE_DISABLED", "enable its API in the project that is asked: gcloud services enable"},
    {"BILLING_DISABLED", "billing is disabled for the project that is asked"},
    {"CONSUMER_INVALID", "the project that is asked does not exist, or was deleted"},
    {"CONSUMER_SUSPENDED", "the project that is asked is suspended"},
    {"USER_PROJECT_DENIED",
     "grant roles/serviceusage.serviceUsageConsumer on the quota project, or unset "
     "GOOGLE_CLOUD_QUOTA_PROJECT"},
    {"ACCESS_TOKEN_SCOPE_INSUFFICIENT",
     "the credentials lack the scope cloud-platform: give the node pool or virtual machine that "
     "access scope, or use workload identity"},
});

Failure by_http_status(int status) {
  if (status == 429) return Failure::throttled;
  if (status >= 500 || status == 408) return Failure::transient;
  if (status == 401) return Failure::credentials;
  return Failure::refused;
}

/// It ends up in metrics' labels and log lines, whoever answered.
std::string bare(std::string_view code) {
  const auto proper = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool good = code.size() <= 64 && std::ranges::all_of(code, proper);
  return std::string(good ? code : std::string_view());
}

/// A google.protobuf.Duration ("3.5s"), at most an hour.
std::optional<milliseconds> duration(std::string_view text) {
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  const auto dot = text.find('.');
  const auto seconds = parse_number(text.substr(0, dot));
  if (!seconds) return std::nullopt;
  // A part of a second is waited for as a whole one.
  const auto whole = std::min<std::int64_t>(*seconds, 3600) * 1000;
  return milliseconds(
      std::min<std::int64_t>(whole + (dot == std::string_view::npos ? 0 : 1000), 3'600'000));
}

bool is_of_type(const boost::json::value& detail, std::string_view type) {
  return string_at(detail, "@type").ends_with(type);
}

}  // namespace

Failure classify(std::string_view status, int http_status) {
  const auto row = std::ranges::find(table, status, &Row::code);
  return row == table.end() ? by_http_status(http_status) : row->failure;
}

RpcError read_rpc_error(std::string_view body) {
  RpcError error;
  const auto document = base::JsonDocument::parse(body);
  if (!document) return error;
  error.status = bare(string_at(document->root(), "error.status"));
  const auto* const details = base::array_at(document->root(), "error.details");
  if (details == nullptr) return error;
  for (const auto& detail : *details) {
    if (is_of_type(detail, "google.rpc.ErrorInfo"))
      error.reason = bare(string_at(detail, "reason"));
    if (is_of_type(detail, "google.rpc.RetryInfo"))
      error.retry_after = duration(string_at(detail, "retryDelay"));
  }
  return error;
}

base::Error error_of(const net::Response& response, std::string_view what) {
  auto rpc = read_rpc_error(response.body.view());
  base::Error error;
  error.failure = classify(rpc.status, response.status);
  error.text = fmt::format("{} was answered with HTTP {}", what, response.status);
  const auto advice = std::ranges::find(advices, rpc.reason, &Advice::reason);
  if (advice != advices.end()) {
    error.text.append(": ").append(advice->remedy);
    rpc.status = std::move(rpc.reason);
  } else if (!rpc.reason.empty()) {
    error.text += fmt::format(" ({})", rpc.reason);
  }
  error.retry_after = net::retry_after(response.headers);
  if (!error.retry_after) error.retry_after = rpc.retry_after;
  error.code = rpc.status.empty() ? fmt::format("Http{}", response.status) : std::move(rpc.status);
  return error;
}

}  // namespace edsm::cloud::gcp
