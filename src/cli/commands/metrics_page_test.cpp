#include "cli/commands/metrics_page.hpp"

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

TEST(MetricsPage, SumsWhatHasTheLabels) {
  const MetricsPage page(
      "# HELP a b\n# TYPE a counter\na{x=\"1\",y=\"p\"} 2\na{x=\"1\",y=\"q\"} 3\n"
      "a{x=\"2\"} 1e3\nb 0.5\nab 7\n\nno number\na{broken 1\nc{x=\"a \\\"b\\\", c\\n\"} 4");
  EXPECT_DOUBLE_EQ(page.sum("a", {}), 1005);
  EXPECT_DOUBLE_EQ(page.sum("a", {{"x", "1"}}), 5);
  EXPECT_DOUBLE_EQ(page.sum("a", {{"x", "1"}, {"y", "q"}}), 3);
  EXPECT_DOUBLE_EQ(page.sum("a", {{"z", ""}}), 0);
  EXPECT_DOUBLE_EQ(page.sum("b", {}), 0.5);
  EXPECT_DOUBLE_EQ(page.sum("c", {{"x", "a \"b\", c\n"}}), 4);
  EXPECT_TRUE(page.has("ab"));
  EXPECT_FALSE(page.has("no"));
}

}  // namespace
}  // namespace edsm::cli
