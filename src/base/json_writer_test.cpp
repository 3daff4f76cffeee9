#include "base/json_writer.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace edsm::base {
namespace {

TEST(JsonWriterTest, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().member("a", "1").key("b").begin_array();
  json.number(1).boolean(true).boolean(false).null().begin_object().end_object();
  json.begin_array().end_array().string("x").end_array();
  json.key("c").begin_object().member("d", "e").end_object().key("f").raw("[1.50]").end_object();
  EXPECT_EQ(json.bytes().view(),
            R"({"a":"1","b":[1,true,false,null,{},[],"x"],"c":{"d":"e"},"f":[1.50]})");
}

TEST(JsonWriterTest, Numbers) {
  JsonWriter json;
  json.begin_array().number(std::numeric_limits<std::int64_t>::min()).number(0);
  json.number(std::numeric_limits<std::int64_t>::max()).end_array();
  EXPECT_EQ(json.bytes().view(), "[-9223372036854775808,0,9223372036854775807]");
}

TEST(JsonWriterTest, WhatItWritesIsReadBack) {
  std::string text;
  for (char c = 0; c < 0x7F; ++c) text.push_back(c);
  text += "\x7f \xc3\xa4 \xe2\x80\xa8 \xf0\x9f\x94\x91";
  JsonWriter json;
  json.begin_object().member(text, text).end_object();
  const SecretBytes bytes = std::move(json).take();
  const auto document = JsonDocument::parse(bytes.view());
  ASSERT_TRUE(document) << bytes.view();
  const auto* const value = find(document->root(), text);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->as_string(), text);
}

TEST(JsonWriterTest, Base64) {
  JsonWriter json;
  json.begin_array().base64("").base64("fo").base64(std::string_view("\0\xff", 2)).end_array();
  EXPECT_EQ(json.bytes().view(), R"(["","Zm8=","AP8="])");
}

}  // namespace
}  // namespace edsm::base
