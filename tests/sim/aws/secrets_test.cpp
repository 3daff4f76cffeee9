#include "sim/aws/secrets.hpp"

#include <gmock/gmock.h>

#include "sim/aws/aws_test_support.hpp"

namespace edsm::sim::aws {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct SecretsTest : testing::Test {
  ManualTimeline timeline;
  EventOptions options;
  std::vector<object> sent;
  Events::Sink sink = [this](const std::string& body) {
    sent.push_back(boost::json::parse(body).as_object());
  };
  Secrets secrets{timeline, "000000000000", "eu-west-1", options, sink};

  /// What the events say since the last time: the native one's label, or a record's name.
  std::vector<std::string> events() {
    std::vector<std::string> names;
    for (const object& each : std::exchange(sent, {})) {
      const object& detail = each.at("detail").as_object();
      names.emplace_back(
          text_at(detail, detail.contains("eventName") ? "eventName" : "labelUpdated"));
    }
    return names;
  }
  /// "AWSCURRENT AWSPENDING" of a version
  std::string stages(std::string_view name, std::string_view version) {
    std::string joined;
    for (const auto& each : secrets.find(name)->version(version)->stages)
      joined += (joined.empty() ? "" : " ") + each;
    return joined;
  }
};

TEST_F(SecretsTest, LabelsFollowTheVersions) {
  const std::string one = secrets.put("a", "1");
  EXPECT_EQ(stages("a", one), "AWSCURRENT");
  const std::string two = secrets.put("a", "2");
  EXPECT_EQ(stages("a", one), "AWSPREVIOUS");
  EXPECT_EQ(stages("a", two), "AWSCURRENT");
  const std::string three = secrets.put("a", "3");
  EXPECT_EQ(stages("a", one), "");
  EXPECT_EQ(secrets.rollback("a"), two);
  EXPECT_EQ(stages("a", two), "AWSCURRENT");
  EXPECT_EQ(stages("a", three), "AWSPREVIOUS");
  EXPECT_EQ(secrets.current("a")->bytes, "2");
  EXPECT_TRUE(secrets.move_current("a", one));
  EXPECT_EQ(secrets.current("a")->bytes, "1");
  EXPECT_FALSE(secrets.move_current("a", one)) << "it is there already";
}

TEST_F(SecretsTest, SendsTheServicesEvents) {
  EXPECT_THAT((secrets.put("a", "1"), events()), IsEmpty()) << "none at creation";
  EXPECT_THAT((secrets.put("a", "2"), events()), ElementsAre("AWSCURRENT"));
  EXPECT_THAT((secrets.put("a", "2"), events()), ElementsAre("AWSCURRENT")) << "equal values, too";
  EXPECT_THAT((secrets.stage("a", "3"), events()), IsEmpty());
  EXPECT_THAT((secrets.rollback("a"), events()), ElementsAre("AWSCURRENT"));
  EXPECT_THAT((secrets.remove("a"), events()), IsEmpty());
  EXPECT_THAT((secrets.restore("a"), events()), IsEmpty());
  EXPECT_THAT((secrets.rotate("a", "4"), events()), ElementsAre("AWSCURRENT"));
  options.trail = true;
  options.native_on_create = true;
  EXPECT_THAT((secrets.put("b", "1"), events()), ElementsAre("CreateSecret", "AWSCURRENT"));
  EXPECT_THAT((secrets.put("b", "2"), events()), ElementsAre("PutSecretValue", "AWSCURRENT"));
  EXPECT_THAT((secrets.update("b", "3"), events()), ElementsAre("UpdateSecret", "AWSCURRENT"));
  EXPECT_THAT((secrets.rollback("b"), events()),
              ElementsAre("UpdateSecretVersionStage", "AWSCURRENT"));
  EXPECT_THAT((secrets.rotate("b", "4"), events()),
              ElementsAre("RotateSecret", "PutSecretValue", "UpdateSecretVersionStage",
                          "AWSCURRENT", "RotationSucceeded"));
  EXPECT_THAT((secrets.remove("b"), events()), ElementsAre("DeleteSecret"));
  EXPECT_EQ(secrets.put("b", "5"), "");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(text(sent[0].at("detail"), "errorCode"), "InvalidRequestException");
  EXPECT_THAT(events(), ElementsAre("PutSecretValue"));
  EXPECT_THAT((secrets.restore("b"), events()), ElementsAre("RestoreSecret"));
  EXPECT_THAT((secrets.recreate("b", "5"), events()),
              ElementsAre("DeleteSecret", "CreateSecret", "AWSCURRENT"));
}

TEST_F(SecretsTest, TheNativeEventIsTheDocumentedOne) {
  secrets.put("prod/a", "1");
  const std::string version = secrets.put("prod/a", "2");
  ASSERT_EQ(sent.size(), 1U);
  const object expected{{"name", "prod/a"}, {"labelUpdated", "AWSCURRENT"}, {"versionId", version}};
  EXPECT_EQ(sent[0].at("detail").as_object(), expected);
  EXPECT_EQ(sent[0].at("resources").as_array(), array{secrets.current("prod/a")->arn});
  EXPECT_EQ(text_at(sent[0], "detail-type"), "Secret Label Updated");
  EXPECT_EQ(text_at(sent[0], "time"), "2026-11-23T01:00:00Z");
}

TEST_F(SecretsTest, RefusesWhatTheServiceRefuses) {
  EXPECT_EQ(secrets.rollback("a"), "");
  secrets.put("a", "1");
  EXPECT_EQ(secrets.rollback("a"), "") << "no previous version";
  EXPECT_FALSE(secrets.restore("a"));
  secrets.remove("a");
  EXPECT_EQ(secrets.put("a", "2"), "");
  EXPECT_EQ(secrets.rotate("a", "2"), "");
  EXPECT_FALSE(secrets.remove("a"));
  EXPECT_TRUE(secrets.current("a")->deleted());
  secrets.purge("a");
  EXPECT_FALSE(secrets.restore("a"));
  EXPECT_FALSE(secrets.current("a").has_value());
  EXPECT_NE(secrets.put("a", "2"), "") << "created again";
}

TEST_F(SecretsTest, IsFoundByNameAndArn) {
  secrets.put("a", "1");
  secrets.put("a-bcdefg", "2");
  const std::string arn = secrets.current("a")->arn;
  const std::string odd = secrets.current("a-bcdefg")->arn;
  const std::string prefix = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:";
  struct Case {
    std::string id;
    std::string name;
  };
  for (const auto& [id, name] :
       std::vector<Case>{{"a", "a"},
                         {arn, "a"},
                         {prefix + "a", "a"},
                         {prefix + "a-000000", ""},  // another secret of this name, long ago
                         {arn.substr(prefix.size()), ""},
                         {"a-bcdefg", "a-bcdefg"},
                         {odd, "a-bcdefg"},
                         {prefix + "a-bcdefg", ""},  // taken for a complete one
                         {"arn:aws:secretsmanager:eu-west-2:000000000000:secret:a", ""},
                         {"b", ""}}) {
    const Secret* const found = secrets.find(id);
    EXPECT_EQ(found == nullptr ? "" : found->name, name) << id;
  }
  secrets.recreate("a", "3");
  EXPECT_NE(secrets.current("a")->arn, arn);
  EXPECT_EQ(secrets.find(arn), nullptr);
}

TEST_F(SecretsTest, ARotationTakesItsTime) {
  secrets.put("a", "1");
  const std::string two = secrets.rotate("a", "2", std::chrono::seconds(10));
  EXPECT_EQ(secrets.current("a")->bytes, "1");
  timeline.advance(std::chrono::seconds(10));
  EXPECT_EQ(secrets.current("a")->bytes, "2");
  EXPECT_EQ(stages("a", two), "AWSPENDING AWSCURRENT");
  secrets.rotate("a", "3", std::chrono::seconds(10));
  secrets.remove("a");
  timeline.advance(std::chrono::seconds(10));
  EXPECT_EQ(secrets.current("a")->bytes, "2") << "somebody interfered";
}

TEST_F(SecretsTest, RemembersWhatWasCurrentAndWhatListsShowed) {
  const auto start = timeline.now();
  const auto step = std::chrono::seconds(1);
  secrets.put("a", "1");
  timeline.advance(step);
  const std::string two = secrets.put("a", "2");
  secrets.stage("a", "never current");
  timeline.advance(step);
  secrets.remove("a");
  timeline.advance(step);
  secrets.purge("a");
  using enum Current::State;
  std::vector<std::tuple<base::Duration, Current::State, std::string>> seen;
  for (const Current& each : secrets.history("a"))
    seen.emplace_back(each.since - start, each.state, each.bytes);
  EXPECT_THAT(seen,
              ElementsAre(std::tuple(0 * step, live, "1"), std::tuple(step, live, "2"),
                          std::tuple(2 * step, scheduled, "2"), std::tuple(3 * step, gone, "")));

  EXPECT_TRUE(secrets.listed(start - step).empty());
  EXPECT_EQ(secrets.listed(start + step).at(0).second->stages.size(), 3U);
  EXPECT_FALSE(secrets.listed(start + step).at(0).second->deleted);
  EXPECT_TRUE(secrets.listed(start + 2 * step).at(0).second->deleted);
  EXPECT_TRUE(secrets.listed(start + 3 * step).empty());
}

TEST_F(SecretsTest, TheSameSeedTellsTheSameStory) {
  ManualTimeline again_timeline;
  Secrets again{again_timeline, "000000000000", "eu-west-1", options, sink};
  for (Secrets* each : {&secrets, &again}) {
    each->put("a", "1");
    each->put("a", "2");
    each->recreate("a", "3");
  }
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0], sent[1]);
  EXPECT_EQ(secrets.current("a")->arn, again.current("a")->arn);
}

}  // namespace
}  // namespace edsm::sim::aws
