#include "sync/hinted.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace edsm::sync {
namespace {

using Time = std::optional<base::WallTime>;

Time at(std::string_view time) {
  return base::parse_rfc3339(time);
}

TEST(Hinted, IsToldAndReadAgain) {
  const Time changed = at("2026-11-28T12:00:00Z");
  const Time queued = at("2026-11-28T12:00:00.104Z");
  const Time received = at("2026-11-28T12:00:00.149Z");
  const std::pair<Hinted, std::string_view> rows[] = {
      {{"v", changed, queued, received},
       "changed 2026-11-28T12:00:00Z, queued 2026-11-28T12:00:00.104Z, "
       "received 2026-11-28T12:00:00.149Z"},
      {{"v", {}, queued, received},
       "queued 2026-11-28T12:00:00.104Z, received 2026-11-28T12:00:00.149Z"},
      {{"v", {}, {}, received}, "received 2026-11-28T12:00:00.149Z"},
      {{}, ""},
  };
  for (const auto& [hinted, text] : rows) {
    EXPECT_EQ(describe(hinted), text);
    auto times = hinted;
    times.version = {};
    EXPECT_EQ(times_in("Secret a now holds version v of b (" + std::string(text) + ")"), times);
  }
}

TEST(Hinted, OtherNotesHaveNoTimes) {
  for (const std::string_view note : {"", "changed 2026-11-28T12:00:00Z", "Secret a (changed noon)",
                                      "Secret a (received ", " ("}) {
    EXPECT_EQ(times_in(note), Hinted()) << note;
  }
}

TEST(Hinted, AVersionThatIsNotNamedMayBeAny) {
  EXPECT_TRUE(Hinted().may_mean("v1"));
  EXPECT_TRUE(Hinted{"v1"}.may_mean("v1"));
  EXPECT_FALSE(Hinted{"v1"}.may_mean("v2"));
}

}  // namespace
}  // namespace edsm::sync
