#include "base/json_writer.hpp"

#include <array>
#include <charconv>

#include "base/crypto.hpp"

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
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(text.substr(plain, i - plain));
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out_.push_back('\\');
      out_.push_back(text[i]);
    } else {
      out_.append("\\u00");
      out_.push_back(digits[c >> 4U]);
      out_.push_back(digits[c & 0xFU]);
    }
  }
  out_.append(text.substr(plain));
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
