#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Which messages and log entries a filter lets through. Pure.
namespace edsm::cloud::gcp {

enum class Passes : std::uint8_t {
  no,
  yes,
  unclear,  ///< it says something that is not understood here: never guessed
};

/// What a message or an entry has at a path ("protoPayload.methodName", "attributes.eventType").
struct Field {
  enum class Kind : std::uint8_t { text, absent, unclear };
  Kind kind = Kind::absent;
  std::string text;
};
using Fields = std::function<Field(std::string_view path)>;

/// A filter of a log sink (the Logging query language) or of a subscription (attributes,
/// hasPrefix), of which it knows what people write there: comparisons, presence, substrings, AND,
/// OR, NOT, parentheses, lists of values, log_id, comments, and regular expressions out of texts,
/// dots and alternatives. An empty one lets everything through.
Passes passes(std::string_view filter, const Fields& fields);

/// Whether a text has a part that a regular expression fits.
Passes fits(std::string_view pattern, std::string_view text);

}  // namespace edsm::cloud::gcp
