#include "telemetry/log.hpp"

#include <limits>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/secret.hpp"
#include "support/manual_clock.hpp"

namespace edsm::telemetry {
namespace {

class Lines final : public Sink {
 public:
  void write(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class LogTest : public testing::Test {
 protected:
  std::string text(std::string_view message, Log::Fields fields = {}) {
    Log log(clock, sink, Level::debug, Format::text);
    log.info(message, fields);
    return sink.lines.back();
  }
  std::string json(std::string_view message, Log::Fields fields = {}) {
    Log log(clock, sink, Level::debug, Format::json);
    log.info(message, fields);
    return sink.lines.back();
  }
  support::ManualClock clock;
  Lines sink;
};

const std::string text_start = "2026-11-23T01:00:00.000Z INFO  ";
const std::string json_start = R"({"time":"2026-11-23T01:00:00.000Z","level":"info","msg":)";

TEST_F(LogTest, LevelsFilter) {
  for (const Format format : {Format::text, Format::json}) {
    sink.lines.clear();
    Log log(clock, sink, Level::warn, format);
    EXPECT_FALSE(log.enabled(Level::info));
    EXPECT_TRUE(log.enabled(Level::warn));
    log.debug("1");
    log.info("2");
    log.warn("3");
    log.error("4");
    EXPECT_EQ(sink.lines.size(), 2U);
  }
}

TEST_F(LogTest, TextLines) {
  clock.advance(std::chrono::milliseconds(987));
  Log log(clock, sink, Level::debug, Format::text);
  log.debug("one");
  log.warn("two words");
  log.error("three");
  EXPECT_EQ(sink.lines[0], "2026-11-23T01:00:00.987Z DEBUG one\n");
  EXPECT_EQ(sink.lines[1], "2026-11-23T01:00:00.987Z WARN  two words\n");
  EXPECT_EQ(sink.lines[2], "2026-11-23T01:00:00.987Z ERROR three\n");
}

TEST_F(LogTest, EveryTypeOfField) {
  const std::string owned = "owned";
  const Log::Fields fields = {{"view", std::string_view("view")},
                              {"owned", owned},
                              {"literal", "two words"},
                              {"yes", true},
                              {"no", false},
                              {"small", std::uint8_t{200}},
                              {"negative", -7},
                              {"large", std::numeric_limits<std::int64_t>::max()},
                              {"real", 0.25},
                              {"huge", 1e300}};
  EXPECT_EQ(
      text("m", fields),
      text_start +
          "m view=view owned=owned literal=\"two words\" yes=true no=false small=200 negative=-7 "
          "large=9223372036854775807 real=0.25 huge=1e+300\n");
  EXPECT_EQ(
      json("m", fields),
      json_start +
          R"("m","view":"view","owned":"owned","literal":"two words","yes":true,"no":false,)"
          R"("small":200,"negative":-7,"large":9223372036854775807,"real":0.25,"huge":1e+300})"
          "\n");
}

TEST_F(LogTest, SecretsAndPointersAreNoFields) {
  static_assert(!std::is_constructible_v<Field, std::string_view, base::SecretBytes>);
  static_assert(!std::is_constructible_v<Field, std::string_view, const base::SecretBytes&>);
  static_assert(!std::is_constructible_v<Field, std::string_view, void*>);
  static_assert(std::is_constructible_v<Field, std::string_view, bool>);
}

TEST_F(LogTest, JsonEscapes) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", R"("")"},
      {"a \"b\" \\c", R"("a \"b\" \\c")"},
      {"a\nb\rc\td", R"("a\nb\rc\td")"},
      {std::string_view("\0\x01\x1f\x1b[31m", 8), R"("\u0000\u0001\u001f\u001b[31m")"},
      {"\x7f", R"("\u007f")"},
      {"\xc2\x9b", R"("\u009b")"},  // C1: CSI
      {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91", "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"a\xc3", "\"a\xef\xbf\xbd\""},                                                // cut short
      {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                                  // overlong
      {"\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},                  // overlong
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},                  // surrogate
      {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // too large
      {"\x80z", "\"\xef\xbf\xbdz\""},
  };
  for (const auto& [message, expected] : cases) {
    EXPECT_EQ(json(message), json_start + std::string(expected) + "}\n");
    EXPECT_EQ(json("m", {{"k", message}}),
              json_start + "\"m\",\"k\":" + std::string(expected) + "}\n");
  }
}

TEST_F(LogTest, TextStaysOnOneLineAndQuotesWhatIsNoWord) {
  EXPECT_EQ(text("a\nb \"c\" \x1b[0m\xff"), text_start + "a\\nb \"c\" \\u001b[0m\xef\xbf\xbd\n");
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"word-1.2/x:y", "word-1.2/x:y"},
      {"", "\"\""},
      {"a b", "\"a b\""},
      {"a=b", "\"a=b\""},
      {"a\"b", "\"a\\\"b\""},
      {"a\nb", "\"a\\nb\""},
      {"a\\b", "\"a\\\\b\""},
      {"\xc3\xa4", "\"\xc3\xa4\""},
  };
  for (const auto& [value, expected] : cases) {
    EXPECT_EQ(text("m", {{"k", value}}), text_start + "m k=" + std::string(expected) + "\n");
  }
  EXPECT_EQ(text("m", {{"a key", 1}}), text_start + "m \"a key\"=1\n");
}

TEST_F(LogTest, NumbersThatJsonDoesNotKnow) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const Log::Fields fields = {{"a", std::nan("")}, {"b", infinite}, {"c", -infinite}};
  EXPECT_EQ(json("m", fields), json_start + R"("m","a":"NaN","b":"+Inf","c":"-Inf"})"
                                            "\n");
  EXPECT_EQ(text("m", fields), text_start + "m a=NaN b=+Inf c=-Inf\n");
}

TEST_F(LogTest, ReservedNamesCannotBeOverwritten) {
  EXPECT_EQ(json("m", {{"time", "x"}, {"level", "y"}, {"msg", "z"}}),
            json_start + R"("m","field.time":"x","field.level":"y","field.msg":"z"})"
                         "\n");
}

TEST_F(LogTest, LongLinesAreCutInTheirValuesAndStayWellFormed) {
  const std::string quotes(40'000, '"');
  const std::string umlauts = [] {
    std::string all;
    for (int i = 0; i < 30'000; ++i) all += "\xc3\xa4";
    return all;
  }();
  const Log::Fields fields = {
      {"quotes", quotes}, {"umlauts", umlauts}, {quotes, 1}, {"short", "kept"}};
  const std::string line = json(umlauts, fields);
  EXPECT_LE(line.size(), std::size_t{16} << 10U);
  EXPECT_GE(line.size(), std::size_t{6} << 10U);  // it is cut, not thrown away
  boost::system::error_code error;
  const auto value = boost::json::parse(line.substr(0, line.size() - 1), error);
  ASSERT_FALSE(error) << error.message();
  EXPECT_EQ(value.at("short").as_string(), "kept");
  EXPECT_TRUE(value.at("umlauts").as_string().ends_with("\xc3\xa4\xe2\x80\xa6"));

  const std::string plain = text(umlauts, fields);
  EXPECT_LE(plain.size(), std::size_t{16} << 10U);
  EXPECT_TRUE(plain.ends_with(" short=kept\n")) << plain.substr(plain.size() - 40);
  EXPECT_EQ(plain.find('\n'), plain.size() - 1);
}

TEST_F(LogTest, TheLongestLineIsNotCut) {
  const std::size_t room = (std::size_t{16} << 10U) - json("").size();
  EXPECT_EQ(json(std::string(room, 'x')).size(), std::size_t{16} << 10U);
  EXPECT_EQ(json(std::string(room, 'x')).find("\xe2\x80\xa6"), std::string::npos);
  EXPECT_NE(json(std::string(room + 1, 'x')).find("\xe2\x80\xa6"), std::string::npos);
}

TEST(LevelTest, Names) {
  const std::pair<std::string_view, std::optional<Level>> cases[] = {
      {"debug", Level::debug},
      {"INFO", Level::info},
      {"Warn", Level::warn},
      {"warning", Level::warn},
      {"error", Level::error},
      {"panic", Level::error},
      {"fatal", Level::error},
      {"dpanic", Level::error},
      {"0", Level::info},
      {"1", Level::debug},
      {"10", Level::debug},
      {"", {}},
      {"verbose", {}},
      {"-1", {}},
      {"1x", {}},
      {"00", {}},
      {"debug ", {}},
      {"9999999999999", {}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_level(text), expected) << text;
}

TEST(StderrSinkTest, WritesTheWholeLine) {
  testing::internal::CaptureStderr();
  StderrSink sink;
  const std::string line = std::string(100'000, 'x') + "\n";
  sink.write(line);
  sink.write("two\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), line + "two\n");
}

}  // namespace
}  // namespace edsm::telemetry
