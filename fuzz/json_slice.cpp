// The members of a JSON object as they stand in the text, compared with what a parser makes of it.
#include "sync/json_slice.hpp"

#include <boost/json/serialize.hpp>

#include "base/json.hpp"
#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  const auto members = sync::object_members(bytes);
  const auto document = base::JsonDocument::parse(bytes);
  const auto* const object = document ? document->root().if_object() : nullptr;
  must(members.has_value() == (object != nullptr), "both take the same for an object");
  if (object == nullptr) return;
  must(sync::looks_like_object(bytes), "an object looks like one");
  must(members->size() == object->size(), "both find the same members");
  for (const auto& [name, text] : *members) {
    const auto* const value = object->if_contains(name.view());
    must(value != nullptr, "both find the same names");
    const auto again = base::JsonDocument::parse(text);
    // As text: 0e400 is no number to the parser, and so not equal to itself.
    must(again && boost::json::serialize(again->root()) == boost::json::serialize(*value),
         "a slice is the value's own text");
    const auto plain = sync::plain_bytes(text);
    if (const auto* const string = value->if_string()) {
      must(plain.view() == std::string_view(string->data(), string->size()), "a string is decoded");
    } else {
      must(plain.view() == (value->is_null() ? std::string_view() : text), "the rest is verbatim");
    }
  }
}

}  // namespace edsm::fuzz
