#include "base/json_writer.hpp"

#include <array>
#include <charconv>

#include "base/crypto.hpp"
#include "base/utf8.hpp"

namespace edsm::base {

void JsonWriter::comma() {
  if (!first_) out_.push_back(',');
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  comma();
  out_.push_back(bracket);
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  first_ = false;
  return *this;
}

void JsonWriter::quoted(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out_.push_back('"');
  while (true) {
    const auto plain = plain_prefix(text);
    out_.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text.front());
    if (c == '"' || c == '\\') {
      out_.push_back('\\');
      out_.push_back(text.front());
    } else if (c < 0x20) {
      out_.append("\\u00");
      out_.push_back(digits[c >> 4U]);
      out_.push_back(digits[c & 0xFU]);
    } else {
      out_.push_back(text.front());
    }
    text.remove_prefix(1);
  }
  out_.push_back('"');
}

JsonWriter& JsonWriter::key(std::string_view name) {
  comma();
  quoted(name);
  out_.push_back(':');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  comma();
  quoted(text);
  return *this;
}

JsonWriter& JsonWriter::base64(std::string_view bytes) {
  comma();
  out_.push_back('"');
  base64_append(bytes, out_);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return raw({text.data(), static_cast<std::size_t>(end - text.data())});
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  comma();
  out_.append(json);
  return *this;
}

}  // namespace edsm::base
