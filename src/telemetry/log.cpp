#include "telemetry/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/time.hpp"
#include "telemetry/escape.hpp"

namespace edsm::telemetry {
namespace {

constexpr std::size_t max_line = std::size_t{16} << 10U;

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

/// JSON has no word for these, and a number is all the same to text.
std::string_view non_finite(double number) {
  if (std::isnan(number)) return "NaN";
  return number > 0 ? "+Inf" : "-Inf";
}

/// Puts one line together. Names and values longer than `max_value` bytes are cut.
class Line {
 public:
  Line(Format format, std::size_t max_value) : format_(format), max_value_(max_value) {}

  void begin(std::string_view time, Level level, std::string_view message) {
    if (format_ == Format::json) {
      out_.append(R"({"time":")").append(time);
      out_.append(R"(","level":")").append(name_of(level)).append(R"(","msg":)");
      quoted(message);
      return;
    }
    std::string upper(name_of(level));
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    out_ = fmt::format("{} {:<5} ", time, upper);
    append_escaped(out_, message, Escape::controls, max_value_);
  }

  void field(const Field& field) {
    static constexpr std::array<std::string_view, 3> reserved = {"time", "level", "msg"};
    const bool clash = std::ranges::find(reserved, field.name) != reserved.end();
    std::string name(clash ? "field." : "");
    name += field.name;
    if (format_ == Format::json) {
      out_ += ',';
      quoted(name);
      out_ += ':';
    } else {
      out_ += ' ';
      word(name);
      out_ += '=';
    }
    std::visit([this](const auto& value) { append(value); }, field.value);
  }

  std::string end() && {
    out_ += format_ == Format::json ? "}\n" : "\n";
    return std::move(out_);
  }

 private:
  void append(std::string_view text) {
    if (format_ == Format::json) {
      quoted(text);
    } else {
      word(text);
    }
  }
  void append(std::int64_t number) { out_ += fmt::format("{}", number); }
  void append(double number) {
    if (!std::isfinite(number)) return append(non_finite(number));
    out_ += fmt::format("{}", number);
  }
  void append(bool flag) { out_ += flag ? "true" : "false"; }

  void quoted(std::string_view text) {
    out_ += '"';
    append_escaped(out_, text, Escape::json_string, max_value_);
    out_ += '"';
  }

  /// As it is if it reads as one word, else quoted.
  void word(std::string_view text) {
    const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
      return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
    });
    if (!plain || text.size() > max_value_) return quoted(text);
    out_ += text;
  }

  Format format_;
  std::size_t max_value_;
  std::string out_;
};

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  static constexpr std::array<std::pair<std::string_view, Level>, 9> levels = {{
      {"debug", Level::debug},
      {"info", Level::info},
      {"0", Level::info},
      {"warn", Level::warn},
      {"warning", Level::warn},
      {"error", Level::error},
      {"dpanic", Level::error},
      {"panic", Level::error},
      {"fatal", Level::error},
  }};
  const auto* const known =
      std::ranges::find(levels, name, &std::pair<std::string_view, Level>::first);
  if (known != levels.end()) return known->second;
  // --zap-log-level takes any positive number: the greater, the more is said.
  const bool number = !name.empty() && name.size() <= 9 && name[0] != '0' &&
                      std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  if (number) return Level::debug;
  return std::nullopt;
}

void StderrSink::write(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads: a log line is never worth a failure
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Log::write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const std::string time = base::rfc3339_milli(clock_.wall());
  const auto render = [&](std::size_t max_value, bool with_fields) {
    Line line(format_, max_value);
    line.begin(time, level, message);
    if (with_fields) std::ranges::for_each(fields, [&](const Field& each) { line.field(each); });
    return std::move(line).end();
  };
  std::size_t max_value = max_line;
  std::string line = render(max_value, true);
  // A line that is too long loses the ends of its longest values first and stays well-formed.
  while (line.size() > max_line && max_value > 0) {
    max_value /= 2;
    line = render(max_value, true);
  }
  if (line.size() > max_line) line = render(max_line / 8, false);
  sink_.write(line);
}

}  // namespace edsm::telemetry
