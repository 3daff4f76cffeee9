// A cloud value and a spec: lines "rawKey", "type", any number of "secretKey property", an empty
// line, then the value. The first byte chooses format and form.
#include "sync/shape.hpp"

#include <algorithm>
#include <array>

#include "support/sync_values.hpp"
#include "sync/json_slice.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using sync::ValueFormat;

bool valid_key(std::string_view key) {
  return !key.empty() && key.size() <= 253 && key != "." && !key.starts_with("..") &&
         std::ranges::all_of(key, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

sync::ShapeSpec spec_of(unsigned flags, Input& input) {
  constexpr std::array formats = {ValueFormat::automatic, ValueFormat::json, ValueFormat::text,
                                  ValueFormat::binary};
  sync::ShapeSpec spec;
  sync::Selections keys;
  spec.format = formats[flags % formats.size()];
  spec.raw_key = input.take_line();
  spec.type = input.take_line();
  for (Input line(input.take_line()); !line.empty(); line = Input(input.take_line())) {
    const std::string key(line.take_until(' '));
    // The definition of bindings sees to it that each key is there once.
    const auto same = std::ranges::find(keys, key, &sync::KeySelection::secret_key);
    if (same == keys.end()) keys.push_back({key, std::string(line.rest())});
  }
  spec.data = std::move(keys);
  return spec;
}

void check_error(const base::Error& error) {
  must(error.failure == base::Failure::invalid && !error.code.empty(), "bad values are invalid");
  must(error.text.size() < 4096, "errors fit into a condition");
}

void check(const sync::ShapedData& data, const sync::ShapeSpec& spec, std::string_view value) {
  must(data.type == spec.type, "the type is the one that is wished");
  must(!data.items.empty() || spec.format != ValueFormat::binary, "raw values have a key");
  std::size_t total = 0;
  std::string_view before;
  for (const auto& [key, bytes] : data.items) {
    must(valid_key(key), "every key is one of a Secret");
    must(before.empty() || before < key, "keys are sorted, each is there once");
    before = key;
    total += bytes.size();
  }
  must(total <= 1'048'576, "the data fit into a Secret");
  const bool raw = data.items.size() == 1 && data.items[0].first == spec.raw_key &&
                   (spec.format == ValueFormat::text || spec.format == ValueFormat::binary) &&
                   spec.data->empty();
  if (raw) must(data.items[0].second.view() == value, "text is verbatim");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned flags = input.take_byte();
  const auto spec = spec_of(flags, input);
  const auto form = (flags & 4U) != 0 ? cloud::Form::binary : cloud::Form::text;
  const auto value = support::value(input.rest(), form);
  const auto data = sync::shape(value, spec);
  if (data) {
    check(*data, spec, input.rest());
  } else {
    check_error(data.error());
  }
  const auto again = sync::shape(value, spec);
  must(again.has_value() == data.has_value(), "shaping is deterministic");
  if (!data) return;
  const auto digester = support::digester();
  must(digester.digest(*data) == digester.digest(*again), "equal values have equal digests");
}

}  // namespace edsm::fuzz
