// What `edsm doctor` reads of Google Cloud: requests, and what is made of their answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/gcp/inspect/credential_origin.hpp"
#include "cloud/gcp/inspect/policy.hpp"
#include "cloud/gcp/inspect/secret_topics.hpp"
#include "cloud/gcp/inspect/sinks.hpp"
#include "cloud/gcp/inspect/subscription.hpp"
#include "support/gcp_auth_bench.hpp"
#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::JsonDocument json(std::string_view text) {
  return base::JsonDocument::parse(text).value();
}

class GoogleInspectTest : public testing::Test, protected test::Bench {
 protected:
  /// The next answer to a call, and what was asked for it.
  base::JsonDocument ask(Call call, std::string_view answer) {
    http.reply(200, answer);
    const auto client = this->client(Service::pubsub);
    std::optional<base::JsonDocument> got;
    const auto done = support::run(put_answer(*client, std::move(call), got));
    EXPECT_TRUE(done);
    asked = http.seen.back().url.substr(std::string("https://google.example").size());
    if (!http.seen.back().body.empty()) asked += " " + http.seen.back().body;
    return std::move(*got);
  }
  std::string asked;

 private:
  static base::Task<bool> put_answer(Client& client, Call call,
                                     std::optional<base::JsonDocument>& got) {
    auto answer = co_await client.call(std::move(call));
    if (answer) got = std::move(*answer);
    co_return got.has_value();
  }
};

TEST_F(GoogleInspectTest, ASubscription) {
  const auto answer =
      ask(subscription_call("projects/shop/subscriptions/e+1"),
          R"({"name":"projects/shop/subscriptions/e+1","topic":"projects/shop/topics/t",
      "ackDeadlineSeconds":60,"deadLetterPolicy":{"deadLetterTopic":"projects/shop/topics/d",
      "maxDeliveryAttempts":7},"retryPolicy":{"minimumBackoff":"10s"},"filter":"attributes:x",
      "expirationPolicy":{},"messageRetentionDuration":"345600s","detached":true,
      "pushConfig":{"pushEndpoint":"https://push.example"}})");
  const std::optional facts = parse_subscription_facts(answer.root());
  EXPECT_EQ(asked, "/v1/projects/shop/subscriptions/e%2B1");
  EXPECT_EQ(facts->topic, "projects/shop/topics/t");
  EXPECT_EQ(facts->deadline, std::chrono::seconds(60));
  EXPECT_EQ(facts->dead_letter_topic, "projects/shop/topics/d");
  EXPECT_EQ(facts->max_attempts, 7);
  EXPECT_TRUE(facts->spaced && facts->detached && facts->pushes);
  EXPECT_EQ(facts->filter, "attributes:x");
  EXPECT_FALSE(facts->expires);
  EXPECT_EQ(facts->retention, std::chrono::days(4));
}

TEST_F(GoogleInspectTest, WhatASubscriptionDoesNotSayIsTheServicesOwn) {
  const auto facts = parse_subscription_facts(json("{}").root());
  EXPECT_EQ(facts.deadline, std::chrono::seconds(10));
  EXPECT_EQ(facts.expires, std::chrono::days(31));
  EXPECT_EQ(facts.retention, std::chrono::days(7));
  EXPECT_FALSE(facts.spaced || facts.detached || facts.pushes);
  const auto soon = parse_subscription_facts(
      json(R"({"expirationPolicy":{"ttl":"86400s"},"bigqueryConfig":{"table":"t"},
               "pushConfig":{}})")
          .root());
  EXPECT_EQ(soon.expires, std::chrono::days(1));
  EXPECT_TRUE(soon.pushes);
}

TEST_F(GoogleInspectTest, WhoMayPublish) {
  struct Row {
    std::string_view bindings;
    Right right;
    Admission admission;
  };
  const std::string agent = "serviceAccount:service-5@gcp-sa-secretmanager.iam.gserviceaccount.com";
  const auto bound = [&](std::string_view role, std::string_view more = "") {
    return R"({"role":")" + std::string(role) + R"(","members":["user:a@b.example",")" + agent +
           R"("])" + std::string(more) + "}";
  };
  const std::string publisher = bound("roles/pubsub.publisher");
  const std::string admin = bound("roles/pubsub.admin");
  const std::string subscriber = bound("roles/pubsub.subscriber");
  const std::string viewer = bound("roles/pubsub.viewer");
  const std::string custom = bound("projects/shop/roles/mine");
  const std::string sometimes = bound("roles/pubsub.publisher", R"(,"condition":{"title":"t"})");
  const std::string all = R"({"role":"roles/pubsub.publisher","members":["allUsers"]})";
  const Row rows[] = {
      {"", Right::publish, Admission::refused},
      {publisher, Right::publish, Admission::admitted},
      {publisher, Right::consume, Admission::refused},
      {subscriber, Right::consume, Admission::admitted},
      {admin, Right::publish, Admission::admitted},
      {viewer, Right::publish, Admission::refused},
      {custom, Right::publish, Admission::depends},
      {sometimes, Right::publish, Admission::depends},
      {all, Right::publish, Admission::admitted},
  };
  for (const auto& [bindings, right, admission] : rows) {
    const auto policy =
        parse_policy(json(R"({"bindings":[)" + std::string(bindings) + "]}").root());
    EXPECT_EQ(admits(policy, right, agent), admission) << bindings;
    EXPECT_EQ(admits(policy, right,
                     "serviceAccount:service-*@gcp-sa-secretmanager.iam.gserviceaccount.com"),
              admission)
        << bindings;
    if (bindings != all) {
      EXPECT_EQ(admits(policy, right,
                       "serviceAccount:service-6@gcp-sa-secretmanager.iam.gserviceaccount.com"),
                Admission::refused);
    }
  }
}

TEST_F(GoogleInspectTest, PoliciesAndRights) {
  auto answer =
      ask(policy_call("projects/shop/topics/t"), R"({"bindings":[{"role":"r","members":["m"]}]})");
  EXPECT_EQ(asked, "/v1/projects/shop/topics/t:getIamPolicy");
  EXPECT_EQ(parse_policy(answer.root()).bindings.at(0).role, "r");
  answer = ask(permissions_call("projects/shop/topics/t", {"a", "b"}), R"({"permissions":["b"]})");
  EXPECT_EQ(asked, R"(/v1/projects/shop/topics/t:testIamPermissions {"permissions":["a","b"]})");
  EXPECT_EQ(http.seen.back().method, net::Method::post);
  EXPECT_THAT(parse_permissions(answer.root()), ElementsAre("b"));
  answer = ask(permissions_call("projects/shop/topics/t", {"a"}), "");
  EXPECT_TRUE(parse_permissions(answer.root()).empty());
}

TEST_F(GoogleInspectTest, TopicsOfASecret) {
  const auto answer =
      ask(topics_call(parse_secret_name("projects/shop/locations/eu/secrets/db").value()),
          R"({"name":"projects/5/locations/eu/secrets/db",
              "topics":[{"name":"projects/shop/topics/t"},{"name":"u"}]})");
  EXPECT_EQ(asked, "/v1/projects/shop/locations/eu/secrets/db");
  const auto topics = parse_topics(answer.root());
  EXPECT_EQ(topics.number, "5");
  EXPECT_THAT(topics.topics, ElementsAre("projects/shop/topics/t", "u"));
}

TEST_F(GoogleInspectTest, SinksPageByPage) {
  std::vector<Sink> sinks;
  auto answer = ask(sinks_call("shop", ""), R"({"sinks":[{"name":"a",
      "destination":"pubsub.googleapis.com/projects/p/topics/t",
      "filter":"f","writerIdentity":"serviceAccount:w","exclusions":[{"filter":"x"},
      {"filter":"y","disabled":true}]}],"nextPageToken":"n+"})");
  EXPECT_EQ(asked, "/v2/projects/shop/sinks");
  const auto more = parse_sinks(answer.root(), sinks);
  answer = ask(sinks_call("shop", more), R"({"sinks":[{"name":"b",
      "destination":"storage.googleapis.com/bucket","disabled":true}]})");
  EXPECT_EQ(asked, "/v2/projects/shop/sinks?pageToken=n%2B");
  EXPECT_EQ(parse_sinks(answer.root(), sinks), "");
  ASSERT_EQ(sinks.size(), 2U);
  EXPECT_EQ(sinks.at(0).topic(), "projects/p/topics/t");
  EXPECT_THAT(sinks.at(0).exclusions, ElementsAre("x"));
  EXPECT_EQ(sinks.at(1).topic(), "");
  EXPECT_TRUE(sinks.at(1).disabled);
}

TEST_F(GoogleInspectTest, WhatASinkSends) {
  struct Row {
    std::string_view filter;
    std::string_view exclusion;
    Passes change;
    Passes read;
  };
  constexpr std::string_view shipped =
      R"(logName="projects/shop/logs/cloudaudit.googleapis.com%2Factivity" AND )"
      R"(protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.methodName=()"
      R"("google.cloud.secretmanager.v1.SecretManagerService.CreateSecret" OR )"
      R"("google.cloud.secretmanager.v1.SecretManagerService.AddSecretVersion") AND )"
      R"(NOT protoPayload.status.code>0)";
  const Row rows[] = {
      {shipped, "", Passes::yes, Passes::no},
      {"", "", Passes::yes, Passes::yes},
      {R"(protoPayload.serviceName="secretmanager.googleapis.com")", "", Passes::yes, Passes::yes},
      {R"(protoPayload.methodName=~"AddSecretVersion")", "", Passes::yes, Passes::no},
      {R"(resource.type="audited_resource")", R"(protoPayload.methodName:Access)", Passes::yes,
       Passes::no},
      {R"(protoPayload.resourceName:"secrets/db")", "", Passes::yes, Passes::yes},
      {R"(protoPayload.resourceName:"secrets/mail")", "", Passes::no, Passes::no},
      {R"(protoPayload.authenticationInfo.principalEmail:x)", "", Passes::unclear, Passes::unclear},
      {"", R"(labels.a=b)", Passes::unclear, Passes::unclear},
      {R"(severity>=ERROR)", "", Passes::unclear, Passes::unclear},
  };
  const auto secret = parse_secret_name("projects/shop/secrets/db").value();
  for (const auto& [filter, exclusion, change, read] : rows) {
    Sink sink;
    sink.filter = filter;
    if (!exclusion.empty()) sink.exclusions.emplace_back(exclusion);
    EXPECT_EQ(sends(sink, "AddSecretVersion", secret, "5"), change) << filter;
    EXPECT_EQ(sends(sink, "AccessSecretVersion", secret, "5"), read) << filter;
    sink.disabled = true;
    EXPECT_EQ(sends(sink, "AddSecretVersion", secret, "5"), Passes::no);
  }
}

TEST(GoogleCredentialOrigin, NamesWhoseTheyAreAndWhereTheyAreFrom) {
  auth::test::Bench bench;
  const auto told = [&](const std::string& content) {
    bench.files = {{"/f.json", content}};
    bench.variables = {{"GOOGLE_APPLICATION_CREDENTIALS", "/f.json"}};
    const auto settings = load_adc(bench.env, bench.read);
    EXPECT_TRUE(settings) << settings.error().text;
    auto origin = origin_of(*settings);
    EXPECT_THAT(origin.how, HasSubstr("GOOGLE_APPLICATION_CREDENTIALS=/f.json"));
    return origin;
  };
  const auto key = told(auth::test::key_file());
  EXPECT_EQ(key.principal, "edsm@my-project.iam.gserviceaccount.com");
  EXPECT_THAT(key.how, testing::Not(HasSubstr("PRIVATE")));
  const auto user = told(std::string(auth::test::user_file));
  EXPECT_EQ(user.principal, "");
  EXPECT_EQ(user.token_info_url, "https://oauth2.googleapis.com/tokeninfo");
  const auto pool = told(auth::test::pool_file(R"({"file":"/token"})"));
  EXPECT_THAT(pool.how, HasSubstr("workloadIdentityPools/p/providers/k8s"));
  const auto acting = told(auth::test::pool_file(
      R"({"file":"/token"})", R"(,"service_account_impersonation_url":")" +
                                  std::string(auth::test::impersonation_url) + "\""));
  EXPECT_EQ(acting.principal, "reader@p.iam.gserviceaccount.com");
  EXPECT_THAT(acting.how, HasSubstr("impersonation by workload identity federation"));
  bench.variables = {};
  const auto machine = origin_of(load_adc(bench.env, bench.read).value());
  EXPECT_EQ(machine.how, "the metadata server (http://metadata.google.internal)");
}

}  // namespace
}  // namespace edsm::cloud::gcp
