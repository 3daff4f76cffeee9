#include "base/rare.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

using Words = std::vector<std::string>;

TEST(Rare, IsAPointerUntilItHoldsSomething) {
  EXPECT_EQ(sizeof(Rare<Words>), sizeof(void*));
  const Rare<Words> nothing;
  EXPECT_TRUE(nothing->empty());
  EXPECT_EQ(&*nothing, &*Rare<Words>(Words())) << "what equals T() is not kept either";
}

TEST(Rare, IsAValue) {
  Rare<Words> first = Words{"a"};
  Rare<Words> second = first;
  EXPECT_EQ(first, second);
  EXPECT_NE(&*first, &*second);
  first = Words{"b", "c"};
  EXPECT_EQ(*second, Words{"a"});
  second = first;
  EXPECT_EQ(second->size(), 2U);
  second = Words();
  EXPECT_TRUE(second->empty());
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace edsm::base
