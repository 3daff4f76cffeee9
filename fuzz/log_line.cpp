// Foreign text in log lines: a name of a field in the first line, its value in the rest.
#include <boost/json/parse.hpp>

#include "support/manual_clock.hpp"
#include "target.hpp"
#include "telemetry/log.hpp"

namespace edsm::fuzz {
namespace {

class LastLine final : public telemetry::Sink {
 public:
  void write(std::string_view line) override { text = line; }
  std::string text;
};

std::string line_of(telemetry::Format format, std::string_view name, std::string_view value) {
  const support::ManualClock clock;
  LastLine sink;
  telemetry::Log log(clock, sink, telemetry::Level::info, format);
  log.info(value, {{name, value}, {"number", 1}});
  return sink.text;
}

void check(const std::string& line) {
  must(line.ends_with('\n'), "a line ends");
  must(line.find('\n') == line.size() - 1, "one call is one line");
  must(line.size() <= std::size_t{16} << 10U, "a line is bounded");
  for (const char c : line.substr(0, line.size() - 1))
    must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "nothing reaches the terminal raw");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const auto name = input.take_line();
  check(line_of(telemetry::Format::text, name, input.rest()));
  const auto json = line_of(telemetry::Format::json, name, input.rest());
  check(json);
  boost::system::error_code error;
  const auto value = boost::json::parse(json, error);
  must(!error && value.is_object(), "a line is JSON");
  must(value.as_object().at("level") == "info", "no field can pose as another");
}

}  // namespace edsm::fuzz
