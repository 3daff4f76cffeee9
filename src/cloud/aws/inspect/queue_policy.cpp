#include "cloud/aws/inspect/queue_policy.hpp"

#include <algorithm>
#include <optional>

#include "base/json.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using boost::json::value;

std::string_view view(const boost::json::string& text) {
  return {text.data(), text.size()};
}

/// `*` is any text, `?` any one character.
bool fits(std::string_view wanted, std::string_view text) {
  if (wanted.empty()) return text.empty();
  if (wanted.front() == '*') {
    for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
      if (fits(wanted.substr(1), text.substr(skipped))) return true;
    }
    return false;
  }
  return !text.empty() && (wanted.front() == '?' || wanted.front() == text.front()) &&
         fits(wanted.substr(1), text.substr(1));
}

/// Whether one of the texts, of which there may be one or a list, satisfies `test`.
template <class Test>
bool any_text(const value* texts, Test test) {
  if (texts == nullptr) return false;
  if (const auto* const one = texts->if_string()) return test(view(*one));
  const auto* const list = texts->if_array();
  return list != nullptr && std::ranges::any_of(*list, [&test](const value& each) {
           return each.is_string() && test(view(each.get_string()));
         });
}

bool is_about_eventbridge(const value& statement) {
  const auto* const principal = base::find(statement, "Principal");
  const auto everybody = [](std::string_view text) { return text == "*"; };
  if (any_text(principal, everybody)) return true;
  if (principal == nullptr || !principal->is_object()) return false;
  return any_text(base::find(*principal, "AWS"), everybody) ||
         any_text(base::find(*principal, "Service"), [](std::string_view text) {
           return text == "*" || text == "events.amazonaws.com";
         });
}

bool is_about_sending(const value& statement) {
  return any_text(base::find(statement, "Action"),
                  [](std::string_view action) { return fits(lower(action), "sqs:sendmessage"); });
}

bool is_about(const value& statement, std::string_view queue_arn) {
  const auto* const resource = base::find(statement, "Resource");
  return any_text(resource, [&](std::string_view each) { return fits(each, queue_arn); });
}

struct Request {
  std::string_view rule_arn;
  std::string_view account;
};

/// Whether one condition holds; nullopt if it is not understood.
std::optional<bool> holds(std::string_view test, std::string_view key, const value& wanted,
                          const Request& request) {
  if (same_ignoring_case(key, "aws:SecureTransport") && same_ignoring_case(test, "Bool"))
    return any_text(&wanted,
                    [](std::string_view text) { return same_ignoring_case(text, "true"); });
  const bool about_rule = same_ignoring_case(key, "aws:SourceArn");
  const bool about_account = same_ignoring_case(key, "aws:SourceAccount");
  if (!about_rule && !about_account) return std::nullopt;
  const auto actual = about_rule ? request.rule_arn : request.account;
  // ArnEquals knows wildcards as ArnLike does.
  if (one_of(std::to_array<std::string_view>({"ArnEquals", "ArnLike", "StringLike"}), test))
    return any_text(&wanted, [&](std::string_view text) { return fits(text, actual); });
  if (test == "StringEquals")
    return any_text(&wanted, [&](std::string_view text) { return text == actual; });
  return std::nullopt;
}

/// Whether all conditions hold; nullopt if that depends on one that is not understood.
std::optional<bool> all_hold(const value& statement, const Request& request) {
  const auto* const conditions = base::object_at(statement, "Condition");
  if (conditions == nullptr) return true;
  bool understood = true;
  for (const auto& [test, keys] : *conditions) {
    const auto* const members = keys.if_object();
    if (members == nullptr) return std::nullopt;
    for (const auto& [key, wanted] : *members) {
      const auto held =
          holds({test.data(), test.size()}, {key.data(), key.size()}, wanted, request);
      if (held && !*held) return false;
      understood = understood && held.has_value();
    }
  }
  if (!understood) return std::nullopt;
  return true;
}

template <class Visit>
void each_statement(const value& root, Visit visit) {
  const auto* const statements = base::find(root, "Statement");
  if (statements == nullptr) return;
  if (statements->is_object()) visit(*statements);
  if (const auto* const list = statements->if_array()) {
    for (const auto& statement : *list) visit(statement);
  }
}

}  // namespace

Admission admits_rule(std::string_view policy, std::string_view queue_arn,
                      std::string_view rule_arn) {
  const auto document = base::JsonDocument::parse(policy);
  if (!document) return Admission::refused;
  const auto parts = split(rule_arn, ':');
  const Request request{rule_arn, parts.size() > 4 ? parts[4] : std::string_view()};
  bool allowed = false;
  bool perhaps = false;
  bool denied = false;
  each_statement(document->root(), [&](const value& statement) {
    const bool concerned = is_about_eventbridge(statement) && is_about_sending(statement) &&
                           is_about(statement, queue_arn);
    if (!concerned) return;
    const auto applies = all_hold(statement, request);
    const bool deny = base::string_at(statement, "Effect") == "Deny";
    perhaps = perhaps || !applies;
    denied = denied || (deny && applies.value_or(false));
    allowed = allowed || (!deny && applies.value_or(false));
  });
  if (denied) return Admission::refused;
  if (perhaps) return Admission::depends;
  return allowed ? Admission::admitted : Admission::refused;
}

}  // namespace edsm::cloud::aws
