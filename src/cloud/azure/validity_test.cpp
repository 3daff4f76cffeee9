#include "cloud/azure/validity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using std::chrono::seconds;

TEST(SecretValidity, BothTimesAreOptional) {
  struct Row {
    std::optional<std::int64_t> not_before;
    std::optional<std::int64_t> expires;
    Validity validity;
  };
  const Row rows[] = {
      {std::nullopt, std::nullopt, Validity::valid},
      {100, 200, Validity::valid},
      {150, std::nullopt, Validity::valid},
      {151, std::nullopt, Validity::not_yet},
      {std::nullopt, 150, Validity::expired},
      {std::nullopt, 151, Validity::valid},
      {200, 100, Validity::expired},
  };
  for (const auto& [not_before, expires, expected] : rows) {
    Attributes attributes;
    attributes.not_before = not_before;
    attributes.expires = expires;
    EXPECT_EQ(validity(attributes, base::WallTime(seconds(150))), expected);
  }
}

class ValidityNotesTest : public testing::Test, protected test::Bench {
 protected:
  void note(const std::string& secret, std::string version, std::optional<std::int64_t> not_before,
            std::optional<std::int64_t> expires) {
    Reading reading;
    reading.value.version = std::move(version);
    reading.value.bytes.append("hunter2");
    reading.attributes.not_before = not_before;
    reading.attributes.expires = expires;
    notes.note({"kv", secret, ""}, reading);
  }
  ValidityNotes notes{clock, log};
};

TEST_F(ValidityNotesTest, EachVersionIsSaidOnce) {
  const std::int64_t past = 1;
  const std::int64_t future = 99'999'999'999;
  note("db", "v1", std::nullopt, future);
  note("db", "v1", past, std::nullopt);
  EXPECT_TRUE(sink.lines.empty());
  note("db", "v1", std::nullopt, past);
  note("db", "v1", std::nullopt, past);
  ASSERT_EQ(sink.lines.size(), 1U);
  EXPECT_THAT(sink.lines[0],
              testing::HasSubstr("a secret has expired, and is synced all the same"));
  EXPECT_THAT(sink.lines[0], testing::HasSubstr("secret=db"));
  EXPECT_THAT(sink.lines[0], testing::Not(testing::HasSubstr("hunter2")));
  note("db", "v2", future, std::nullopt);
  ASSERT_EQ(sink.lines.size(), 2U);
  EXPECT_THAT(sink.lines[1], testing::HasSubstr("not valid yet"));
}

TEST_F(ValidityNotesTest, WhatWasSaidIsNotKeptForEver) {
  for (std::size_t i = 0; i < ValidityNotes::limit; ++i)
    note(fmt::format("s{}", i), "v", std::nullopt, 1);
  note("s0", "v", std::nullopt, 1);
  EXPECT_EQ(sink.lines.size(), ValidityNotes::limit + 1);
}

}  // namespace
}  // namespace edsm::cloud::azure
