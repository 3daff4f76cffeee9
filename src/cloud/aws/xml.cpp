#include "cloud/aws/xml.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

namespace edsm::cloud::aws {
namespace {

void append_utf8(std::uint32_t code, base::SecretBytes& out) {
  const auto byte = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | code >> 6U);
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3FU));
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

/// "#38" or "#x26"
std::optional<std::uint32_t> numeric_entity(std::string_view name) {
  if (!name.starts_with('#')) return std::nullopt;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x');
  if (hex) name.remove_prefix(1);
  std::uint32_t code = 0;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data(), end, code, hex ? 16 : 10);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (error != std::errc() || at != end || code == 0 || code > 0x10FFFF || surrogate)
    return std::nullopt;
  return code;
}

std::optional<std::uint32_t> entity(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> named = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [word, c] : named) {
    if (word == name) return static_cast<std::uint32_t>(c);
  }
  return numeric_entity(name);
}

}  // namespace

std::optional<std::string_view> xml_element(std::string_view text, std::string_view name) {
  const std::string open = "<" + std::string(name);
  const std::string close = "</" + std::string(name) + ">";
  for (auto at = text.find(open); at != std::string_view::npos; at = text.find(open, at + 1)) {
    const auto after = at + open.size();
    if (after >= text.size()) return std::nullopt;
    // "<Code" also begins "<CodeList>".
    if (!std::string_view("> \t\r\n/").contains(text[after])) continue;
    const auto tag_end = text.find('>', after);
    if (tag_end == std::string_view::npos) return std::nullopt;
    if (text[tag_end - 1] == '/') return std::string_view();
    const auto end = text.find(close, tag_end);
    if (end == std::string_view::npos) return std::nullopt;
    return text.substr(tag_end + 1, end - tag_end - 1);
  }
  return std::nullopt;
}

base::SecretBytes xml_unescape(std::string_view text) {
  base::SecretBytes out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto ampersand = text.find('&');
    out.append(text.substr(0, ampersand));
    if (ampersand == std::string_view::npos) break;
    text.remove_prefix(ampersand + 1);
    const auto semicolon = text.substr(0, 12).find(';');
    const auto code =
        semicolon == std::string_view::npos ? std::nullopt : entity(text.substr(0, semicolon));
    if (!code) {
      out.push_back('&');
      continue;
    }
    append_utf8(*code, out);
    text.remove_prefix(semicolon + 1);
  }
  return out;
}

}  // namespace edsm::cloud::aws
