#include "base/utf8.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

TEST(Utf8, IsAllOrNothing) {
  const std::pair<std::string, bool> rows[] = {
      {"", true},
      {"plain", true},
      {std::string("\0", 1), true},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\xFF", false},
      {"a\x80", false},
      {"\xC3", false},
      {"\xE2\x82", false},
      {"\xC0\xAF", false},
      {"\xE0\x80\xAF", false},
      {"\xED\xA0\x80", false},
      {"\xF4\x90\x80\x80", false},
      {"\xF8\x88\x80\x80\x80", false},
  };
  for (const auto& [bytes, good] : rows)
    EXPECT_EQ(is_utf8(bytes), good) << testing::PrintToString(bytes);
}

TEST(PlainPrefix, EndsBeforeWhatNeedsALook) {
  // Every byte at every place of a text of every length up to three words.
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool plain = byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
    for (std::size_t size = 1; size <= 24; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        text[at] = c;
        ASSERT_EQ(plain_prefix(text), plain ? size : at) << byte << " at " << at << " of " << size;
      }
    }
  }
  EXPECT_EQ(plain_prefix(""), 0U);
  EXPECT_EQ(plain_prefix("        \n !~\x80"), 8U);
}

}  // namespace
}  // namespace edsm::base
