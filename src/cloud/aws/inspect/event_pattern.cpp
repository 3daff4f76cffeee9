#include "cloud/aws/inspect/event_pattern.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cloud/aws/inspect/address_range.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr auto text_operators =
    std::to_array<std::string_view>({"prefix", "suffix", "equals-ignore-case", "wildcard"});

std::string_view view(const boost::json::string& text) {
  return {text.data(), text.size()};
}
std::string_view view(boost::json::string_view text) {
  return {text.data(), text.size()};
}

// -- what a pattern may be -------------------------------------------------------------

bool is_text_or_texts(const value& operand) {
  const auto* const list = operand.if_array();
  if (list == nullptr) return operand.is_string();
  return std::ranges::all_of(*list, [](const value& each) { return each.is_string(); });
}

bool known_text_operand(std::string_view name, const value& operand) {
  if (operand.is_string()) return true;
  // {"prefix": {"equals-ignore-case": "x"}}
  const auto* const inner = operand.if_object();
  const bool affix = name == "prefix" || name == "suffix";
  return affix && inner != nullptr && inner->size() == 1 &&
         view(inner->begin()->key()) == "equals-ignore-case" && inner->begin()->value().is_string();
}

bool known_exception(const value& operand) {
  const auto scalar = [](const value& each) { return each.is_string() || each.is_number(); };
  if (const auto* const list = operand.if_array()) return std::ranges::all_of(*list, scalar);
  const auto* const inner = operand.if_object();
  if (inner == nullptr) return scalar(operand);
  return inner->size() == 1 && one_of(text_operators, view(inner->begin()->key())) &&
         is_text_or_texts(inner->begin()->value());
}

bool known_numeric(const value& operand) {
  static constexpr auto signs = std::to_array<std::string_view>({"=", "<", "<=", ">", ">="});
  const auto* const list = operand.if_array();
  if (list == nullptr || list->empty() || list->size() % 2 != 0) return false;
  for (std::size_t i = 0; i < list->size(); i += 2) {
    const auto& sign = (*list)[i];
    if (!sign.is_string() || !one_of(signs, view(sign.get_string()))) return false;
    if (!(*list)[i + 1].is_number()) return false;
  }
  return true;
}

bool known_filter(const value& filter) {
  if (filter.is_array()) return false;
  const auto* const members = filter.if_object();
  if (members == nullptr) return true;
  if (members->size() != 1) return false;
  const auto name = view(members->begin()->key());
  const auto& operand = members->begin()->value();
  if (name == "exists") return operand.is_bool();
  if (name == "numeric") return known_numeric(operand);
  if (name == "anything-but") return known_exception(operand);
  if (name == "cidr") return operand.is_string() && AddressRange::parse(view(operand.get_string()));
  return one_of(text_operators, name) && known_text_operand(name, operand);
}

bool is_alternatives(std::string_view key, const value& wanted) {
  const auto* const list = key == "$or" ? wanted.if_array() : nullptr;
  return list != nullptr && list->size() >= 2 &&
         std::ranges::all_of(*list, [](const value& each) { return each.is_object(); });
}

bool known_pattern(const object& pattern) {
  return !pattern.empty() && std::ranges::all_of(pattern, [](const auto& member) {
    const value& wanted = member.value();
    if (const auto* const nested = wanted.if_object()) return known_pattern(*nested);
    const auto* const list = wanted.if_array();
    if (list == nullptr || list->empty()) return false;
    if (!is_alternatives(view(member.key()), wanted))
      return std::ranges::all_of(*list, known_filter);
    return std::ranges::all_of(*list,
                               [](const value& each) { return known_pattern(each.get_object()); });
  });
}

// -- whether it matches ----------------------------------------------------------------

bool same(const value& wanted, const value& leaf) {
  if (wanted.is_number() && leaf.is_number())
    return wanted.to_number<double>() == leaf.to_number<double>();
  return wanted == leaf;
}

/// `*` is any text; a backslash takes the special meaning from what follows.
bool fits_wildcard(std::string_view wanted, std::string_view text) {
  if (wanted.empty()) return text.empty();
  if (wanted.front() == '*') {
    for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
      if (fits_wildcard(wanted.substr(1), text.substr(skipped))) return true;
    }
    return false;
  }
  if (wanted.front() == '\\' && wanted.size() > 1) wanted.remove_prefix(1);
  return !text.empty() && text.front() == wanted.front() &&
         fits_wildcard(wanted.substr(1), text.substr(1));
}

bool fits_text(std::string_view name, const value& operand, std::string_view text) {
  if (const auto* const inner = operand.if_object()) {
    const auto wanted = lower(view(inner->begin()->value().get_string()));
    const auto lowered = lower(text);
    return name == "prefix" ? lowered.starts_with(wanted) : lowered.ends_with(wanted);
  }
  const auto wanted = view(operand.get_string());
  if (name == "prefix") return text.starts_with(wanted);
  if (name == "suffix") return text.ends_with(wanted);
  if (name == "equals-ignore-case") return same_ignoring_case(text, wanted);
  return fits_wildcard(wanted, text);
}

bool is_exception(const value& operand, const value& leaf) {
  if (const auto* const list = operand.if_array())
    return std::ranges::any_of(*list, [&](const value& each) { return is_exception(each, leaf); });
  const auto* const inner = operand.if_object();
  if (inner == nullptr) return same(operand, leaf);
  if (!leaf.is_string()) return false;
  const auto name = view(inner->begin()->key());
  const auto& texts = inner->begin()->value();
  const auto fits = [&](const value& each) {
    return fits_text(name, each, view(leaf.get_string()));
  };
  if (const auto* const list = texts.if_array()) return std::ranges::any_of(*list, fits);
  return fits(texts);
}

bool in_numbers(const array& conditions, double number) {
  for (std::size_t i = 0; i < conditions.size(); i += 2) {
    const auto sign = view(conditions[i].get_string());
    const auto bound = conditions[i + 1].to_number<double>();
    const bool good = (sign == "=" && number == bound) || (sign == "<" && number < bound) ||
                      (sign == "<=" && number <= bound) || (sign == ">" && number > bound) ||
                      (sign == ">=" && number >= bound);
    if (!good) return false;
  }
  return true;
}

bool fits(const value& filter, const value& leaf) {
  const auto* const members = filter.if_object();
  if (members == nullptr) return same(filter, leaf);
  const auto name = view(members->begin()->key());
  const auto& operand = members->begin()->value();
  if (name == "anything-but") return !is_exception(operand, leaf);
  if (name == "numeric")
    return leaf.is_number() && in_numbers(operand.get_array(), leaf.to_number<double>());
  if (!leaf.is_string()) return false;
  const auto text = view(leaf.get_string());
  if (name == "cidr") return AddressRange::parse(view(operand.get_string()))->contains(text);
  return one_of(text_operators, name) && fits_text(name, operand, text);
}

/// The values that a list of filters is about; objects are none.
void collect_leaves(const value& found, std::vector<const value*>& leaves) {
  if (found.is_object()) return;
  const auto* const list = found.if_array();
  if (list == nullptr) {
    leaves.push_back(&found);
    return;
  }
  for (const auto& each : *list) collect_leaves(each, leaves);
}

bool leaf_matches(const array& filters, const value* found) {
  std::vector<const value*> leaves;
  if (found != nullptr) collect_leaves(*found, leaves);
  return std::ranges::any_of(filters, [&](const value& filter) {
    const auto* const members = filter.if_object();
    if (members != nullptr && view(members->begin()->key()) == "exists")
      return members->begin()->value().get_bool() == !leaves.empty();
    return std::ranges::any_of(leaves, [&](const value* leaf) { return fits(filter, *leaf); });
  });
}

/// `event` is nullptr where the event has no such object: that is still to be asked, because of
/// {"exists": false}.
bool object_matches(const object& pattern, const object* event);

bool nested_matches(const object& pattern, const value* found) {
  const auto* const list = found == nullptr ? nullptr : found->if_array();
  if (list == nullptr)
    return object_matches(pattern, found == nullptr ? nullptr : found->if_object());
  const bool objects =
      std::ranges::any_of(*list, [](const value& each) { return !each.is_primitive(); });
  // All that the pattern asks for has to be in one of them.
  if (!objects) return object_matches(pattern, nullptr);
  return std::ranges::any_of(*list, [&](const value& each) {
    return !each.is_primitive() && nested_matches(pattern, &each);
  });
}

bool object_matches(const object& pattern, const object* event) {
  return std::ranges::all_of(pattern, [event](const auto& member) {
    const value& wanted = member.value();
    if (is_alternatives(view(member.key()), wanted)) {
      return std::ranges::any_of(wanted.get_array(), [event](const value& each) {
        return object_matches(each.get_object(), event);
      });
    }
    const value* const found = event == nullptr ? nullptr : event->if_contains(member.key());
    if (const auto* const nested = wanted.if_object()) return nested_matches(*nested, found);
    return leaf_matches(wanted.get_array(), found);
  });
}

}  // namespace

base::Result<EventPattern> EventPattern::parse(std::string_view text) {
  auto document = base::JsonDocument::parse(text);
  if (!document) return std::unexpected(std::move(document.error()));
  const auto* const root = document->root().if_object();
  if (root == nullptr || !known_pattern(*root)) {
    return base::fail(base::Failure::invalid, "UnknownPattern",
                      "the pattern has something that this version does not know");
  }
  return EventPattern(std::move(*document));
}

bool EventPattern::matches(const value& event) const {
  return object_matches(document_.root().get_object(), event.if_object());
}

}  // namespace edsm::cloud::aws
