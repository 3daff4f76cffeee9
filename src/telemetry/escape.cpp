#include "telemetry/escape.hpp"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace edsm::telemetry {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  ///< 0: the first byte begins no valid character
};

/// The table of well-formed byte sequences (Unicode 15, table 3-7): no surrogates, nothing
/// overlong.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return {};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80) return {};
    code = code << 6U | (byte(at) & 0x3FU);
  }
  static constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < smallest[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

/// C0, DEL and C1: the ranges in which terminals find commands.
bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

std::string control_escape(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\u{:04x}", code);
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, Escape escape, std::size_t max_bytes) {
  const std::size_t start = out.size();
  while (!text.empty()) {
    const auto [code, length] = first_character(text);
    std::string escaped;
    std::string_view piece = text.substr(0, length);
    if (length == 0) {
      piece = "\xEF\xBF\xBD";
    } else if (is_control(code)) {
      escaped = control_escape(code);
      piece = escaped;
    } else if (escape == Escape::json_string && (code == '"' || code == '\\')) {
      piece = code == '"' ? "\\\"" : "\\\\";
    }
    if (out.size() - start + piece.size() > max_bytes) {
      out += "\xE2\x80\xA6";
      return;
    }
    out += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace edsm::telemetry
