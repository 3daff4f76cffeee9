// The JSON reader, and the writer with what was read.
#include "base/json.hpp"

#include <algorithm>

#include "base/json_writer.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

std::size_t depth_of(const boost::json::value& value) {
  std::size_t deepest = 0;
  if (const auto* const array = value.if_array()) {
    for (const auto& item : *array) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  if (const auto* const object = value.if_object()) {
    for (const auto& member : *object) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  return 0;
}

void check_strings(const boost::json::value& value) {
  if (const auto* const object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      base::JsonWriter json;
      json.begin_object().key({name.data(), name.size()}).null().end_object();
      const auto again = base::JsonDocument::parse(json.bytes().view());
      must(again && again->root().as_object().contains(name), "names come back as they were");
      check_strings(member);
    }
  } else if (const auto* const array = value.if_array()) {
    for (const auto& item : *array) check_strings(item);
  } else if (const auto* const text = value.if_string()) {
    base::JsonWriter json;
    json.string({text->data(), text->size()});
    const auto again = base::JsonDocument::parse(json.bytes().view());
    must(again && again->root() == value, "strings come back as they were");
  }
}

/// Any text makes a JSON string, if it is UTF-8.
void check_text(std::string_view bytes) {
  base::JsonWriter json;
  json.string(bytes);
  const auto again = base::JsonDocument::parse(json.bytes().view());
  if (!again) return;
  const auto& text = again->root().as_string();
  must(std::string_view(text.data(), text.size()) == bytes, "text comes back as it was");
}

}  // namespace

void one_input(std::string_view bytes) {
  check_text(bytes);
  const auto document = base::JsonDocument::parse(bytes);
  if (!document) {
    must(document.error().text.size() < 100, "errors do not quote the text");
    return;
  }
  must(depth_of(document->root()) <= 64, "depth is bounded");
  check_strings(document->root());
  for (const auto* const path : {"a", "a.b", "metadata.name", ".", "a..b", ""}) {
    base::string_at(document->root(), path);
    base::int_at(document->root(), path);
    base::array_at(document->root(), path);
  }
}

}  // namespace edsm::fuzz
