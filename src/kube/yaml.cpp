#include "kube/yaml.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/impl.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/node/parse.h>

#include "kube/event_series.hpp"

namespace edsm::kube {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 100'000;

struct Check {
  std::size_t nodes = 0;
  std::string error;

  bool visit(const YAML::Node& node, int depth);
  bool visit_map(const YAML::Node& node, int depth);
  bool say(const YAML::Node& node, std::string_view what) {
    if (error.empty()) error = fmt::format("line {}: {}", node.Mark().line + 1, what);
    return false;
  }
};

bool Check::visit(const YAML::Node& node, int depth) {
  if (depth > kMaxDepth) return say(node, "nests too deeply");
  if (++nodes > kMaxNodes) return say(node, "too many elements");
  if (node.IsMap()) return visit_map(node, depth);
  if (!node.IsSequence()) return true;
  return std::all_of(node.begin(), node.end(),
                     [&](const YAML::Node& child) { return visit(child, depth + 1); });
}

bool Check::visit_map(const YAML::Node& node, int depth) {
  std::vector<std::string> keys;
  for (const auto& member : node) {
    if (!member.first.IsScalar()) return say(member.first, "a key that is not a text");
    keys.push_back(member.first.Scalar());
    if (!visit(member.second, depth + 1)) return false;
  }
  std::ranges::sort(keys);
  const auto twice = std::ranges::adjacent_find(keys);
  if (twice == keys.end()) return true;
  return say(node, fmt::format("the key \"{}\" is there twice", twice->substr(0, 64)));
}

std::unexpected<base::Error> malformed(std::string_view name, std::string_view what) {
  return base::fail(base::Failure::invalid, "MalformedYAML", fmt::format("{}: {}", name, what));
}

bool is_integer(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end && (text == "0" || !text.starts_with('0'));
}

/// `load` makes documents of the text, by yaml-cpp.
template <class Load>
base::Result<std::vector<YAML::Node>> load_checked(std::string_view text, std::string_view name,
                                                   Load load) {
  // A NUL makes yaml-cpp take the text for UTF-16 or UTF-32.
  const bool utf8 = !text.contains('\0') && clean_text(text, text.size()) == text;
  if (!utf8) return malformed(name, "not UTF-8");
  try {
    std::vector<YAML::Node> documents = load(std::string(text));
    for (const auto& each : documents) {
      Check check;
      if (!check.visit(each, 0)) return malformed(name, check.error);
    }
    return documents;
  } catch (const YAML::Exception& error) {
    return malformed(name, fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  } catch (const std::exception&) {
    return malformed(name, "not YAML");
  }
}

}  // namespace

base::Result<YAML::Node> load_yaml(std::string_view text, std::string_view name) {
  auto documents = load_checked(text, name, [](const std::string& words) {
    return std::vector<YAML::Node>{YAML::Load(words)};
  });
  if (!documents) return std::unexpected(std::move(documents.error()));
  return documents->front();
}

base::Result<std::vector<YAML::Node>> load_yaml_stream(std::string_view text,
                                                       std::string_view name) {
  return load_checked(text, name, [](const std::string& words) {
    auto documents = YAML::LoadAll(words);
    std::erase_if(documents, [](const YAML::Node& each) { return !each || each.IsNull(); });
    return documents;
  });
}

void yaml_to_json(const YAML::Node& node, base::JsonWriter& json) {
  if (node.IsMap()) {
    json.begin_object();
    for (const auto& member : node) {
      json.key(member.first.Scalar());
      yaml_to_json(member.second, json);
    }
    json.end_object();
  } else if (node.IsSequence()) {
    json.begin_array();
    for (const auto& item : node) yaml_to_json(item, json);
    json.end_array();
  } else if (!node.IsScalar()) {
    json.null();
  } else {
    const std::string& text = node.Scalar();
    const bool quoted = node.Tag() == "!";
    const bool literal = text == "true" || text == "false" || is_integer(text);
    if (literal && !quoted) {
      json.raw(text);
    } else {
      json.string(text);
    }
  }
}

YamlFields::YamlFields(const YAML::Node& map, std::string where)
    : map_(map), where_(std::move(where)) {
  if (!map_.IsMap() && !map_.IsNull()) error_ = where_ + " is not a map";
}

YAML::Node YamlFields::child(std::string_view key) const {
  if (!map_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  for (const auto& member : map_) {
    if (member.first.Scalar() == key) return member.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool YamlFields::has(std::string_view key) const {
  const YAML::Node node = child(key);
  return node.IsDefined() && !node.IsNull();
}

std::string YamlFields::text(std::string_view key) {
  const YAML::Node node = child(key);
  if (!node.IsDefined() || node.IsNull()) return {};
  if (node.IsScalar()) return node.Scalar();
  wrong(key, "a text");
  return {};
}

bool YamlFields::flag(std::string_view key) {
  const std::string value = text(key);
  if (value == "true") return true;
  if (!value.empty() && value != "false") wrong(key, "true or false");
  return false;
}

std::vector<std::string> YamlFields::texts(std::string_view key) {
  std::vector<std::string> result;
  const YAML::Node node = child(key);
  if (!node.IsDefined() || node.IsNull()) return result;
  if (!node.IsSequence()) {
    wrong(key, "a list of texts");
    return result;
  }
  for (const auto& item : node) {
    if (!item.IsScalar()) wrong(key, "a list of texts");
    if (item.IsScalar()) result.push_back(item.Scalar());
  }
  return result;
}

void YamlFields::wrong(std::string_view key, std::string_view expected) {
  if (error_.empty()) error_ = fmt::format("{}: {} is not {}", where_, key, expected);
}

}  // namespace edsm::kube
