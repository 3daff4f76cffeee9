#include "base/text.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

TEST(Text, ReadsAsWhatItWasMadeOf) {
  for (const std::string chars : {"", "a", "ns/name", "a longer text than fits anywhere"}) {
    const Text text = chars;
    EXPECT_EQ(text.view(), chars);
    EXPECT_EQ(text.str(), chars);
    EXPECT_EQ(text, chars);
    EXPECT_EQ(text.empty(), chars.empty());
    EXPECT_EQ(fmt::format("<{}>", text), "<" + chars + ">");
  }
  EXPECT_EQ(Text(std::string_view("a\0b", 3)).view().size(), 3U);
  EXPECT_EQ(Text(), "");
  EXPECT_NE(Text("a"), "b");
}

TEST(Text, EqualTextsAreOneInMemory) {
  const auto before = Text::count();
  {
    const Text a = "shared";
    const Text b = std::string("shared");
    EXPECT_EQ(a, b);
    EXPECT_EQ(a.view().data(), b.view().data());
    EXPECT_EQ(a.hash(), b.hash());
    EXPECT_NE(a, Text("other"));
    EXPECT_EQ(Text::count(), before + 1) << "the other one went with its only holder";
  }
  EXPECT_EQ(Text::count(), before);
}

TEST(Text, LivesAsLongAsItsLastHolder) {
  const auto before = Text::count();
  Text kept;
  {
    const Text first = "held";
    Text second = first;
    kept = std::move(second);
    EXPECT_TRUE(second.empty());  // NOLINT: that is what a moved-from text is
    kept = *&kept;
  }
  EXPECT_EQ(kept, "held");
  Text next = "next";
  kept = next;
  next = {};
  EXPECT_EQ(kept, "next");
  EXPECT_EQ(Text::count(), before + 1);
}

TEST(Text, IsOrderedByContent) {
  const std::map<Text, int> map = {{"b", 2}, {"", 0}, {"ab", 1}, {"c", 3}};
  std::vector<int> order;
  for (const auto& [text, number] : map) order.push_back(number);
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
}

TEST(Text, ManyComeAndGo) {
  const auto before = Text::count();
  std::vector<Text> texts;
  for (int i = 0; i < 10'000; ++i) texts.emplace_back(std::to_string(i));
  EXPECT_EQ(Text::count(), before + 10'000);
  for (std::size_t i = 0; i < 10'000; ++i) {
    EXPECT_EQ(Text(std::to_string(i)).view().data(), texts[i].view().data()) << i;
  }
  texts.resize(10);
  EXPECT_EQ(Text::count(), before + 10);
  EXPECT_EQ(Text("7").view().data(), texts[7].view().data());
}

}  // namespace
}  // namespace edsm::base
