#include "sync/shape.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "sync/json_slice.hpp"

namespace edsm::sync {
namespace {

using base::fail;
using base::Failure;
using base::Result;
using base::SecretBytes;

/// Kubernetes' limits for a Secret: bytes of all values together, characters of a key.
constexpr std::size_t kMaxTotal = 1'048'576;
constexpr std::size_t kMaxKey = 253;
/// Of a cloud value: room for JSON around the largest data. No cloud keeps more than 64 KiB.
constexpr std::size_t kMaxValue = 2 * kMaxTotal;

bool valid_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxKey || key == "." || key == ".." || key.starts_with(".."))
    return false;
  return std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

/// Finds properties in the objects of one value, each of which is parsed once, however many
/// selections lead there.
class Selector {
 public:
  /// Follows `path`. A member whose name is the whole rest of the path wins over nesting, so that
  /// names with dots can be selected.
  std::optional<SecretBytes> select(const Slices& members, std::string_view path) {
    if (const auto* const whole = find_member(members, path)) return plain_bytes(whole->text);
    for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
      const auto* const member = find_member(members, path.substr(0, dot));
      if (member == nullptr || !looks_like_object(member->text)) continue;
      if (auto found = select(nested(member->text), path.substr(dot + 1))) return found;
    }
    return std::nullopt;
  }

 private:
  /// The members of a part of the value, which is valid, as the whole is.
  const Slices& nested(std::string_view object) {
    const auto [at, fresh] = nested_.try_emplace(object.data());
    if (fresh) at->second = std::move(*object_members(object));
    return at->second;
  }

  std::map<const char*, Slices> nested_;  ///< by where it stands in the value
};

Result<ShapedData> shape_object(std::string_view text, const ShapeSpec& spec) {
  auto members = object_members(text);
  if (!members) return std::unexpected(members.error());
  ShapedData data;
  if (spec.data->empty()) {
    for (const auto& member : *members) {
      data.items.emplace_back(std::string(member.name.view()), plain_bytes(member.text));
    }
    return data;
  }
  Selector selector;
  for (const auto& selection : *spec.data) {
    const auto& property = selection.property.empty() ? selection.secret_key : selection.property;
    auto bytes = selector.select(*members, property);
    if (!bytes) {
      return fail(
          Failure::invalid, "MissingProperty",
          fmt::format("the value has no property \"{}\", which spec.data selects for the key "
                      "\"{}\": correct spec.data or add the property",
                      property, selection.secret_key));
    }
    data.items.emplace_back(selection.secret_key, std::move(*bytes));
  }
  return data;
}

Result<ShapedData> shape_raw(const cloud::Value& value, const ShapeSpec& spec) {
  ShapedData data;
  data.items.emplace_back(spec.raw_key.str(), value.bytes.clone());
  return data;
}

Result<ShapedData> shape_unchecked(const cloud::Value& value, const ShapeSpec& spec) {
  if (value.bytes.size() > kMaxValue) {
    return fail(Failure::invalid, "TooLarge",
                fmt::format("the value is {} bytes, at most {} are read: store less in it",
                            value.bytes.size(), kMaxValue));
  }
  const bool object_wanted = spec.format == ValueFormat::json || !spec.data->empty();
  const bool text = value.form == cloud::Form::text;
  if (object_wanted && (!text || !looks_like_object(value.bytes.view()))) {
    return fail(
        Failure::invalid, "NotJSON",
        fmt::format("the value is {}, not a JSON object, but {}: store a JSON object, or use "
                    "format Text or Binary without spec.data",
                    text ? "plain text" : "binary",
                    spec.data->empty() ? "spec.format is JSON" : "spec.data selects properties"));
  }
  if (spec.format == ValueFormat::text && !text) {
    return fail(Failure::invalid, "NotText",
                "the value is binary, but spec.format is Text: use format Binary or Auto");
  }
  const bool object_found =
      spec.format == ValueFormat::automatic && text && looks_like_object(value.bytes.view());
  if (!object_wanted && !object_found) return shape_raw(value, spec);
  auto object = shape_object(value.bytes.view(), spec);
  // Taking broken JSON for text would replace all keys of the target by one: never wipe.
  if (!object && object.error().code == "NotJSON") {
    object.error().text =
        "the value begins like a JSON object but is not valid JSON: correct it, or use format Text "
        "to "
        "take it as it is";
  }
  return object;
}

struct TypeRule {
  std::string_view type;
  std::array<std::string_view, 2> required;
  bool any = false;  ///< one of the two is enough
};
constexpr std::array<TypeRule, 5> kTypeRules = {{
    {"kubernetes.io/tls", {"tls.crt", "tls.key"}},
    {"kubernetes.io/dockerconfigjson", {".dockerconfigjson", ""}},
    {"kubernetes.io/dockercfg", {".dockercfg", ""}},
    {"kubernetes.io/basic-auth", {"username", "password"}, true},
    {"kubernetes.io/ssh-auth", {"ssh-privatekey", ""}},
}};

bool has_key(const ShapedData& data, std::string_view key) {
  return std::ranges::any_of(data.items, [&](const auto& item) { return item.first == key; });
}

Result<> check_type(const ShapedData& data) {
  for (const auto& rule : kTypeRules) {
    if (rule.type != data.type) continue;
    const bool first = has_key(data, rule.required[0]);
    const bool second = rule.required[1].empty() || has_key(data, rule.required[1]);
    if (rule.any ? first || second : first && second) return {};
    return fail(
        Failure::invalid, "WrongType",
        fmt::format("a Secret of type {} needs the key{} \"{}\"{}: select them in spec.data",
                    rule.type, rule.required[1].empty() ? "" : "s", rule.required[0],
                    rule.required[1].empty()
                        ? ""
                        : fmt::format(" {} \"{}\"", rule.any ? "or" : "and", rule.required[1])));
  }
  return {};
}

Result<> check(const ShapedData& data) {
  std::size_t total = 0;
  for (const auto& [key, bytes] : data.items) {
    // The key is a member's name out of the value, so it is part of it and not quoted here.
    if (!valid_key(key)) {
      return fail(
          Failure::invalid, "InvalidKey",
          "the value has a member whose name cannot be a key of a Secret (letters, digits, '-', "
          "'_', '.'; at most 253): rename it, or select the wanted ones in spec.data");
    }
    total += bytes.size();
  }
  if (total > kMaxTotal) {
    return fail(
        Failure::invalid, "TooLarge",
        fmt::format("the data would be {} bytes, a Secret holds at most {}: select fewer keys in "
                    "spec.data",
                    total, kMaxTotal));
  }
  return check_type(data);
}

}  // namespace

Result<ShapedData> shape(const cloud::Value& value, const ShapeSpec& spec) {
  auto data = shape_unchecked(value, spec);
  if (!data) return data;
  data->type = spec.type;
  std::ranges::sort(data->items, {},
                    [](const auto& item) -> const std::string& { return item.first; });
  if (auto checked = check(*data); !checked) return std::unexpected(checked.error());
  return data;
}

}  // namespace edsm::sync
