// What `edsm status` and `edsm impact` say of an estate.

#include "cli/commands/estate.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "cli/commands/impact.hpp"
#include "cli/commands/status.hpp"
#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

const base::WallTime kNow = *base::parse_rfc3339("2026-11-23T18:05:00Z");

Reported binding(const std::string& name, const std::string& path, const std::string& target) {
  Reported made;
  made.binding.key = {"shop", name};
  made.binding.generation = 2;
  made.binding.created = *base::parse_rfc3339("2026-11-20T18:05:00Z");
  made.binding.provider = "aws";
  made.binding.query = cloud::SecretQuery{path, {}};
  made.binding.target.name = target;
  made.status.applied_hash = "k:now";
  made.status.synced_version = "0123456789abcdef";
  made.status.last_synced_time = "2026-11-23T18:00:00Z";
  made.status.conditions = {{"Ready", "True", "Synced", "all is well", "", 2}};
  return made;
}

Consumer consumer(const std::string& name, std::vector<std::string> secrets, std::int64_t pods,
                  const std::string& digest = "k:now") {
  Consumer made;
  made.workload.key = {"shop", name};
  made.workload.secrets = std::move(secrets);
  for (const auto& secret : made.workload.secrets) made.workload.records[secret] = {digest, ""};
  made.pods = pods;
  return made;
}

Estate estate() {
  Estate made;
  made.bindings = {binding("db", "prod/db", "db"), binding("mail", "prod/mail", "mail")};
  made.consumers = {consumer("api", {"db"}, 3), consumer("worker", {"db", "mail"}, 2, "k:old")};
  return made;
}

TEST(ShowStatus, ATable) {
  auto world = estate();
  world.bindings[1].status.conditions = {
      {"Ready", "False", "AccessDenied", "may not read prod/mail", "", 2}};
  EXPECT_EQ(
      show_status(world, kNow, Output::table),
      "NAMESPACE  NAME  READY  REASON        SECRET  SOURCE     VERSION   CHANGED  AGE  WORKLOADS\n"
      "shop       db    True   Synced        db      prod/db    01234567  5m       3d   2 (1 "
      "pending)\n"
      "shop       mail  False  AccessDenied  mail    prod/mail  01234567  5m       3d   1 (1 "
      "pending)\n"
      "\n"
      "shop/mail: may not read prod/mail\n");
}

TEST(ShowStatus, InANarrowTerminalColumnsAreLeftOutAndPathsCut) {
  auto world = estate();
  world.bindings.pop_back();
  world.bindings[0].binding.query =
      cloud::SecretQuery{"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db", {}};
  EXPECT_EQ(show_status(world, kNow, Output::table, 80),
            "NAMESPACE  NAME  READY  REASON  SOURCE                    CHANGED  WORKLOADS\n"
            "shop       db    True   Synced  arn:aws:secr…ret:prod/db  5m       2 (1 pending)\n");
  EXPECT_EQ(show_status(world, kNow, Output::table, 60),
            "NAMESPACE  NAME  READY  REASON  CHANGED  WORKLOADS\n"
            "shop       db    True   Synced  5m       2 (1 pending)\n");
}

TEST(ShowStatus, APauseIsTheReasonAndSaysUntilWhen) {
  auto world = estate();
  world.bindings[0].binding.paused_until = "2026-12-01T12:00:00Z";
  world.bindings[0].status.conditions.push_back(
      {"Paused", "True", "Paused", "paused until 2026-12-01T12:00:00Z", "", 2});
  world.bindings[1].status.conditions.push_back(
      {"Paused", "False", "InvalidPause", "not paused: no time", "", 2});
  EXPECT_EQ(
      show_status(world, kNow, Output::table),
      "NAMESPACE  NAME  READY  REASON  SECRET  SOURCE     VERSION   CHANGED  AGE  WORKLOADS\n"
      "shop       db    True   Paused  db      prod/db    01234567  5m       3d   2 (1 pending)\n"
      "shop       mail  True   Synced  mail    prod/mail  01234567  5m       3d   1 (1 pending)\n"
      "\n"
      "shop/db: paused until 2026-12-01T12:00:00Z\n"
      "shop/mail: not paused: no time\n");
  const auto list = support::json(show_status(world, kNow, Output::json)).as_array();
  EXPECT_EQ(list[0].at("paused"), true);
  EXPECT_EQ(list[0].at("pausedUntil"), "2026-12-01T12:00:00Z");
  EXPECT_EQ(list[1].at("paused"), false);
  EXPECT_EQ(list[1].at("pausedUntil"), "");
}

TEST(ShowStatus, AConditionAboutAnOlderSpecSaysNothing) {
  auto world = estate();
  world.bindings.pop_back();
  world.bindings[0].binding.generation = 3;
  EXPECT_NE(show_status(world, kNow, Output::table).find("Unknown  NotObserved"),
            std::string::npos);
}

TEST(ShowStatus, BeforeTheControllerLooked) {
  auto world = estate();
  world.bindings.pop_back();
  world.bindings[0].status = {};
  const auto text = show_status(world, kNow, Output::table);
  EXPECT_NE(text.find("is it running?"), std::string::npos) << text;
  EXPECT_EQ(text.find("pending"), std::string::npos) << text;
}

TEST(ShowStatus, Nothing) {
  EXPECT_NE(show_status({}, kNow, Output::table).find("no EventDrivenSecret"), std::string::npos);
  EXPECT_EQ(show_status({}, kNow, Output::json), "[]\n");
}

TEST(ShowStatus, Json) {
  const auto list = support::json(show_status(estate(), kNow, Output::json)).as_array();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("version"), "0123456789abcdef");
  EXPECT_EQ(list[0].at("creationTimestamp"), "2026-11-20T18:05:00Z");
  EXPECT_EQ(list[0].at("workloads"), 2);
  EXPECT_EQ(list[0].at("pendingRollouts"), 1);
}

TEST(ShowImpact, ATable) {
  EXPECT_EQ(
      show_impact(estate(), "prod/db", Output::table),
      "A new value of prod/db changes 1 Secret in 1 namespace and restarts 2 workloads with 5 "
      "pods.\n\n"
      "NAMESPACE  BINDING  SECRET  WORKLOAD           PODS  NOTE\n"
      "shop       db       db      Deployment/api     3     -\n"
      "shop       db       db      Deployment/worker  2     -\n");
}

TEST(ShowImpact, AWorkloadThatUsesItTwiceRestartsOnce) {
  auto world = estate();
  world.bindings[1].binding.query = cloud::SecretQuery{"prod/db", {}};
  const auto text = show_impact(world, "prod/db", Output::table);
  EXPECT_NE(text.find("2 Secrets in 1 namespace and restarts 2 workloads with 5 pods"),
            std::string::npos)
      << text;
}

TEST(ShowImpact, NobodyReadsIt) {
  EXPECT_EQ(show_impact(estate(), "prod/none", Output::table),
            "no EventDrivenSecret here reads prod/none\n");
  EXPECT_EQ(show_impact(estate(), "prod/none", Output::json), "[]\n");
}

TEST(WantedPods, OfEachKind) {
  EXPECT_EQ(wanted_pods(support::json(R"({"spec":{"replicas":3}})")), 3);
  EXPECT_EQ(wanted_pods(support::json(R"({"status":{"desiredNumberScheduled":7}})")), 7);
  EXPECT_EQ(wanted_pods(support::json("{}")), 0);
}

}  // namespace
}  // namespace edsm::cli
