#include "telemetry/escape.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace edsm::telemetry {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

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
    if (const auto plain = base::plain_prefix(text); plain > 0) {
      const auto room = max_bytes - (out.size() - start);
      out += text.substr(0, std::min(plain, room));
      if (plain > room) {
        out += ellipsis;
        return;
      }
      text.remove_prefix(plain);
      continue;
    }
    const auto [code, length] = base::first_character(text);
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
      out += ellipsis;
      return;
    }
    out += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace edsm::telemetry
