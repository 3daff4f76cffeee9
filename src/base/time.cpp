#include "base/time.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace edsm::base {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

/// Cuts `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<WallTime> from_fields(const Fields& f) {
  const std::chrono::year_month_day date{std::chrono::year(f.year),
                                         std::chrono::month(static_cast<unsigned>(f.month)),
                                         std::chrono::day(static_cast<unsigned>(f.day))};
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + hours(f.hour) + minutes(f.minute) +
         seconds(f.second);
}

Fields to_fields(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time - day));
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

void append_digits(std::string& text, int value, std::size_t count) {
  const auto end = text.size() + count;
  text.resize(end);
  for (std::size_t i = 1; i <= count; ++i, value /= 10) {
    text[end - i] = static_cast<char>('0' + value % 10);
  }
}

/// "2026-11-23T18:00:00". By hand: each change writes several, and a formatter takes ten times as
/// long.
std::string to_the_second(WallTime time) {
  const Fields f = to_fields(time);
  std::string text;
  text.reserve(sizeof "2026-11-23T18:00:00.000000Z");
  append_digits(text, std::clamp(f.year, 0, 9999), 4);
  for (const auto& [separator, value] :
       {std::pair{'-', f.month}, {'-', f.day}, {'T', f.hour}, {':', f.minute}, {':', f.second}}) {
    text += separator;
    append_digits(text, value, 2);
  }
  return text;
}

}  // namespace

std::string rfc3339_micro(WallTime time) {
  const auto micros = (time - std::chrono::floor<seconds>(time)).count();
  auto text = to_the_second(time);
  text += '.';
  append_digits(text, static_cast<int>(micros), 6);
  text += 'Z';
  return text;
}

std::string rfc3339_milli(WallTime time) {
  auto text = rfc3339_micro(time);
  return text.replace(text.size() - 4, 4, "Z");
}

std::string rfc3339(WallTime time) {
  return to_the_second(time) + 'Z';
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !(take(text, "T") || take(text, "t") || take(text, " "))) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  auto time = from_fields({*year, *month, *day, *hour, *minute, *second});
  if (!time) return std::nullopt;

  if (take(text, ".")) {
    std::int64_t unit = 100'000;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      *time += Duration(unit * (text[digits] - '0'));
      unit /= 10;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
  }
  if (text == "Z" || text == "z") return time;
  const bool ahead = text.starts_with('+');
  if (!ahead && !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const auto offset_hours = take_digits(text, 2);
  if (!offset_hours || !take(text, ":")) return std::nullopt;
  const auto offset_minutes = take_digits(text, 2);
  if (!offset_minutes || !text.empty()) return std::nullopt;
  if (*offset_hours > 23 || *offset_minutes > 59) return std::nullopt;
  const auto offset = hours(*offset_hours) + minutes(*offset_minutes);
  return ahead ? *time - offset : *time + offset;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  text.remove_prefix(comma + 2);
  const auto day = take_digits(text, 2);
  if (!day || !take(text, " ")) return std::nullopt;
  int month = 0;
  for (int i = 0; i < 12 && month == 0; ++i) {
    if (take(text, months[static_cast<std::size_t>(i)])) month = i + 1;
  }
  if (month == 0 || !take(text, " ")) return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, " ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  return from_fields({*year, month, *day, *hour, *minute, *second});
}

}  // namespace edsm::base
