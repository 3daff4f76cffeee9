#include "kube/verdicts.hpp"

#include <string>

#include <gtest/gtest.h>

namespace edsm::kube {
namespace {

using namespace std::chrono_literals;

const base::Instant kStart{1h};

Verdicts fresh() {
  return Verdicts(base::SecretBytes("key"));
}

TEST(Verdicts, EachKindIsRememberedForItsTime) {
  struct Row {
    Verdict verdict;
    base::Duration last;
  };
  for (const auto& row :
       {Row{Verdict::allowed, 60s}, Row{Verdict::unknown, 10s}, Row{Verdict::forbidden, 10s}}) {
    auto verdicts = fresh();
    EXPECT_EQ(verdicts.find("token", kStart), std::nullopt);
    verdicts.remember("token", row.verdict, kStart);
    EXPECT_EQ(verdicts.find("token", kStart), row.verdict);
    EXPECT_EQ(verdicts.find("token", kStart + row.last - 1us), row.verdict);
    EXPECT_EQ(verdicts.find("token", kStart + row.last), std::nullopt);
    EXPECT_EQ(verdicts.find("Token", kStart), std::nullopt);
    EXPECT_EQ(verdicts.find("", kStart), std::nullopt);
  }
}

TEST(Verdicts, TheLastOneCounts) {
  auto verdicts = fresh();
  verdicts.remember("token", Verdict::allowed, kStart);
  verdicts.remember("token", Verdict::unknown, kStart + 1s);
  EXPECT_EQ(verdicts.find("token", kStart + 2s), Verdict::unknown);
  EXPECT_EQ(verdicts.find("token", kStart + 11s), std::nullopt) << "the earlier one is gone";
}

TEST(Verdicts, AFloodOfWrongTokensDoesNotPushOutTheGoodOnes) {
  auto verdicts = fresh();
  verdicts.remember("good", Verdict::allowed, kStart);
  for (int i = 0; i < 10'000; ++i) {
    verdicts.remember("wrong " + std::to_string(i), Verdict::unknown, kStart + 1s);
    ASSERT_LE(verdicts.size(), Verdicts::kMost);
  }
  EXPECT_EQ(verdicts.find("good", kStart + 2s), Verdict::allowed);
}

TEST(Verdicts, WhatIsOverTakesNoPlace) {
  auto verdicts = fresh();
  for (int i = 0; i < 100; ++i) {
    verdicts.remember("wrong " + std::to_string(i), Verdict::unknown, kStart);
  }
  verdicts.remember("good", Verdict::allowed, kStart + 1min);
  EXPECT_EQ(verdicts.size(), 1U);
}

}  // namespace
}  // namespace edsm::kube
