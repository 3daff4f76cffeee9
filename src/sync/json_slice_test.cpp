#include "sync/json_slice.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace edsm::sync {
namespace {

using namespace std::string_literals;

struct Row {
  std::string_view what;
  std::string text;
};

TEST(JsonSlice, RefusesWhatIsNotOneValidObject) {
  const Row rows[] = {
      {"nothing", ""},
      {"white space", " \n\t"},
      {"an array", "[1]"},
      {"a string", R"("x")"},
      {"a number", "1"},
      {"null", "null"},
      {"cut off after the brace", "{"},
      {"cut off in a name", R"({"a)"},
      {"cut off in a value", R"({"a":"b)"},
      {"a trailing comma", R"({"a":1,})"},
      {"a comma alone", "{,}"},
      {"single quotes", "{'a':1}"},
      {"a name without quotes", "{a:1}"},
      {"a comment", R"({"a":1/*x*/})"},
      {"something behind it", R"({"a":1} x)"},
      {"two objects", R"({"a":1}{"b":2})"},
      {"a raw control character", "{\"a\":\"x\ny\"}"},
      {"half a surrogate pair", R"({"a":"\ud83d"})"},
      {"the wrong half of one", R"({"a":"\ude00"})"},
      {"bytes that are not UTF-8", "{\"a\":\"\xff\"}"},
      {"an overlong UTF-8 form", "{\"a\":\"\xc0\xaf\"}"},
      {"a leading zero", R"({"a":01})"},
      {"a plus sign", R"({"a":+1})"},
      {"NaN", R"({"a":NaN})"},
      {"a NUL outside a string", "{\"a\":1}\0"s},
      {"65 levels", R"({"a":)" + std::string(64, '[') + std::string(64, ']') + "}"},
  };
  for (const auto& row : rows) {
    const auto members = object_members(row.text);
    ASSERT_FALSE(members) << row.what;
    EXPECT_EQ(members.error().failure, base::Failure::invalid) << row.what;
    EXPECT_EQ(members.error().code, "NotJSON") << row.what;
  }
}

TEST(JsonSlice, TheErrorNeverQuotesTheText) {
  const auto members = object_members(R"({"canary-9f1b": "canary-77ab",})");
  ASSERT_FALSE(members);
  EXPECT_EQ(base::describe(members.error()).find("canary"), std::string::npos);
}

TEST(JsonSlice, LooksLikeObject) {
  for (const auto* const yes : {"{", " \r\n\t{}", "{broken"})
    EXPECT_TRUE(looks_like_object(yes)) << yes;
  for (const auto* const no : {"", "  ", "[{}]", "x{", "\"{\"", "null"}) {
    EXPECT_FALSE(looks_like_object(no)) << no;
  }
}

/// The text of the value of the only member, and the bytes that it stands for.
struct Lexeme {
  std::string value;
  std::string bytes;
};

TEST(JsonSlice, EveryValueKeepsItsSourceText) {
  const Lexeme rows[] = {
      {"12345678901234567890", "12345678901234567890"},
      {"123456789012345678901234567890123456789012345678901234567890",
       "123456789012345678901234567890123456789012345678901234567890"},
      {"1e400", "1e400"},
      {"-1E-400", "-1E-400"},
      {"-0", "-0"},
      {"-0.0", "-0.0"},
      {"1.50", "1.50"},
      {"true", "true"},
      {"false", "false"},
      {"null", ""},
      {"[]", "[]"},
      {"{}", "{}"},
      {R"([ 1 ,  "]" , {"b" : "}\"]" } ])", R"([ 1 ,  "]" , {"b" : "}\"]" } ])"},
      {R"({ "b" :  [1e400, "\\", "\"" ]  })", R"({ "b" :  [1e400, "\\", "\"" ]  })"},
      {R"("")", ""},
      {R"(" ")", " "},
      {R"("null")", "null"},
      {R"("a\"b\\c\/d")", "a\"b\\c/d"},
      {R"("\b\f\n\r\t")", "\b\f\n\r\t"},
      {R"("\u0000")", "\0"s},
      {R"("a\u0000b")", "a\0b"s},
      {R"("\u00e9\u20AC")", "\xc3\xa9\xe2\x82\xac"},
      {R"("\ud83d\ude00")", "\xf0\x9f\x98\x80"},
      {"\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
      {R"("{\"not\":\"decoded twice\"}")", R"({"not":"decoded twice"})"},
  };
  for (const auto& row : rows) {
    for (const auto* const form :
         {R"({{"a":{}}})", " {{ \"a\" :\t{}\r\n}} \n", R"({{"z":"}}","a":{},"b":[1]}})"}) {
      const auto text = fmt::format(fmt::runtime(form), row.value);
      const auto members = object_members(text);
      ASSERT_TRUE(members) << text;
      const auto* const member = find_member(*members, "a");
      ASSERT_NE(member, nullptr) << text;
      EXPECT_EQ(member->text, row.value) << text;
      EXPECT_EQ(plain_bytes(member->text).view(), row.bytes) << text;
    }
  }
}

TEST(JsonSlice, MembersAreSortedAndTheLastOfARepeatedNameCounts) {
  const auto members =
      object_members(R"({"b":1,"a":2,"b":"three","\u0061":null,"":4,"b":5,"c":6})");
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 4U);
  EXPECT_EQ(members->at(0).name.view(), "");
  EXPECT_EQ(members->at(1).name.view(), "a");
  EXPECT_EQ(members->at(1).text, "null");
  EXPECT_EQ(members->at(2).name.view(), "b");
  EXPECT_EQ(members->at(2).text, "5");
  EXPECT_EQ(find_member(*members, "b"), &members->at(2));
  for (const auto* const name : {"bb", "A", "d", "0"})
    EXPECT_EQ(find_member(*members, name), nullptr);
}

TEST(JsonSlice, EmptyObjectsHaveNoMembers) {
  for (const auto* const text : {"{}", " { } ", "{\n}"}) {
    const auto members = object_members(text);
    ASSERT_TRUE(members) << text;
    EXPECT_TRUE(members->empty()) << text;
  }
}

TEST(JsonSlice, SixtyThreeNestedLevelsAreRead) {
  const auto text = R"({"a":)" + std::string(63, '[') + std::string(63, ']') + "}";
  const auto members = object_members(text);
  ASSERT_TRUE(members);
  EXPECT_EQ(members->at(0).text.size(), 126U);
}

}  // namespace
}  // namespace edsm::sync
