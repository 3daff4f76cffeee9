#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/node/node.h>

#include "base/error.hpp"
#include "base/json_writer.hpp"

namespace edsm::kube {

/// Parses one YAML (or JSON) document that people wrote. Beyond yaml-cpp it refuses what would be
/// misread silently or grow without bound: duplicate keys, keys that are no scalars, more than 32
/// levels, more than 100,000 nodes after expansion of aliases. Failure::invalid, code
/// "MalformedYAML", with `name` and line; never quotes values. Does not throw.
base::Result<YAML::Node> load_yaml(std::string_view text, std::string_view name);

/// The same for a stream of any number of documents; empty ones are left out. "line" counts from
/// the start of the stream.
base::Result<std::vector<YAML::Node>> load_yaml_stream(std::string_view text,
                                                       std::string_view name);

/// As JSON: plain scalars are what they look like (true, 12, null), quoted ones strings.
void yaml_to_json(const YAML::Node& node, base::JsonWriter& json);

/// Reads the members of a map and remembers the first that has a wrong form; what is missing or
/// null is empty.
class YamlFields {
 public:
  YamlFields(const YAML::Node& map, std::string where);

  std::string text(std::string_view key);
  bool flag(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  bool has(std::string_view key) const;
  /// Undefined if it is missing.
  YAML::Node child(std::string_view key) const;

  const std::string& where() const { return where_; }
  /// "user alice: token is not a text", or empty.
  const std::string& error() const { return error_; }

 private:
  void wrong(std::string_view key, std::string_view expected);

  YAML::Node map_;
  std::string where_;
  std::string error_;
};

}  // namespace edsm::kube
