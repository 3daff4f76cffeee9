#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/secret.hpp"

namespace edsm::base {

/// Writes JSON straight into a wiped buffer, so that a secret value is nowhere in between.
/// Commas are put in by itself; nesting and key/value order are the caller's duty.
///
///   JsonWriter json;
///   json.begin_object().member("kind",
///   "Secret").key("data").begin_object()…end_object().end_object(); SecretBytes body =
///   std::move(json).take();
class JsonWriter {
 public:
  JsonWriter() = default;
  /// Reserves `capacity` bytes.
  explicit JsonWriter(std::size_t capacity) { out_.reserve(capacity); }

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  /// A string whose content is the base64 form of `bytes`.
  JsonWriter& base64(std::string_view bytes);
  JsonWriter& number(std::int64_t value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& member(std::string_view name, std::string_view text) {
    return key(name).string(text);
  }
  JsonWriter& member(std::string_view name, const char* text) { return key(name).string(text); }

  const SecretBytes& bytes() const { return out_; }
  SecretBytes take() && { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void comma();
  void quoted(std::string_view text);

  SecretBytes out_;
  bool first_ = true;
};

}  // namespace edsm::base
