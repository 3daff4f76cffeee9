#include "cloud/aws/inspect/event_pattern.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace edsm::cloud::aws {
namespace {

/// Rows that an emulator of EventBridge judges, too: tests/integration/test_doctor.py.
boost::json::value rows() {
  const std::ifstream file("tests/vectors/eventbridge/patterns.json");
  std::stringstream text;
  text << file.rdbuf();
  return boost::json::parse(text.str());
}

TEST(EventPattern, MatchesAsEventBridgeDoes) {
  const auto table = rows();
  ASSERT_GT(table.as_array().size(), 50U);
  for (const auto& row : table.as_array()) {
    SCOPED_TRACE(row.at("why").as_string().c_str());
    const auto pattern = EventPattern::parse(boost::json::serialize(row.at("pattern")));
    ASSERT_TRUE(pattern) << base::describe(pattern.error());
    EXPECT_EQ(pattern->matches(row.at("event")), row.at("matches").as_bool());
  }
}

TEST(EventPattern, SaysNothingOfWhatItDoesNotKnow) {
  for (const auto* const text :
       {"", "[]", "{}", R"({"a":"text"})", R"({"a":[]})", R"({"a":[["b"]]})",
        R"({"a":[{"sounds-like":"b"}]})", R"({"a":[{"prefix":"b","suffix":"c"}]})",
        R"({"a":[{"prefix":7}]})", R"({"a":[{"exists":"yes"}]})", R"({"a":[{"numeric":[">"]}]})",
        R"({"a":[{"numeric":["~",1]}]})", R"({"a":[{"cidr":"10.0.0.0/40"}]})",
        R"({"a":[{"anything-but":{"numeric":["=",1]}}]})", R"({"a":{"b":{}}})"}) {
    EXPECT_FALSE(EventPattern::parse(text)) << text;
  }
}

TEST(EventPattern, AnEventThatIsNoObjectHasNothing) {
  const auto absent = EventPattern::parse(R"({"a":[{"exists":false}]})");
  EXPECT_TRUE(absent->matches(boost::json::value(7)));
  EXPECT_FALSE(EventPattern::parse(R"({"a":["b"]})")->matches(nullptr));
}

}  // namespace
}  // namespace edsm::cloud::aws
