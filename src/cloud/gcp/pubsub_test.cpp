#include "cloud/gcp/pubsub.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "cloud/gcp/inbox.hpp"
#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using Strings = std::vector<std::string>;

class PubsubInboxTest : public testing::Test, protected test::Bench {
 protected:
  static Strings codes(const std::vector<base::Result<>>& outcomes) {
    Strings all;
    for (const auto& outcome : outcomes) all.push_back(outcome ? "ok" : outcome.error().code);
    return all;
  }
  Strings acknowledge(Strings tickets) {
    return codes(support::run(inbox->acknowledge(std::move(tickets))));
  }
  base::Result<std::vector<Message>> receive() { return support::run(inbox->receive()); }
  std::string path_of(std::size_t index) {
    return http.seen.at(index).url.substr(std::string("https://google.example/v1/").size());
  }

  support::ScriptedHttp polls;
  Projects projects;
  Births births{projects};
  std::unique_ptr<PubsubInbox> inbox = std::make_unique<PubsubInbox>(
      std::make_unique<Pubsub>(Subscription{"shop", "edsm"}, client(Service::pubsub),
                               client(Service::pubsub, polls)),
      projects, births, clock);
};

std::string message(std::string_view id, std::string_view inner, std::string_view more = "") {
  return fmt::format(
      R"({{"ackId":"a-{}","message":{{"messageId":"{}","publishTime":"2026-11-23T18:00:00.5Z",{}}}{}}})",
      id, id, inner, more);
}
std::string received(const Strings& messages) {
  std::string list;
  for (const auto& each : messages) list += (list.empty() ? "" : ",") + each;
  return R"({"receivedMessages":[)" + list + "]}";
}
const std::string native =
    R"("attributes":{"eventType":"SECRET_VERSION_ADD","secretId":"projects/5/secrets/db",
       "versionId":"projects/5/secrets/db/versions/2"})";

TEST_F(PubsubInboxTest, ReceivesByALongPollOnItsOwnConnections) {
  polls.reply(200, received({message("1", native), message("2", R"("data":"bm9uc2Vuc2U=")"),
                             message("3", R"("data":"*")"),
                             message("4", native, R"(,"deliveryAttempt":3)")}));
  const auto got = receive();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 4U);
  const auto& first = got->front();
  ASSERT_TRUE(std::holds_alternative<Hint>(first.content));
  EXPECT_EQ(std::get<Hint>(first.content).version, "2");
  EXPECT_EQ(first.ticket, "a-1");
  EXPECT_EQ(first.id, "1");
  EXPECT_EQ(first.receive_count, 1);
  EXPECT_EQ(first.sent_at, base::parse_rfc3339("2026-11-23T18:00:00.5Z"));
  EXPECT_TRUE(std::holds_alternative<Malformed>((*got)[1].content));
  EXPECT_THAT(std::get<Malformed>((*got)[2].content).why, HasSubstr("base64"));
  EXPECT_EQ((*got)[3].receive_count, 3);

  const auto& seen = polls.seen.at(0);
  EXPECT_EQ(seen.url, "https://google.example/v1/projects/shop/subscriptions/edsm:pull");
  EXPECT_EQ(seen.body, R"({"maxMessages":100})");
  EXPECT_EQ(seen.timeout, base::Duration(seconds(100)));
  EXPECT_TRUE(http.seen.empty());
  EXPECT_EQ(inbox->name(), "pubsub/shop/edsm");
  EXPECT_GT(inbox->stuck_after(), seen.timeout);
}

TEST_F(PubsubInboxTest, APollThatEndsWithoutAnAnswerIsEmpty) {
  polls.reply(200, "{\n}")
      .reply(200, R"({"receivedMessages":[]})")
      .reply(200, "")
      .reply(504, test::error_body("DEADLINE_EXCEEDED"))
      .reply(504, "<html>")
      .reply_error(Failure::transient, "Timeout");
  for (int i = 0; i < 6; ++i) {
    const auto before = clock.slept();
    const auto got = receive();
    ASSERT_TRUE(got) << i;
    EXPECT_TRUE(got->empty());
    EXPECT_EQ(clock.slept() - before, base::Duration(seconds(1))) << "and does not spin";
  }
  EXPECT_TRUE(polls.exhausted()) << "once each: the caller pulls again anyway";
}

TEST_F(PubsubInboxTest, ErrorsNameTheSubscriptionAndTheRemedy) {
  struct Row {
    int status;
    std::string_view code;
    Failure failure;
    std::string_view remedy;
  };
  const Row rows[] = {
      {404, "NOT_FOUND", Failure::absent,
       "projects/shop/subscriptions/edsm of GCP_PUBSUB_SUBSCRIPTION does not exist"},
      {403, "PERMISSION_DENIED", Failure::refused,
       "grant roles/pubsub.subscriber (pubsub.subscriptions.consume) on "
       "projects/shop/subscriptions/edsm"},
      {400, "FAILED_PRECONDITION", Failure::refused, "detached"},
      {503, "UNAVAILABLE", Failure::transient, "(projects/shop/subscriptions/edsm)"},
  };
  for (const auto& [status, code, failure, remedy] : rows) {
    polls.reply(status, test::error_body(code));
    const auto got = receive();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().failure, failure);
    EXPECT_THAT(got.error().text, HasSubstr(std::string(remedy)));
    EXPECT_THAT(got.error().text, Not(HasSubstr("hunter2")));
  }
}

TEST_F(PubsubInboxTest, AnAnswerThatIsTooLargeIsAskedForInParts) {
  const auto wanted = [&] {
    const auto& body = polls.seen.back().body;
    return std::stoi(body.substr(body.find(':') + 1));
  };
  for (const int expected : {100, 25, 6, 1, 1}) {
    polls.reply_error(Failure::transient, "ResponseTooLarge");
    EXPECT_FALSE(receive());
    EXPECT_EQ(wanted(), expected);
  }
  for (const int expected : {1, 2, 4, 8, 16, 32, 64, 100, 100}) {
    polls.reply(200, "{}");
    EXPECT_TRUE(receive());
    EXPECT_EQ(wanted(), expected);
  }
}

TEST_F(PubsubInboxTest, WhatNobodyElseCountsIsCounted) {
  for (const int expected : {1, 2, 3}) {
    polls.reply(200, received({message("1", native)}));
    EXPECT_EQ(receive()->front().receive_count, expected);
  }
  polls.reply(200, received({message("2", native)}));
  EXPECT_EQ(receive()->front().receive_count, 1);
}

TEST(Deliveries, AreBoundedAndForgetTheOldest) {
  Deliveries deliveries;
  for (std::size_t i = 0; i <= Deliveries::limit; ++i) deliveries.came(std::to_string(i), 0);
  EXPECT_EQ(deliveries.size(), Deliveries::limit);
  EXPECT_EQ(deliveries.came("1", 0), 2);
  EXPECT_EQ(deliveries.came("0", 0), 1) << "forgotten";
  EXPECT_EQ(deliveries.came("x", 7), 7) << "the service knows better";
  EXPECT_EQ(deliveries.came("", 0), 1);
  EXPECT_EQ(deliveries.came("", 0), 1) << "without an id nothing can be counted";
}

TEST_F(PubsubInboxTest, AcknowledgesManyAtOnce) {
  http.reply(200, "{}").reply(200, "{}");
  Strings tickets;
  for (int i = 0; i < 501; ++i) tickets.push_back("a" + std::to_string(i));
  EXPECT_EQ(acknowledge(tickets), Strings(501, "ok"));
  ASSERT_EQ(http.seen.size(), 2U);
  EXPECT_EQ(path_of(0), "projects/shop/subscriptions/edsm:acknowledge");
  EXPECT_EQ(http.seen[1].body, R"({"ackIds":["a500"]})");
  EXPECT_EQ(acknowledge({}), Strings());
  EXPECT_EQ(http.seen.size(), 2U);
}

TEST_F(PubsubInboxTest, OneIdThatIsRefusedDoesNotFailTheOthers) {
  const auto bad = test::error_body("INVALID_ARGUMENT");
  http.reply(400, bad)    // a b c d
      .reply(200, "{}")   // a b
      .reply(400, bad)    // c d
      .reply(400, bad)    // c
      .reply(200, "{}");  // d
  EXPECT_EQ(acknowledge({"a", "b", "c", "d"}), (Strings{"ok", "ok", "INVALID_ARGUMENT", "ok"}));
  EXPECT_EQ(http.seen.at(1).body, R"({"ackIds":["a","b"]})");
  EXPECT_EQ(http.seen.at(3).body, R"({"ackIds":["c"]})");
  EXPECT_TRUE(http.exhausted());
}

TEST_F(PubsubInboxTest, WhereIdsAreConfirmedOneByOneEachHasItsResult) {
  http.reply(400, test::error_body("FAILED_PRECONDITION", R"([
      {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"EXACTLY_ONCE_ACKID_FAILURE",
       "metadata":{"a":"PERMANENT_FAILURE_INVALID_ACK_ID","c":"TRANSIENT_FAILURE_UNORDERED","x":"y"}}])"));
  const auto results = support::run(inbox->acknowledge({"a", "b", "c"}));
  EXPECT_EQ(codes(results), (Strings{"InvalidAckId", "ok", "TransientAckFailure"}));
  EXPECT_EQ(results[0].error().failure, Failure::invalid);
  EXPECT_EQ(results[2].error().failure, Failure::transient);
  EXPECT_TRUE(http.exhausted());
}

TEST_F(PubsubInboxTest, AFailedCallFailsAllOfIts) {
  http.reply(403, test::error_body("PERMISSION_DENIED"));
  EXPECT_EQ(acknowledge({"a", "b"}), (Strings{"PERMISSION_DENIED", "PERMISSION_DENIED"}));
  for (int i = 0; i < 3; ++i) http.reply(503, test::error_body("UNAVAILABLE"));
  EXPECT_EQ(acknowledge({"a"}), Strings{"UNAVAILABLE"});
  EXPECT_TRUE(http.exhausted());
}

TEST_F(PubsubInboxTest, HoldsForWholeSecondsWithinTheLimitsAndNeverHandsBackAtOnce) {
  const std::pair<base::Duration, std::string_view> rows[] = {
      {base::Duration(0), "10"},
      {-seconds(5), "10"},
      {std::chrono::milliseconds(30001), "31"},
      {std::chrono::hours(1), "600"}};
  for (const auto& [time, text] : rows) {
    http.reply(200, "{}");
    EXPECT_EQ(codes(support::run(inbox->hold({"a"}, time))), Strings{"ok"});
    EXPECT_EQ(http.seen.back().body,
              fmt::format(R"({{"ackIds":["a"],"ackDeadlineSeconds":{}}})", text));
    EXPECT_THAT(http.seen.back().url, HasSubstr(":modifyAckDeadline"));
  }
}

TEST_F(PubsubInboxTest, Facts) {
  struct Row {
    std::string body;
    int hold_seconds;
    bool dead_letters;
  };
  const Row rows[] = {
      {R"({"ackDeadlineSeconds":60,"deadLetterPolicy":{"deadLetterTopic":"projects/p/topics/d",
           "maxDeliveryAttempts":5}})",
       60, true},
      {R"({"ackDeadlineSeconds":10})", 10, false},
      {"{}", 10, false},
      {R"({"ackDeadlineSeconds":9223372036854775807})", 600, false},
      {R"({"ackDeadlineSeconds":-1,"deadLetterPolicy":{}})", 10, false},
  };
  for (const auto& [body, hold_seconds, dead_letters] : rows) {
    http.reply(200, body);
    const auto facts = support::run(inbox->describe());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->hold_time, base::Duration(seconds(hold_seconds)));
    EXPECT_EQ(facts->dead_letters, dead_letters);
  }
  EXPECT_EQ(path_of(0), "projects/shop/subscriptions/edsm");
  EXPECT_EQ(http.seen.at(0).method, net::Method::get);
}

TEST_F(PubsubInboxTest, WhoMayNotLookAtTheSubscriptionStillReceives) {
  http.reply(403, test::error_body("PERMISSION_DENIED"));
  const auto facts = support::run(inbox->describe());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->hold_time, base::Duration(seconds(10)));
  EXPECT_FALSE(facts->dead_letters);
  http.reply(404, test::error_body("NOT_FOUND"));
  EXPECT_FALSE(support::run(inbox->describe()));
}

}  // namespace
}  // namespace edsm::cloud::gcp
