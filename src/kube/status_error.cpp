#include "kube/status_error.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/json.hpp"
#include "kube/api.hpp"

namespace edsm::kube {
namespace {

using base::Failure;

/// Enough for the longest admission message worth reading; a condition holds 32 KiB.
constexpr std::size_t kLongestText = 2048;

/// A view of the server's Status object (apimachinery meta/v1 types.go); empty if there is none.
struct Status {
  std::string_view reason;
  std::string_view message;
  const boost::json::array* causes = nullptr;
  std::optional<std::int64_t> retry_after_seconds;

  bool has_cause(std::string_view reason_or_field) const {
    if (causes == nullptr) return false;
    return std::ranges::any_of(*causes, [&](const auto& cause) {
      return base::string_at(cause, "reason") == reason_or_field ||
             base::string_at(cause, "field") == reason_or_field;
    });
  }
};

Status read_status(const boost::json::value& root) {
  Status status;
  if (base::string_at(root, "kind") != "Status") return status;
  status.reason = base::string_at(root, "reason");
  status.message = base::string_at(root, "message");
  status.causes = base::array_at(root, "details.causes");
  status.retry_after_seconds = base::int_at(root, "details.retryAfterSeconds");
  return status;
}

Failure failure_of(const Question& question, int http, const Status& status) {
  switch (http) {
    case 401:
      return Failure::credentials;
    case 403:
      return Failure::refused;
    case 404:
      return Failure::absent;
    case 408:
      return Failure::transient;
    case 409:
      return Failure::conflict;
    case 410:
      return Failure::expired;
    case 422: {
      // A wrong uid, and a failed "test" of a JSON patch (which comes without details), are
      // preconditions although the server calls the object invalid.
      const bool failed_test =
          question.json_patch && (status.causes == nullptr || status.causes->empty());
      const bool precondition = failed_test || status.has_cause("metadata.uid");
      return precondition ? Failure::conflict : Failure::invalid;
    }
    case 429:
      return Failure::throttled;
    default:
      return http >= 500 ? Failure::transient : Failure::invalid;
  }
}

std::string code_of(int http, const Status& status) {
  for (const std::string_view cause : {"NamespaceTerminating", "ResourceVersionTooLarge"}) {
    if (status.has_cause(cause)) return std::string(cause);
  }
  if (!status.reason.empty()) return std::string(status.reason.substr(0, 64));
  return fmt::format("HTTP{}", http);
}

/// "data[a]: FieldValueInvalid, type: FieldValueRequired": no text that could quote a value.
std::string causes_only(const Status& status) {
  std::string text;
  if (status.causes != nullptr) {
    for (const auto& cause : *status.causes) {
      const auto field = base::string_at(cause, "field");
      const auto reason = base::string_at(cause, "reason");
      if (field.empty() && reason.empty()) continue;  // an admission policy's
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field, reason);
    }
  }
  if (text.empty()) text = "the server or one of its admission policies refused the object";
  return text + " (its message is withheld, as it may quote the data)";
}

std::string text_of(const Question& question, int http, const Status& status) {
  if (http == 404 && status.reason.empty()) {
    if (question.group == kBindings.group) {
      return fmt::format(
          "the CustomResourceDefinition {}.{} is not installed; apply the one in config/crd or "
          "install the chart with its CRDs",
          question.plural, question.group);
    }
    return "the API server does not know this path; is its version too old?";
  }
  const bool may_quote = http == 400 || http == 422 || http == 500;
  if (question.carries_secret && may_quote) return causes_only(status);
  if (!status.message.empty()) return std::string(status.message);
  if (http == 401) return "the API server does not accept our credentials";
  if (http >= 300 && http < 400) {
    return fmt::format("answered with a redirect ({}); is the server's address right?", http);
  }
  return fmt::format("the API server answered {}", http);
}

/// At most `limit` bytes, never half a UTF-8 character.
void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  text.resize(limit);
}

}  // namespace

base::Error classify(const Question& question, int http, const net::Headers& headers,
                     std::string_view body) {
  const auto document = base::JsonDocument::parse(body);
  Status status;
  if (document) status = read_status(document->root());

  base::Error error;
  error.failure = failure_of(question, http, status);
  error.code = code_of(http, status);
  error.text = text_of(question, http, status);
  cut(error.text, kLongestText);
  error.text.insert(0, ": ").insert(0, question.subject);
  error.retry_after = net::retry_after(headers);
  if (!error.retry_after && status.retry_after_seconds && *status.retry_after_seconds > 0) {
    error.retry_after =
        std::chrono::seconds(std::min<std::int64_t>(*status.retry_after_seconds, 3600));
  }
  return error;
}

}  // namespace edsm::kube
