#include "cli/commands/doctor_permissions.hpp"

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

using cloud::aws::Trial;
using Level = Finding::Level;
using Outcome = Trial::Outcome;

TEST(JudgeTrials, WhatIsNeededFailsAndWhatSavesCallsIsNoted) {
  const std::vector<Trial> trials = {{"sqs:A", Outcome::permitted, ""},
                                     {"sqs:B", Outcome::denied, "AccessDenied: no"},
                                     {"sqs:C", Outcome::unclear, "Timeout: no answer"},
                                     {"sqs:D", Outcome::permitted, ""}};
  const auto needed = judge_trials(trials, "queue q", false);
  ASSERT_EQ(needed.size(), 3U);
  EXPECT_EQ(needed[0].level, Level::failure);
  EXPECT_EQ(needed[0].remedy, "grant sqs:B on queue q");
  EXPECT_EQ(needed[1].level, Level::unknown);
  EXPECT_EQ(needed[2].what, "queue q: sqs:A, sqs:D permitted");
  EXPECT_EQ(judge_trials(trials, "*", true).front().level, Level::notice);
  EXPECT_TRUE(judge_trials({}, "*", true).empty());
}

}  // namespace
}  // namespace edsm::cli
