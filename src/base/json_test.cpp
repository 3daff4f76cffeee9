#include "base/json.hpp"

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

TEST(JsonDocumentTest, MalformedTextIsInvalidAndNotQuoted) {
  const std::string_view texts[] = {"",
                                    " ",
                                    "{",
                                    "{]",
                                    "[1,]",
                                    "{\"a\":}",
                                    "{\"secret-word\" 1}",
                                    "nul",
                                    "secret-word",
                                    "\"secret-word",
                                    "{} {}",
                                    "1 2",
                                    "{'a':1}",
                                    "\"\xff\"",
                                    "\"\x01\"",
                                    "[1e]",
                                    "01",
                                    "{\"a\":1}x",
                                    std::string_view("{}\0", 3)};
  for (const auto text : texts) {
    const auto document = JsonDocument::parse(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().failure, Failure::invalid);
    EXPECT_EQ(document.error().code, "MalformedJSON");
    EXPECT_EQ(document.error().text.find("secret-word"), std::string::npos);
    EXPECT_FALSE(document.error().text.empty());
  }
}

TEST(JsonDocumentTest, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(JsonDocument::parse(nested(64)));
  EXPECT_FALSE(JsonDocument::parse(nested(65)));
  EXPECT_FALSE(JsonDocument::parse(nested(1'000'000)));
  EXPECT_TRUE(JsonDocument::parse(nested(3), 3));
  EXPECT_FALSE(JsonDocument::parse(nested(4), 3));
}

TEST(JsonDocumentTest, AnyValueMayBeTheRoot) {
  for (const std::string_view text :
       {"null", "true", "1", "\"a\"", "[]", "{}", " {\"a\" : [1, 2]}\n"}) {
    EXPECT_TRUE(JsonDocument::parse(text)) << text;
  }
}

TEST(JsonDocumentTest, ViewsStayValidWhenTheDocumentMoves) {
  auto document = JsonDocument::parse(R"({"key":"a value that is too long for a small string"})");
  ASSERT_TRUE(document);
  const std::string_view view = string_at(document->root(), "key");
  JsonDocument moved = std::move(*document);
  document = JsonDocument::parse("[]");
  EXPECT_EQ(view, "a value that is too long for a small string");
  EXPECT_EQ(string_at(moved.root(), "key").data(), view.data());
  moved = std::move(*document);
  EXPECT_TRUE(moved.root().is_array());
}

TEST(JsonDocumentTest, ManyValuesOutgrowTheFirstArena) {
  std::string text = "[";
  for (int i = 0; i < 20'000; ++i) text += R"({"a":[{},[],{"b":{}}]},)";
  text += "0]";
  const auto document = JsonDocument::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().as_array().size(), 20'001U);
}

TEST(JsonAccess, StringsOfAnArray) {
  using Strings = std::vector<std::string>;
  const auto document = JsonDocument::parse(R"({"a":{"list":["x",1,null,"",["y"],"z"]},"b":"x"})");
  ASSERT_TRUE(document);
  const auto& root = document->root();
  EXPECT_EQ(strings_at(root, "a.list"), (Strings{"x", "", "z"}));
  EXPECT_EQ(strings_at(*find_path(root, "a.list"), ""), (Strings{"x", "", "z"}));
  for (const std::string_view path : {"a", "b", "a.none"}) {
    EXPECT_EQ(strings_at(root, path), Strings()) << path;
  }
}

TEST(JsonAccess, IsLenient) {
  const auto document = JsonDocument::parse(
      R"({"a":{"b":{"text":"t","number":-5,"big":18446744073709551615,"real":1.5,"flag":true,
          "none":null,"list":[1],"object":{}}},"":{"":"empty"}})");
  ASSERT_TRUE(document);
  const auto& root = document->root();
  EXPECT_EQ(string_at(root, "a.b.text"), "t");
  EXPECT_EQ(int_at(root, "a.b.number"), -5);
  EXPECT_EQ(bool_at(root, "a.b.flag"), true);
  ASSERT_NE(array_at(root, "a.b.list"), nullptr);
  EXPECT_EQ(array_at(root, "a.b.list")->size(), 1U);
  EXPECT_NE(object_at(root, "a.b.object"), nullptr);
  EXPECT_NE(find_path(root, "a.b"), nullptr);
  EXPECT_EQ(find_path(root, ""), &root);

  for (const std::string_view path :
       {"x", "a.x", "a.b.text.x", "a.b.none", "a.b.none.x", "a.b.list.0", ".x"}) {
    EXPECT_EQ(find_path(root, path), nullptr) << path;
    EXPECT_EQ(string_at(root, path), "") << path;
  }
  EXPECT_EQ(string_at(root, "a.b.number"), "");
  EXPECT_EQ(int_at(root, "a.b.text"), std::nullopt);
  EXPECT_EQ(int_at(root, "a.b.real"), std::nullopt);
  EXPECT_EQ(int_at(root, "a.b.big"), std::nullopt);
  EXPECT_EQ(bool_at(root, "a.b.number"), std::nullopt);
  EXPECT_EQ(object_at(root, "a.b.list"), nullptr);
  EXPECT_EQ(array_at(root, "a.b.object"), nullptr);
  EXPECT_EQ(find(*array_at(root, "a.b.list")->data(), "x"), nullptr);
}

}  // namespace
}  // namespace edsm::base
