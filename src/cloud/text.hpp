#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Small text helpers of all clouds. ASCII only, independent of the locale.
namespace edsm::cloud {

std::string lower(std::string_view text);
bool same_ignoring_case(std::string_view a, std::string_view b);
/// Without leading and trailing spaces, tabs and line ends.
std::string_view trim(std::string_view text);
/// The pieces between separators; empty pieces are kept.
std::vector<std::string_view> split(std::string_view text, char separator);
/// A whole non-negative decimal number.
std::optional<std::int64_t> parse_number(std::string_view text);
/// "true" and "false" in any case.
std::optional<bool> parse_bool(std::string_view text);
template <class Range>
bool one_of(const Range& range, std::string_view text) {
  return std::ranges::find(range, text) != std::ranges::end(range);
}
bool is_digits(std::string_view text);
bool is_alnum(char c);

}  // namespace edsm::cloud
