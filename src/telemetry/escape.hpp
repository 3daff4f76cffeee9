#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edsm::telemetry {

/// What `append_escaped` does with quotes and backslashes.
enum class Escape : bool {
  controls,     ///< leaves them: for text outside quotes
  json_string,  ///< escapes them: for the inside of a JSON string
};

/// Appends `text` as valid UTF-8 on one line: control characters become \n, \t, \u001b …, every
/// byte that is not UTF-8 becomes U+FFFD. At most `max_bytes` are added; what does not fit is
/// replaced by "…", which comes on top. Escapes and characters are never cut in two.
void append_escaped(std::string& out, std::string_view text, Escape escape, std::size_t max_bytes);

}  // namespace edsm::telemetry
