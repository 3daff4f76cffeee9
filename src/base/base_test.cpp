#include <gtest/gtest.h>

#include "base/backoff.hpp"
#include "base/crypto.hpp"
#include "base/json.hpp"
#include "base/notify.hpp"
#include "base/secret.hpp"
#include "base/system_clock.hpp"
#include "base/time.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace edsm::base {
namespace {
TEST(Smoke, Compiles) {
  auto doc = JsonDocument::parse(R"({"a":{"b":"c"}})");
  ASSERT_TRUE(doc);
  EXPECT_EQ(string_at(doc->root(), "a.b"), "c");
}
}  // namespace
}  // namespace edsm::base
