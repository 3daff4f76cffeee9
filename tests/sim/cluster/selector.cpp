#include "sim/cluster/selector.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace edsm::sim {
namespace {

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Splits at commas outside of parentheses.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const bool end = at == text.size() || (text[at] == ',' && depth == 0);
    if (end) {
      const auto part = trim(text.substr(start, at - start));
      if (!part.empty()) parts.push_back(part);
      start = at + 1;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')') {
      --depth;
    }
  }
  return parts;
}

struct Equation {
  std::string_view name;
  bool equal = true;
  std::string_view value;
};

std::optional<Equation> parse_equation(std::string_view text) {
  const auto sign = text.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const bool differs = sign > 0 && text[sign - 1] == '!';
  const std::string_view name = trim(text.substr(0, differs ? sign - 1 : sign));
  std::string_view value = text.substr(sign + 1);
  if (value.starts_with('=')) value.remove_prefix(1);
  return Equation{name, !differs, trim(value)};
}

/// The value of a field that the kind can be selected by; nothing if it cannot.
std::optional<std::string_view> field_of(const Kind& kind, const Object& object,
                                         std::string_view field) {
  if (field == "metadata.name") return text_of(metadata_of(object), "name");
  if (field == "metadata.namespace") return text_of(metadata_of(object), "namespace");
  if (field == "type" && kind.index == kind_of(kube::kSecrets).index)
    return text_of(object, "type");
  if (&kind == &kind_of(kube::kBindings) &&
      (field == "spec.targetSecretName" || field == "spec.secretPath")) {
    const Object* const spec = map_of(object, "spec");
    return spec == nullptr ? std::string_view() : text_of(*spec, field.substr(5));
  }
  return std::nullopt;
}

}  // namespace

bool Selector::Demand::met_by(const std::string_view* value) const {
  const bool listed = value != nullptr && std::ranges::find(values, *value) != values.end();
  switch (rule) {
    case Rule::in:
      return listed;
    case Rule::not_in:
      return !listed;
    case Rule::exists:
      return value != nullptr;
    case Rule::absent:
      return value == nullptr;
  }
  return false;
}

Outcome<Selector::Demand> Selector::parse_label(std::string_view text) {
  Demand demand;
  const auto open = text.find('(');
  if (open != std::string_view::npos && text.ends_with(')')) {
    const std::string_view head = trim(text.substr(0, open));
    const auto space = head.rfind(' ');
    const std::string_view word = space == std::string_view::npos ? head : head.substr(space + 1);
    if (space == std::string_view::npos || (word != "in" && word != "notin")) {
      return std::unexpected(bad_request(fmt::format("unable to parse requirement: {}", text)));
    }
    demand.rule = word == "in" ? Demand::Rule::in : Demand::Rule::not_in;
    demand.name = trim(head.substr(0, space));
    for (const auto value : split(text.substr(open + 1, text.size() - open - 2))) {
      demand.values.emplace_back(value);
    }
    return demand;
  }
  if (const auto equation = parse_equation(text)) {
    demand.rule = equation->equal ? Demand::Rule::in : Demand::Rule::not_in;
    demand.name = equation->name;
    demand.values.emplace_back(equation->value);
    return demand;
  }
  const bool absent = text.starts_with('!');
  demand.rule = absent ? Demand::Rule::absent : Demand::Rule::exists;
  demand.name = absent ? text.substr(1) : text;
  if (demand.name.find(' ') != std::string::npos) {
    return std::unexpected(bad_request(fmt::format("unable to parse requirement: {}", text)));
  }
  return demand;
}

Outcome<Selector::Demand> Selector::parse_field(const Kind& kind, std::string_view text) {
  const auto equation = parse_equation(text);
  if (!equation) {
    return std::unexpected(
        bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, text)));
  }
  if (!field_of(kind, {}, equation->name)) {
    return std::unexpected(
        bad_request(fmt::format("field label not supported: {}", equation->name)));
  }
  Demand demand;
  demand.rule = equation->equal ? Demand::Rule::in : Demand::Rule::not_in;
  demand.name = equation->name;
  demand.values.emplace_back(equation->value);
  return demand;
}

Outcome<Selector> Selector::parse(const Kind& kind, std::string_view ns, std::string_view labels,
                                  std::string_view fields) {
  Selector selector;
  selector.ns_ = ns;
  for (const auto text : split(labels)) {
    auto demand = parse_label(text);
    if (!demand) return std::unexpected(std::move(demand.error()));
    selector.labels_.push_back(std::move(*demand));
  }
  for (const auto text : split(fields)) {
    auto demand = parse_field(kind, text);
    if (!demand) return std::unexpected(std::move(demand.error()));
    selector.fields_.push_back(std::move(*demand));
  }
  return selector;
}

bool Selector::matches(const Stored& object) const {
  if (!ns_.empty() && object.ns() != ns_) return false;
  const Object* const labels = map_of(metadata_of(object.object()), "labels");
  const bool labelled = std::ranges::all_of(labels_, [&](const Demand& demand) {
    const bool there = labels != nullptr && labels->contains(demand.name);
    const std::string_view value = there ? text_of(*labels, demand.name) : std::string_view();
    return demand.met_by(there ? &value : nullptr);
  });
  return labelled && std::ranges::all_of(fields_, [&](const Demand& demand) {
           const std::string_view value =
               field_of(object.kind(), object.object(), demand.name).value_or(std::string_view());
           return demand.met_by(&value);
         });
}

}  // namespace edsm::sim
