#include "sync/label_selector.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace edsm::sync {
namespace {

using Requirement = LabelSelector::Requirement;
using Operator = Requirement::Operator;

Operator operator_of(std::string_view name) {
  if (name == "In") return Operator::in;
  if (name == "NotIn") return Operator::not_in;
  if (name == "Exists") return Operator::exists;
  if (name == "DoesNotExist") return Operator::does_not_exist;
  return Operator::unknown;
}

Requirement decode_expression(const boost::json::value& expression) {
  Requirement requirement;
  requirement.key = base::string_at(expression, "key");
  requirement.op = operator_of(base::string_at(expression, "operator"));
  requirement.values = base::strings_at(expression, "values");
  return requirement;
}

}  // namespace

Labels decode_labels(const boost::json::value& object) {
  Labels labels;
  const auto* const found = base::object_at(object, "metadata.labels");
  if (found == nullptr) return labels;
  for (const auto& [name, value] : *found) {
    if (value.is_string()) labels.emplace(std::string_view(name), value.get_string());
  }
  return labels;
}

bool Requirement::met_by(const Labels& labels) const {
  const auto found = labels.find(key);
  const bool there = found != labels.end();
  const auto listed = [&] {
    return std::ranges::find(values, found->second.view()) != values.end();
  };
  switch (op) {
    case Operator::in:
      return there && listed();
    case Operator::not_in:
      return !there || !listed();
    case Operator::exists:
      return there;
    case Operator::does_not_exist:
      return !there;
    case Operator::unknown:
      break;
  }
  return false;
}

bool LabelSelector::selects(const Labels& labels) const {
  return std::ranges::all_of(requirements,
                             [&](const Requirement& each) { return each.met_by(labels); });
}

LabelSelector decode_label_selector(const boost::json::value& selector) {
  LabelSelector decoded;
  if (const auto* const labels = base::object_at(selector, "matchLabels")) {
    for (const auto& [key, value] : *labels) {
      const bool text = value.is_string();
      decoded.requirements.push_back(
          {std::string(key), text ? Operator::in : Operator::unknown, {}});
      if (text) decoded.requirements.back().values.emplace_back(value.get_string());
    }
  }
  if (const auto* const expressions = base::array_at(selector, "matchExpressions")) {
    for (const auto& each : *expressions) decoded.requirements.push_back(decode_expression(each));
  }
  return decoded;
}

}  // namespace edsm::sync
