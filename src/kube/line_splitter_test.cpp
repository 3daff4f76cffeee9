#include "kube/line_splitter.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::kube {
namespace {

struct Case {
  std::string name;
  std::vector<std::string> chunks;
  std::vector<std::string> lines;
  bool overflown = false;
};

class Split : public ::testing::TestWithParam<Case> {};

TEST_P(Split, Lines) {
  LineSplitter splitter(8);
  std::vector<std::string> lines;
  for (const std::string& chunk : GetParam().chunks) {
    splitter.push(chunk);
    while (const auto line = splitter.next()) lines.emplace_back(*line);
  }
  EXPECT_EQ(lines, GetParam().lines);
  EXPECT_EQ(splitter.overflown(), GetParam().overflown);
}

INSTANTIATE_TEST_SUITE_P(
    Streams, Split,
    ::testing::Values(Case{"Nothing", {""}, {}}, Case{"WholeLines", {"a\nbc\n"}, {"a", "bc"}},
                      Case{"SharedChunk", {"a\nb", "c\nd\n"}, {"a", "bc", "d"}},
                      Case{"ByteByByte", {"a", "b", "\n", "c", "\n"}, {"ab", "c"}},
                      Case{"EmptyLines", {"\n\r\n", "a\r\n", "\n"}, {"a"}},
                      Case{"UnfinishedEnd", {"a\nhalf"}, {"a"}},
                      Case{"AtTheLimit", {"12345678\n"}, {"12345678"}},
                      Case{"BeyondInOneChunk", {"a\n123456789\nb\n"}, {"a"}, true},
                      Case{"BeyondOverChunks", {"12345", "6789"}, {}, true},
                      Case{"NothingAfterOverflow", {"123456789", "\nb\n"}, {}, true}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace edsm::kube
