// What `edsm migrate` takes for objects.

#include "cli/commands/manifests.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

TEST(Manifests, OfEveryForm) {
  struct Row {
    std::string_view text;
    std::size_t objects;
  };
  const Row rows[] = {
      {"", 0},
      {"---\n# nothing\n---\n", 0},
      {"{\"kind\":\"A\"}", 1},
      {"{kind: A}", 1},
      {"kind: A\n---\nkind: B\n", 2},
      {"{\"kind\":\"List\",\"items\":[{\"kind\":\"A\"},{\"kind\":\"B\"}]}", 2},
      {"just: words", 0},
  };
  for (const auto& row : rows) {
    Manifests manifests;
    EXPECT_TRUE(manifests.add_text(row.text, "test")) << row.text;
    EXPECT_EQ(manifests.all().size(), row.objects) << row.text;
  }
  Manifests manifests;
  const auto bad = manifests.add_text("a: 1\n---\na: b: c\n", "db.yaml");
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().text.starts_with("db.yaml: line 3")) << bad.error().text;
}

}  // namespace
}  // namespace edsm::cli
