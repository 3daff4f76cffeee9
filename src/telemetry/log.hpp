#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"

namespace edsm::telemetry {

enum class Level : std::uint8_t { debug, info, warn, error };
/// Also understands zap's names and numbers ("panic", "1"); nullopt if unknown.
std::optional<Level> parse_level(std::string_view text);

enum class Format : std::uint8_t { text, json };

/// One typed field of a log line. Nothing that holds a secret converts to it.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, double, bool>;
  Field(std::string_view name_, std::string_view text) : name(name_), value(text) {}
  Field(std::string_view name_, const std::string& text)
      : name(name_), value(std::string_view(text)) {}
  Field(std::string_view name_, const char* text) : name(name_), value(std::string_view(text)) {}
  /// Only a real bool: a pointer would turn into one silently.
  Field(std::string_view name_, std::same_as<bool> auto flag) : name(name_), value(flag) {}
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  Field(std::string_view name_, Number number)
      : name(name_), value(static_cast<std::int64_t>(number)) {}
  Field(std::string_view name_, std::floating_point auto number)
      : name(name_), value(static_cast<double>(number)) {}

  std::string_view name;
  Value value;
};

/// Where finished lines go (each ends with a newline). Views are valid during the call only.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view line) = 0;
};

/// Writes each line with one write(2) to standard error.
class StderrSink final : public Sink {
 public:
  void write(std::string_view line) override;
};

/// One line per call: time stamp, level, message, fields. JSON is escaped, invalid UTF-8 replaced;
/// text is "2026-11-23T18:00:00.123Z INFO  message key=value key2="two words"". A line has at most
/// 16 KiB: then its longest values are cut, and it stays well-formed. A field called "time",
/// "level" or "msg" appears as "field.time" and so on. Used from one thread.
class Log {
 public:
  Log(const base::Clock& clock, Sink& sink, Level level, Format format)
      : clock_(clock), sink_(sink), level_(level), format_(format) {}

  using Fields = std::initializer_list<Field>;
  void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
  void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
  void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
  void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }

  bool enabled(Level level) const { return level >= level_; }

 private:
  void write(Level level, std::string_view message, Fields fields);

  const base::Clock& clock_;
  Sink& sink_;
  Level level_;
  Format format_;
};

}  // namespace edsm::telemetry
