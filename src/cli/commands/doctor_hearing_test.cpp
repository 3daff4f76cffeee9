// What `edsm doctor` makes of what it saw of Google Cloud.

#include "cli/commands/doctor_hearing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands/doctor_google_identity.hpp"
#include "cli/commands/doctor_google_rights.hpp"

namespace edsm::cli {
namespace {

using cloud::gcp::Sink;
using cloud::gcp::SubscriptionFacts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Level = Finding::Level;

const cloud::gcp::Subscription subscription{"shop", "edsm"};
constexpr std::string_view topic = "projects/shop/topics/edsm";

SubscriptionFacts good_facts() {
  SubscriptionFacts facts;
  facts.topic = topic;
  facts.deadline = std::chrono::seconds(60);
  facts.dead_letter_topic = "projects/shop/topics/dead";
  facts.max_attempts = 10;
  facts.spaced = true;
  facts.retention = std::chrono::days(4);
  return facts;
}

TEST(JudgeSubscription, InOrder) {
  const auto findings = judge_subscription(subscription, good_facts());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().level, Level::good);
  EXPECT_EQ(findings.front().what,
            "pubsub/shop/edsm: reachable, held for 60 s; after 10 deliveries in vain to "
            "projects/shop/topics/dead");
}

TEST(JudgeSubscription, WhatIsWrongAndTheCommandThatMendsIt) {
  struct Row {
    std::function<void(SubscriptionFacts&)> change;
    Level level;
    std::string_view what;
    std::string_view remedy;
  };
  using Facts = SubscriptionFacts;
  const Row rows[] = {
      {[](Facts& f) { f.detached = true; }, Level::failure, "detached from its topic",
       "gcloud pubsub subscriptions create edsm --project=shop"},
      {[](Facts& f) { f.topic = cloud::gcp::deleted_topic; }, Level::failure,
       "its topic was deleted", "gcloud pubsub subscriptions create edsm --project=shop"},
      {[](Facts& f) { f.pushes = true; }, Level::failure, "EDSM can only pull",
       "gcloud pubsub subscriptions modify-push-config edsm --project=shop --push-endpoint=\"\""},
      {[](Facts& f) { f.dead_letter_topic = ""; }, Level::warning, "no dead-letter topic",
       "gcloud pubsub subscriptions update edsm --project=shop --dead-letter-topic=TOPIC"},
      {[](Facts& f) {
         f.spaced = false;
         f.max_attempts = 5;
       },
       Level::warning, "after 5 deliveries in vain", "--min-retry-delay=10s"},
      {[](Facts& f) { f.deadline = std::chrono::seconds(600); }, Level::warning,
       "comes back after 600 s only", "--ack-deadline=60"},
      {[](Facts& f) { f.expires = std::chrono::days(31); }, Level::notice,
       "if nobody reads it for 31 days, Google deletes it",
       "gcloud pubsub subscriptions update edsm --project=shop --expiration-period=never"},
      {[](Facts& f) { f.expires = std::chrono::hours(36); }, Level::warning,
       "if nobody reads it for 36 h", "--expiration-period=never"},
      {[](Facts& f) { f.retention = std::chrono::seconds(600); }, Level::warning,
       "messages are kept for 600 s only", "--message-retention-duration=4d"},
  };
  for (const auto& [change, level, what, remedy] : rows) {
    auto facts = good_facts();
    change(facts);
    const auto findings = judge_subscription(subscription, facts);
    const auto found = std::ranges::find_if(
        findings, [&](const Finding& each) { return each.what.contains(what); });
    ASSERT_NE(found, findings.end()) << what;
    EXPECT_EQ(found->level, level) << what;
    EXPECT_THAT(found->remedy, HasSubstr(std::string(remedy)));
  }
}

TEST(JudgeSubscription, WhatCannotBeReadNamesVariableOrPermission) {
  const auto judged = [](base::Failure failure, std::string code) {
    return judge_unread(subscription, {failure, std::move(code), "no", {}}, "user:me");
  };
  const auto gone = judged(base::Failure::absent, "NOT_FOUND");
  EXPECT_EQ(gone.level, Level::failure);
  EXPECT_THAT(gone.remedy, HasSubstr("GCP_PUBSUB_SUBSCRIPTION"));
  const auto denied = judged(base::Failure::refused, "PERMISSION_DENIED");
  EXPECT_EQ(denied.level, Level::unknown);
  EXPECT_THAT(denied.remedy, HasSubstr("pubsub.subscriptions.get (roles/pubsub.viewer)"));
  EXPECT_THAT(denied.remedy, HasSubstr("--member=user:me"));
  EXPECT_THAT(denied.what, HasSubstr("it may also not exist"));
  const auto away = judged(base::Failure::transient, "Timeout");
  EXPECT_EQ(away.level, Level::failure);
  EXPECT_THAT(away.remedy, HasSubstr("Google Cloud"));
  EXPECT_THAT(away.remedy, testing::Not(HasSubstr("AWS")));
}

BoundSecret secret(const std::string& name, std::vector<std::string> topics) {
  return {cloud::gcp::parse_secret_name(name).value(),
          cloud::gcp::SecretTopics{"5", std::move(topics)}};
}

Sink sink(std::string filter, std::string destination = std::string(topic)) {
  return {"changes",
          "pubsub.googleapis.com/" + destination,
          std::move(filter),
          "serviceAccount:writer@x.iam.gserviceaccount.com",
          false,
          {}};
}

Hearing hearing(std::vector<BoundSecret> secrets) {
  Hearing made;
  made.listeners.push_back({subscription, good_facts()});
  made.secrets = std::move(secrets);
  made.sinks["shop"] = {};
  made.projects.learn("shop", "5");
  return made;
}

/// "LEVEL what".
std::vector<std::string> told(const Findings& findings) {
  std::vector<std::string> lines;
  for (const auto& each : findings) {
    const char* const words[] = {"ok", "note", "unknown", "WARN", "FAIL"};
    lines.push_back(std::string(words[static_cast<std::size_t>(each.level)]) + " " + each.what);
  }
  return lines;
}

TEST(JudgeSecrets, WhoNamesTheTopicIsHeard) {
  const auto world = hearing(
      {secret("projects/shop/secrets/a", {std::string(topic)}),
       secret("projects/shop/secrets/b", {"projects/x/topics/edsm", "projects/5/topics/edsm"})});
  EXPECT_THAT(told(judge_secrets(world)),
              ElementsAre("ok 2 of 2 secrets name a topic that is listened to"));
}

TEST(JudgeSecrets, WhoNamesNoneGetsTheExactCommand) {
  const auto world =
      hearing({secret("projects/shop/secrets/a", {}),
               secret("projects/shop/locations/europe-west3/secrets/b", {"projects/x/topics/y"})});
  const auto findings = judge_secrets(world);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(told(findings).at(0),
            "FAIL projects/shop/secrets/a: nothing tells of its changes: it names no topic, and no "
            "log sink sends them");
  EXPECT_EQ(findings[0].remedy,
            "gcloud secrets update a --project=shop --add-topics=projects/shop/topics/edsm");
  EXPECT_THAT(findings[1].what, HasSubstr("only projects/x/topics/y"));
  EXPECT_EQ(findings[1].remedy,
            "gcloud secrets update b --project=shop --location=europe-west3 "
            "--add-topics=projects/shop/topics/edsm");
}

TEST(JudgeSecrets, WhatWasNotSeenMakesItAWarning) {
  auto world = hearing({secret("projects/shop/secrets/a", {})});
  world.sinks.clear();
  EXPECT_THAT(told(judge_secrets(world)),
              ElementsAre("WARN projects/shop/secrets/a: nothing tells of its changes: it names no "
                          "topic"));
  world = hearing({secret("projects/shop/secrets/a", {"projects/shop/topics/other"})});
  world.listeners.push_back({{"shop", "unseen"}, std::nullopt});
  EXPECT_EQ(judge_secrets(world).front().level, Level::unknown);
  world.secrets.front().told->topics.clear();
  EXPECT_EQ(judge_secrets(world).front().level, Level::warning);
  world.secrets.front().told.reset();
  EXPECT_THAT(judge_secrets(world), IsEmpty()) << "why it was not seen has been said";
}

TEST(JudgeSecrets, OfManySomeAreNamed) {
  std::vector<BoundSecret> many;
  for (int i = 0; i < 7; ++i)
    many.push_back(secret("projects/shop/secrets/s" + std::to_string(i), {}));
  const auto findings = judge_secrets(hearing(std::move(many)));
  ASSERT_EQ(findings.size(), 4U);
  EXPECT_EQ(findings.back().what, "and 4 more secrets of which nothing tells");
}

TEST(JudgeSecrets, ASinkTellsOfThemAll) {
  auto world =
      hearing({secret("projects/shop/secrets/a", {}), secret("projects/shop/secrets/b", {})});
  world.sinks["shop"] = {sink(R"(protoPayload.methodName=~"AddSecretVersion")")};
  EXPECT_THAT(told(judge_secrets(world)),
              ElementsAre("ok a log sink tells of the changes of 2 secrets"));
  world.secrets.front().told.reset();
  EXPECT_THAT(told(judge_secrets(world)),
              ElementsAre("ok a log sink tells of the changes of 2 secrets"));
  world.sinks["shop"] = {sink("", "projects/shop/topics/other")};
  EXPECT_EQ(judge_secrets(world).front().level, Level::failure);
  world.sinks["shop"] = {sink("labels.x=y")};
  EXPECT_EQ(judge_secrets(world).front().level, Level::unknown);
}

TEST(JudgeSecrets, AFilterThatDropsTheirMessagesIsNamed) {
  auto world = hearing({secret("projects/shop/secrets/a", {std::string(topic)})});
  auto& filter = world.listeners.front().facts->filter;
  filter = R"(attributes.eventType = "SECRET_ROTATE")";
  const auto findings = judge_secrets(world);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().level, Level::failure);
  EXPECT_THAT(findings.front().what, HasSubstr("the filter of pubsub/shop/edsm drops"));
  filter = R"(attributes.eventType = "SECRET_VERSION_ADD")";
  EXPECT_EQ(judge_secrets(world).front().level, Level::good);
  EXPECT_THAT(told(judge_sinks(world)), ElementsAre(HasSubstr("note pubsub/shop/edsm: its filter "
                                                              "drops SECRET_CREATE")));
  filter = R"(hasPrefix(attributes.secretId, "projects/5/secrets/a"))";
  EXPECT_EQ(judge_secrets(world).front().level, Level::good);
  EXPECT_THAT(judge_sinks(world), IsEmpty());
  filter = R"(attributes.timestamp = "x")";
  EXPECT_EQ(judge_secrets(world).front().level, Level::unknown);
}

TEST(JudgeSinks, WhatEachSends) {
  struct Row {
    Sink sink;
    Level level;
    std::string_view what;
    std::string_view remedy;
  };
  auto disabled = sink("");
  disabled.disabled = true;
  const std::string changes =
      R"(protoPayload.methodName=~"\.(CreateSecret|UpdateSecret|DeleteSecret|AddSecretVersion|)"
      R"(EnableSecretVersion|DisableSecretVersion|DestroySecretVersion)$")";
  const Row rows[] = {
      {sink(changes), Level::good, "sends the changes of all secrets", ""},
      {disabled, Level::warning, "is disabled",
       "gcloud logging sinks update changes pubsub.googleapis.com/projects/shop/topics/edsm "
       "--project=shop --no-disabled"},
      {sink(R"(protoPayload.methodName:"DeleteSecret")"), Level::warning,
       "sends no new versions of a", "--log-filter='protoPayload.serviceName"},
      {sink(R"(protoPayload.serviceName="secretmanager.googleapis.com")"), Level::warning,
       "lets reads through", "--log-filter="},
      {sink(R"(protoPayload.methodName:"AddSecretVersion")"), Level::notice,
       "does not send CreateSecret, UpdateSecret", "--log-filter="},
      {sink("anywhere"), Level::unknown, "cannot read", "anywhere"},
  };
  for (const auto& [one, level, what, remedy] : rows) {
    auto world = hearing({secret("projects/shop/secrets/a", {})});
    world.sinks["shop"] = {one, sink("", "projects/shop/topics/of-others")};
    const auto findings = judge_sinks(world);
    ASSERT_FALSE(findings.empty()) << what;
    EXPECT_EQ(findings.front().level, level) << what;
    EXPECT_THAT(findings.front().what, HasSubstr(std::string(what)));
    EXPECT_THAT(findings.front().remedy, HasSubstr(std::string(remedy)));
  }
}

TEST(Publishers, SecretManagerOfEachProjectAndTheSinks) {
  auto world = hearing({secret("projects/shop/secrets/a", {std::string(topic)}),
                        secret("projects/shop/secrets/b", {std::string(topic)}),
                        secret("projects/bank/secrets/c", {})});
  world.sinks["bank"] = {sink("")};
  const auto publishers = publishers_of(world, topic);
  ASSERT_EQ(publishers.size(), 2U);
  EXPECT_EQ(publishers[0].member,
            "serviceAccount:service-5@gcp-sa-secretmanager.iam.gserviceaccount.com");
  EXPECT_EQ(publishers[1].who, "sink changes of bank");
  EXPECT_EQ(dead_letter_mover(world, subscription).member,
            "serviceAccount:service-5@gcp-sa-pubsub.iam.gserviceaccount.com");
  EXPECT_EQ(dead_letter_mover(world, {"elsewhere", "x"}).member,
            "serviceAccount:service-*@gcp-sa-pubsub.iam.gserviceaccount.com");
}

TEST(JudgePolicy, WhoMayNotIsNamedWithTheCommand) {
  cloud::gcp::Policy policy;
  policy.bindings = {{"roles/pubsub.publisher", {"serviceAccount:in"}, false},
                     {"roles/pubsub.publisher", {"serviceAccount:perhaps"}, true}};
  const auto findings = judge_policy(topic, policy, cloud::gcp::Right::publish,
                                     {{"serviceAccount:in", "one"},
                                      {"serviceAccount:perhaps", "another"},
                                      {"serviceAccount:service-*@x", "a third"}});
  EXPECT_THAT(told(findings),
              ElementsAre(HasSubstr("ok projects/shop/topics/edsm: one may publish to it"),
                          HasSubstr("unknown "), HasSubstr("WARN ")));
  EXPECT_EQ(findings.back().remedy,
            "gcloud pubsub topics add-iam-policy-binding edsm --project=shop "
            "--member=serviceAccount:service-NUMBER@x --role=roles/pubsub.publisher");
}

TEST(JudgeGoogleRights, WhatIsNeededFailsAndWhatSavesCallsIsNoted) {
  const std::string me = "serviceAccount:edsm@shop.iam.gserviceaccount.com";
  const Granted nothing = std::set<std::string>();
  auto findings = judge_subscription_rights(subscription, nothing, me);
  EXPECT_THAT(told(findings),
              ElementsAre("FAIL pubsub/shop/edsm: pubsub.subscriptions.consume is not permitted",
                          HasSubstr("note pubsub/shop/edsm: pubsub.subscriptions.get")));
  EXPECT_EQ(findings.front().remedy,
            "gcloud pubsub subscriptions add-iam-policy-binding edsm --project=shop --member=" +
                me + " --role=roles/pubsub.subscriber");
  const Granted all =
      std::set<std::string>{"pubsub.subscriptions.consume", "pubsub.subscriptions.get"};
  EXPECT_THAT(told(judge_subscription_rights(subscription, all, me)),
              ElementsAre(HasSubstr("ok ")));
  const Granted unknown = base::fail(base::Failure::refused, "UNIMPLEMENTED", "no IAM");
  EXPECT_THAT(told(judge_subscription_rights(subscription, unknown, me)),
              ElementsAre(HasSubstr("unknown ")));

  std::vector<std::pair<cloud::gcp::SecretName, Granted>> answers;
  for (int i = 0; i < 6; ++i) {
    Granted granted = std::set<std::string>{"secretmanager.versions.get"};
    if (i == 0) granted->insert("secretmanager.versions.access");
    answers.emplace_back(
        cloud::gcp::parse_secret_name("projects/shop/secrets/s" + std::to_string(i)).value(),
        granted);
  }
  findings = judge_secret_rights(answers, me);
  EXPECT_THAT(
      told(findings),
      ElementsAre("FAIL projects/shop/secrets/s1: secretmanager.versions.access is not permitted",
                  "FAIL projects/shop/secrets/s2: secretmanager.versions.access is not permitted",
                  "FAIL projects/shop/secrets/s3 and 2 more: secretmanager.versions.access is not "
                  "permitted",
                  "ok secretmanager.versions.access is permitted on 1 of 6 secrets tried",
                  "ok secretmanager.versions.get is permitted on 6 of 6 secrets tried"));
  EXPECT_EQ(findings.front().remedy,
            "gcloud secrets add-iam-policy-binding s1 --project=shop --member=" + me +
                " --role=roles/secretmanager.secretAccessor");
  EXPECT_TRUE(judge_secret_rights({}, me).empty());
}

TEST(GoogleMember, IsWhatPoliciesCallThem) {
  EXPECT_EQ(member_of("edsm@shop.iam.gserviceaccount.com"),
            "serviceAccount:edsm@shop.iam.gserviceaccount.com");
  EXPECT_EQ(member_of("me@example.com"), "user:me@example.com");
  EXPECT_EQ(member_of("shop.svc.id.goog"), "MEMBER");
  EXPECT_EQ(member_of(""), "MEMBER");
}

}  // namespace
}  // namespace edsm::cli
