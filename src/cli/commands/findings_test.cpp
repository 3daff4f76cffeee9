#include "cli/commands/findings.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "cli/commands/doctor_cluster.hpp"
#include "cli/commands/doctor_sources.hpp"
#include "support/fake_cloud.hpp"
#include "support/run.hpp"
#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

using namespace std::chrono_literals;
using Level = Finding::Level;

constexpr CloudTerms kTerms{
    .cloud = "The Cloud", .variable = "ITS_QUEUES", .hold = "hold", .dead_letters = "dead letters"};

TEST(ShowFindings, TextAndJson) {
  const Findings findings = {{Level::good, "crd", "served", ""},
                             {Level::failure, "rbac", "may not patch secrets", "grant it"}};
  EXPECT_FALSE(healthy(findings));
  EXPECT_EQ(show_findings(findings, Output::table),
            "ok      crd         served\n"
            "FAIL    rbac        may not patch secrets\n"
            "                    -> grant it\n"
            "\n2 checks, 1 failure, 0 warnings, 0 unknown\n");
  const auto list = support::json(show_findings(findings, Output::json)).as_array();
  EXPECT_EQ(list.at(1).at("level"), "FAIL");
  EXPECT_EQ(list.at(1).at("remedy"), "grant it");
}

TEST(RemedyFor, EachKindOfFailureHasOne) {
  using base::Failure;
  const std::pair<Failure, std::string_view> rows[] = {
      {Failure::transient, "whether AWS can be reached"},
      {Failure::throttled, "AWS takes no more calls"},
      {Failure::conflict, "run this again"},
      {Failure::expired, "run this again"},
      {Failure::credentials, "credentials with which AWS is called"},
      {Failure::refused, "grant"},
      {Failure::absent, "correct the name"},
      {Failure::invalid, "correct the field"},
      {Failure::cancelled, "run this again"},
  };
  for (const auto& [failure, words] : rows) {
    const auto remedy = remedy_for({failure, "Code", "text", {}}, "AWS");
    EXPECT_NE(remedy.find(words), std::string::npos) << remedy;
  }
}

TEST(Healthy, WarningsDoNotCount) {
  EXPECT_TRUE(healthy({{Level::warning, "clock", "off", ""}}));
  EXPECT_TRUE(healthy({{Level::unknown, "rules", "not seen", "grant it"}}));
}

TEST(JudgeSkew, Table) {
  EXPECT_EQ(judge_skew(1500ms).level, Level::good);
  EXPECT_EQ(judge_skew(-1500ms).level, Level::good);
  EXPECT_NE(judge_skew(10s).what.find("10 s behind"), std::string::npos);
  EXPECT_NE(judge_skew(-10s).what.find("10 s ahead of"), std::string::npos);
}

TEST(JudgeLease, Table) {
  const auto now = *base::parse_rfc3339("2026-11-23T18:00:30Z");
  const auto judged = [&](std::string_view spec) {
    return judge_lease(support::json(R"({"spec":)" + std::string(spec) + "}"), now);
  };
  EXPECT_EQ(judged(R"({"holderIdentity":"a","renewTime":"2026-11-23T18:00:20.000000Z",)"
                   R"("leaseDurationSeconds":15})")
                .level,
            Level::good);
  EXPECT_EQ(judged(R"({"holderIdentity":"a","renewTime":"2026-11-23T18:00:10.000000Z",)"
                   R"("leaseDurationSeconds":15})")
                .level,
            Level::failure);
  EXPECT_EQ(judged(R"({"holderIdentity":"","renewTime":"2026-11-23T18:00:10.000000Z"})").level,
            Level::warning);
  EXPECT_EQ(judged("{}").level, Level::warning);
}

TEST(ExamineInboxes, NoneIsAWarning) {
  const auto findings = support::run(examine_inboxes({}, kTerms));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().level, Level::warning);
}

TEST(ExamineSources, OfManyWithOneKindOfTroubleSomeAreTold) {
  support::FakeProvider provider;
  provider.set("good", "v1", "x");
  std::vector<Reported> bindings(6);
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    bindings[i].binding.key = {"ns", "b" + std::to_string(i)};
    bindings[i].binding.provider = "aws";
    bindings[i].binding.query =
        cloud::SecretQuery{i == 0 ? "good" : "gone" + std::to_string(i), {}};
  }
  const auto findings = support::run(examine_sources(provider, bindings, kTerms));
  ASSERT_EQ(findings.size(), 5U);
  EXPECT_NE(findings[0].what.find("1 of 6 secrets"), std::string::npos) << findings[0].what;
  EXPECT_EQ(findings[1].level, Level::failure);
  EXPECT_NE(findings[1].what.find("gone1"), std::string::npos) << findings[1].what;
  EXPECT_NE(findings[4].what.find("and 2 more"), std::string::npos) << findings[4].what;
}

TEST(ExamineSources, ARoleIsAssumedOnlyAfterTheControllerHasFoundItAllowed) {
  struct Row {
    std::string status, reason;
    std::int64_t observed;
    bool asked;
  };
  const Row rows[] = {{"", "", 0, false},
                      {"True", "Synced", 3, true},
                      {"True", "Synced", 2, false},
                      {"False", "AccessDenied", 3, true},
                      {"False", "NotAllowed", 3, false}};
  for (const auto& [ready, reason, observed, asked] : rows) {
    support::FakeProvider provider;
    provider.set("db", "v1", "x");
    Reported reported;
    reported.binding.key = {"ns", "b"};
    reported.binding.provider = "aws";
    reported.binding.generation = 3;
    reported.binding.query = cloud::SecretQuery{"db", {{"roleARN", "arn:x"}}, {"ns", "b"}};
    if (!ready.empty())
      reported.status.conditions.push_back({"Ready", ready, reason, "", "", observed});
    support::run(examine_sources(provider, {reported}, kTerms));
    EXPECT_EQ(provider.version_calls, asked ? 1 : 0) << ready << " " << reason << " " << observed;
  }
}

}  // namespace
}  // namespace edsm::cli
