#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edsm::base {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  ///< 0: the first byte begins no valid character
};

/// Of a text that is not empty.
Character first_character(std::string_view text);

/// How many of the first bytes are printable ASCII other than a quote and a backslash: JSON, a log
/// and a terminal take these as they are. Most texts have nothing else, so they need no look at
/// each character.
std::size_t plain_prefix(std::string_view text);

/// Whether all of it is UTF-8.
bool is_utf8(std::string_view bytes);

}  // namespace edsm::base
