#include "sim/gcp/gcp.hpp"

#include <memory>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/crypto.hpp"
#include "sim/test_timeline.hpp"

namespace edsm::sim::gcp {
namespace {

using boost::json::array;
using boost::json::object;
using net::Method;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// A Google Cloud and somebody who may do everything.
struct GcpTest : testing::Test {
  ManualTimeline timeline;
  Gcp gcp{timeline};
  std::string token = fresh_token();

  std::string fresh_token() {
    net::Request request(Method::get,
                         "http://metadata.google.internal/computeMetadata/v1/instance/"
                         "service-accounts/default/token?scopes=x");
    request.headers.add("Metadata-Flavor", "Google");
    return std::string(text_at(body(send(request)), "access_token"));
  }
  std::shared_ptr<RecordedExchange> send(const net::Request& request) {
    auto exchange = std::make_shared<RecordedExchange>();
    gcp.take(request, exchange);
    return exchange;
  }
  static object body(const std::shared_ptr<RecordedExchange>& exchange) {
    return boost::json::parse(exchange->reply().body).as_object();
  }
  std::shared_ptr<RecordedExchange> ask(Method method, std::string_view path, object input = {}) {
    net::Request request(method, fmt::format("https://any.googleapis.com/v1/projects/{}", path));
    request.headers.add("Authorization", "Bearer " + token);
    if (method != Method::get) request.body.append(boost::json::serialize(input));
    return send(request);
  }
  object get(std::string_view path) { return body(ask(Method::get, path)); }
  object post(std::string_view path, object input = {}) {
    return body(ask(Method::post, path, std::move(input)));
  }
  /// "NOT_FOUND" of an error, "" of a success.
  static std::string status(const object& answer) {
    return answer.contains("error") ? std::string(text_at(answer.at("error").as_object(), "status"))
                                    : std::string();
  }
  std::string read(std::string_view version) {
    const auto answer = get(fmt::format("shop-123456/secrets/a/versions/{}:access", version));
    if (answer.contains("error")) return status(answer);
    const auto& payload = answer.at("payload").as_object();
    return std::string(base::base64_decode(text_at(payload, "data"))->view());
  }
  array pull(std::int64_t max = 100) {
    const auto answer = post("shop-123456/subscriptions/edsm-events:pull",
                             {{"maxMessages", max}, {"returnImmediately", true}});
    return answer.contains("receivedMessages") ? answer.at("receivedMessages").as_array() : array();
  }
  object on_queue(std::string_view verb, const array& messages, std::int64_t time = -1) {
    array ids;
    for (const auto& each : messages) ids.push_back(each.at("ackId"));
    object input{{"ackIds", std::move(ids)}};
    if (time >= 0) input["ackDeadlineSeconds"] = time;
    return post(fmt::format("shop-123456/subscriptions/edsm-events:{}", verb), std::move(input));
  }
  /// What the waiting messages say: their event types.
  std::vector<std::string> told() {
    std::vector<std::string> events;
    const auto messages = pull();
    for (const auto& each : messages) {
      const auto& message = each.at("message").as_object();
      events.emplace_back(text_at(message.at("attributes").as_object(), "eventType"));
    }
    if (!messages.empty()) on_queue("acknowledge", messages);
    return events;
  }
};

TEST_F(GcpTest, LatestIsTheNewestWhateverItsState) {
  EXPECT_EQ(read("latest"), "NOT_FOUND");
  EXPECT_EQ(gcp.secrets().put("secrets/a", "one"), "1");
  EXPECT_EQ(gcp.secrets().put("secrets/a", "two"), "2");
  EXPECT_EQ(read("latest"), "two");
  ASSERT_TRUE(gcp.secrets().change("secrets/a", "2", State::disabled));
  EXPECT_EQ(read("latest"), "FAILED_PRECONDITION");
  EXPECT_EQ(read("1"), "one");
  EXPECT_EQ(text_at(get("shop-123456/secrets/a/versions/latest"), "state"), "DISABLED");
  ASSERT_TRUE(gcp.secrets().change("secrets/a", "2", State::enabled));
  EXPECT_EQ(read("latest"), "two");
  ASSERT_TRUE(gcp.secrets().change("secrets/a", "2", State::destroyed));
  EXPECT_FALSE(gcp.secrets().change("secrets/a", "2", State::enabled));
  EXPECT_EQ(read("2"), "FAILED_PRECONDITION");
}

TEST_F(GcpTest, AnAliasMeansANumber) {
  gcp.secrets().put("secrets/a", "one");
  gcp.secrets().put("secrets/a", "two");
  EXPECT_EQ(read("live"), "NOT_FOUND");
  EXPECT_TRUE(gcp.secrets().set_alias("secrets/a", "live", "1"));
  EXPECT_EQ(read("live"), "one");
  EXPECT_FALSE(gcp.secrets().set_alias("secrets/a", "live", "3"));
  EXPECT_FALSE(gcp.secrets().set_alias("secrets/a", "latest", "1"));
  EXPECT_TRUE(gcp.secrets().set_alias("secrets/a", "live", "2"));
  EXPECT_EQ(read("live"), "two");
}

TEST_F(GcpTest, AnswersCarryTheProjectsNumber) {
  gcp.secrets().put("secrets/a", "one");
  const auto version = std::string("projects/827585297303/secrets/a/versions/1");
  EXPECT_EQ(text_at(get("shop-123456/secrets/a/versions/latest"), "name"), version);
  EXPECT_EQ(text_at(get("827585297303/secrets/a/versions/1:access"), "name"), version);
  EXPECT_EQ(status(get("other/secrets/a/versions/1")), "PERMISSION_DENIED");
  const auto payload = get("shop-123456/secrets/a/versions/1:access").at("payload").as_object();
  EXPECT_EQ(text_at(payload, "dataCrc32c"), std::to_string(checksum("one")));
}

TEST_F(GcpTest, ASecretMadeAnewBeginsAtOne) {
  gcp.secrets().put("secrets/a", "one");
  const auto before = get("shop-123456/secrets/a/versions/1");
  ASSERT_TRUE(gcp.secrets().remove("secrets/a"));
  EXPECT_EQ(read("1"), "NOT_FOUND");
  timeline.advance(seconds(1));
  EXPECT_EQ(gcp.secrets().put("secrets/a", "other"), "1");
  const auto after = get("shop-123456/secrets/a/versions/1");
  EXPECT_EQ(text_at(before, "name"), text_at(after, "name"));
  EXPECT_NE(text_at(before, "createTime"), text_at(after, "createTime"));
}

TEST_F(GcpTest, PublishesWhatTheServiceDoes) {
  gcp.secrets().put("secrets/a", "one");
  EXPECT_THAT(told(), ElementsAre("TOPIC_CONFIGURED", "SECRET_CREATE", "SECRET_VERSION_ADD"));
  gcp.secrets().set_alias("secrets/a", "live", "1");
  (void)gcp.secrets().change("secrets/a", "1", State::disabled);
  (void)gcp.secrets().change("secrets/a", "1", State::enabled);
  (void)gcp.secrets().change("secrets/a", "1", State::destroyed);
  (void)gcp.secrets().remove("secrets/a");
  EXPECT_THAT(told(),
              ElementsAre("SECRET_UPDATE", "SECRET_VERSION_DISABLE", "SECRET_VERSION_ENABLE",
                          "SECRET_VERSION_DESTROY", "SECRET_DELETE"));
  gcp.secrets().set_topic("");
  gcp.secrets().put("secrets/b", "one");
  EXPECT_THAT(told(), IsEmpty()) << "a secret without a topic tells nobody";
}

TEST_F(GcpTest, ANotificationIsTheDocumentedOne) {
  gcp.secrets().put("secrets/a", "one");
  const auto messages = pull();
  const auto& message = messages.at(2).at("message").as_object();
  const object expected{{"eventType", "SECRET_VERSION_ADD"},
                        {"dataFormat", "JSON_API_V1"},
                        {"secretId", "projects/827585297303/secrets/a"},
                        {"versionId", "projects/827585297303/secrets/a/versions/1"},
                        {"timestamp", "2026-11-22T17:00:00.000000-08:00"}};
  EXPECT_EQ(message.at("attributes").as_object(), expected);
  const auto data = base::base64_decode(text_at(message, "data"));
  const auto version = boost::json::parse(data->view()).as_object();
  EXPECT_EQ(version, get("shop-123456/secrets/a/versions/1"));
}

TEST_F(GcpTest, TheAuditLogTellsOfCalls) {
  gcp.events.audit_topic = gcp.topic();
  gcp.secrets().set_topic("");
  gcp.secrets().put("secrets/a", "one");
  read("1");
  std::vector<std::string> methods;
  for (const auto& each : pull()) {
    const auto data = base::base64_decode(text_at(each.at("message").as_object(), "data"));
    const auto entry = boost::json::parse(data->view()).as_object();
    const std::string name(text_at(entry.at("protoPayload").as_object(), "methodName"));
    methods.push_back(name.substr(name.rfind('.') + 1));
  }
  EXPECT_THAT(methods, ElementsAre("CreateSecret", "AddSecretVersion"));
}

TEST_F(GcpTest, ListsComeInPages) {
  for (const auto* const name : {"secrets/a", "secrets/b", "secrets/c"}) {
    gcp.secrets().put(name, "one");
  }
  const auto first = get("shop-123456/secrets?pageSize=2");
  EXPECT_EQ(first.at("secrets").as_array().size(), 2U);
  EXPECT_EQ(first.at("totalSize").to_number<int>(), 3);
  const auto next = get(
      fmt::format("shop-123456/secrets?pageSize=2&pageToken={}", text_at(first, "nextPageToken")));
  EXPECT_EQ(next.at("secrets").as_array().size(), 1U);
  EXPECT_FALSE(next.contains("nextPageToken"));
  gcp.secrets().put("secrets/a", "two");
  (void)gcp.secrets().change("secrets/a", "2", State::disabled);
  const auto enabled = get("shop-123456/secrets/a/versions?filter=state:ENABLED");
  EXPECT_EQ(enabled.at("versions").as_array().size(), 1U);
}

TEST_F(GcpTest, APullWaitsForAMessage) {
  const auto waiting =
      ask(Method::post, "shop-123456/subscriptions/edsm-events:pull", {{"maxMessages", 10}});
  EXPECT_FALSE(waiting->answered);
  timeline.advance(seconds(20));
  gcp.pubsub().publish(gcp.topic(), {"x", {}});
  EXPECT_TRUE(waiting->answered);
  const auto empty =
      ask(Method::post, "shop-123456/subscriptions/edsm-events:pull", {{"maxMessages", 10}});
  timeline.advance(seconds(9));
  EXPECT_FALSE(empty->answered) << "the message is leased";
  timeline.advance(seconds(1));
  EXPECT_TRUE(empty->answered) << "and nobody acknowledged it in time";
  EXPECT_EQ(status(post("shop-123456/subscriptions/edsm-events:pull")), "INVALID_ARGUMENT");
  EXPECT_EQ(status(post("shop-123456/subscriptions/no:pull", {{"maxMessages", 1}})), "NOT_FOUND");
}

TEST_F(GcpTest, AnEmptyPullEndsByItself) {
  const auto waiting =
      ask(Method::post, "shop-123456/subscriptions/edsm-events:pull", {{"maxMessages", 10}});
  timeline.advance(seconds(90));
  ASSERT_TRUE(waiting->answered);
  EXPECT_EQ(waiting->reply().body, "{}");
}

TEST_F(GcpTest, AckIdsAreOfOneDelivery) {
  gcp.pubsub().publish(gcp.topic(), {"x", {}});
  const auto first = pull();
  EXPECT_EQ(status(on_queue("modifyAckDeadline", first, 0)), "");
  const auto second = pull();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(first[0].at("ackId"), second[0].at("ackId"));
  EXPECT_EQ(first[0].at("message").at("messageId"), second[0].at("message").at("messageId"));
  EXPECT_EQ(status(on_queue("acknowledge", first)), "");
  EXPECT_EQ(gcp.queue().counts().leased, 1U) << "somebody else has it now";
  EXPECT_EQ(status(on_queue("modifyAckDeadline", second, 600)), "");
  timeline.advance(minutes(9));
  EXPECT_EQ(gcp.queue().counts().leased, 1U);
  EXPECT_EQ(status(on_queue("modifyAckDeadline", second, 601)), "INVALID_ARGUMENT");
  EXPECT_EQ(status(on_queue("acknowledge", second)), "");
  EXPECT_TRUE(gcp.queue().counts().empty());
  EXPECT_EQ(status(on_queue("acknowledge", array{object{{"ackId", "zzz"}}})), "INVALID_ARGUMENT");
}

TEST_F(GcpTest, ALateAcknowledgementMayBeLost) {
  for (const unsigned lost : {0U, 1000U}) {
    gcp.faults.late_acks_lost = lost;
    gcp.pubsub().publish(gcp.topic(), {"x", {}});
    const auto late = pull();
    timeline.advance(seconds(11));
    EXPECT_EQ(status(on_queue("acknowledge", late)), "");
    EXPECT_EQ(gcp.queue().counts().waiting, lost == 0 ? 0U : 1U);
  }
}

TEST_F(GcpTest, WhatNobodyCanDealWithBecomesADeadLetter) {
  gcp.set_max_attempts(5);
  gcp.pubsub().publish(gcp.topic(), {"x", {{"k", "v"}}});
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const auto messages = pull();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].at("deliveryAttempt").to_number<int>(), attempt);
    timeline.advance(seconds(10));
  }
  EXPECT_THAT(pull(), IsEmpty());
  EXPECT_TRUE(gcp.queue().counts().empty());
  EXPECT_EQ(gcp.dead_letters().counts().waiting, 1U);
}

TEST_F(GcpTest, TokensExpire) {
  gcp.secrets().put("secrets/a", "one");
  EXPECT_EQ(read("1"), "one");
  EXPECT_EQ(fresh_token(), token) << "the same as long as it is good";
  timeline.advance(minutes(56));
  EXPECT_NE(fresh_token(), token);
  EXPECT_EQ(read("1"), "one");
  timeline.advance(minutes(4));
  EXPECT_EQ(read("1"), "UNAUTHENTICATED");
  token = fresh_token();
  EXPECT_EQ(read("1"), "one");
  gcp.tokens().expire_all();
  EXPECT_EQ(read("1"), "UNAUTHENTICATED");
  net::Request bare(Method::get, "http://metadata.google.internal/computeMetadata/v1/instance/");
  EXPECT_EQ(send(bare)->reply().status, 403);
}

TEST_F(GcpTest, FaultsAreTheServices) {
  gcp.secrets().put("secrets/a", "one");
  gcp.faults.deny("GetSecretVersion");
  EXPECT_EQ(status(get("shop-123456/secrets/a/versions/1")), "PERMISSION_DENIED");
  EXPECT_EQ(read("1"), "one");
  gcp.faults = {};
  gcp.faults.exhausted.insert("GetSecretVersion");
  EXPECT_EQ(status(get("shop-123456/secrets/a/versions/1")), "RESOURCE_EXHAUSTED");
  gcp.faults = {};
  gcp.faults.damaged = 1000;
  EXPECT_NE(read("1"), "one");
  EXPECT_EQ(gcp.calls().value_reads("secrets/a", "1"), 2U);
}

TEST_F(GcpTest, HistoryTellsWhatAReaderGot) {
  using enum Current::State;
  gcp.secrets().put("secrets/a", "one");
  gcp.secrets().put("secrets/a", "two");
  (void)gcp.secrets().change("secrets/a", "2", State::disabled);
  (void)gcp.secrets().remove("secrets/a");
  std::vector<std::pair<Current::State, std::string>> latest;
  for (const auto& each : gcp.secrets().history("secrets/a", "latest"))
    latest.emplace_back(each.state, each.bytes);
  EXPECT_THAT(latest,
              ElementsAre(std::pair(gone, ""), std::pair(live, "one"), std::pair(live, "two"),
                          std::pair(disabled, "two"), std::pair(gone, "")));
  EXPECT_EQ(gcp.secrets().current("secrets/a", "1").state, gone);
  EXPECT_THAT(gcp.secrets().history("secrets/b", "latest"), IsEmpty());
}

}  // namespace
}  // namespace edsm::sim::gcp
