// That memory is wiped cannot be seen without reading what was freed:
// tests/integration/test_canaries.py searches a whole process.
#include "base/wiping_memory.hpp"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

TEST(WipingMemory, ReallocationKeepsWhatFits) {
  constexpr std::string_view text = "0123456789";
  auto* memory = static_cast<char*>(wiping_realloc(nullptr, text.size()));
  ASSERT_NE(memory, nullptr);
  text.copy(memory, text.size());
  for (const std::size_t size : {100'000UZ, 11UZ, 10UZ, 3UZ}) {
    memory = static_cast<char*>(wiping_realloc(memory, size));
    ASSERT_NE(memory, nullptr) << size;
    EXPECT_EQ(std::string_view(memory, std::min(size, text.size())), text.substr(0, size)) << size;
  }
  wiping_free(memory);
  wiping_free(nullptr);
}

}  // namespace
}  // namespace edsm::base
