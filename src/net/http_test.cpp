#include "net/http.hpp"

#include <gtest/gtest.h>

namespace edsm::net {
namespace {

using std::chrono::milliseconds;

TEST(Headers, NamesCompareWithoutCase) {
  Headers headers{{"Content-Type", "a"}, {"X-One", "1"}};
  EXPECT_EQ(headers.find("content-type"), "a");
  EXPECT_EQ(headers.find("X-ONE"), "1");
  EXPECT_EQ(headers.find("X-On"), std::nullopt);
  EXPECT_EQ(headers.find(""), std::nullopt);
}

TEST(Headers, AddKeepsAndSetReplaces) {
  Headers headers;
  headers.add("A", "1");
  headers.add("a", "2");
  headers.add("B", "3");
  EXPECT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers.find("a"), "1");
  headers.set("a", "4");
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.find("A"), "4");
  headers.set("C", "5");
  EXPECT_EQ(headers.find("c"), "5");
}

TEST(Headers, SetFromAViewIntoItself) {
  Headers headers{{"A", "a value that is too long for the small string"}, {"B", "2"}};
  const auto value = headers.find("A");
  ASSERT_TRUE(value);
  headers.set("A", *value);
  EXPECT_EQ(headers.find("A"), "a value that is too long for the small string");
}

TEST(RetryAfter, WholeSecondsOnly) {
  struct Case {
    const char* text;
    std::optional<milliseconds> expected;
  };
  const Case cases[] = {
      {"0", milliseconds(0)},
      {"1", milliseconds(1000)},
      {" 120 ", milliseconds(120'000)},
      {"3600", milliseconds(3'600'000)},
      {"3601", milliseconds(3'600'000)},
      {"4294967295", milliseconds(3'600'000)},
      {"4294967296", std::nullopt},
      {"-1", std::nullopt},
      {"1.5", std::nullopt},
      {"", std::nullopt},
      {"1 s", std::nullopt},
      {"Fri, 31 Dec 1999 23:59:59 GMT", std::nullopt},
  };
  for (const Case& c : cases)
    EXPECT_EQ(retry_after({{"retry-after", c.text}}), c.expected) << c.text;
  EXPECT_EQ(retry_after({}), std::nullopt);
}

TEST(MethodNames, AreTheWires) {
  EXPECT_EQ(to_string(Method::get), "GET");
  EXPECT_EQ(to_string(Method::post), "POST");
  EXPECT_EQ(to_string(Method::put), "PUT");
  EXPECT_EQ(to_string(Method::patch), "PATCH");
  EXPECT_EQ(to_string(Method::del), "DELETE");
}

}  // namespace
}  // namespace edsm::net
