#include "cloud/aws/sqs.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "cloud/aws/inbox.hpp"
#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using std::chrono::seconds;
using testing::HasSubstr;

class InboxTest : public testing::Test, protected test::Bench {
 protected:
  InboxTest() {
    const auto queue =
        parse_queue_url("https://sqs.eu-west-1.amazonaws.com/123456789012/edsm").value();
    auto polls = std::make_unique<Client>(Service::sqs, "eu-west-1", "https://sqs.example",
                                          long_polls, credentials.get(), wiring());
    inbox = std::make_unique<SqsInbox>(
        std::make_unique<Sqs>(queue, client(Service::sqs), std::move(polls)), clock);
  }
  std::vector<std::string> results(std::vector<base::Result<>> outcomes) {
    std::vector<std::string> codes;
    for (const auto& outcome : outcomes) codes.push_back(outcome ? "ok" : outcome.error().code);
    return codes;
  }
  std::vector<std::string> acknowledge(std::vector<std::string> tickets) {
    return results(support::run(inbox->acknowledge(std::move(tickets))));
  }

  support::ScriptedHttp long_polls;
  std::unique_ptr<SqsInbox> inbox;
};

std::string message(std::string_view id, std::string_view body_json, std::string_view md5) {
  return fmt::format(R"({{"MessageId":"{}","ReceiptHandle":"h-{}","MD5OfBody":"{}","Body":"{}",
    "Attributes":{{"SentTimestamp":"1700000000123","ApproximateReceiveCount":"3"}}}})",
                     id, id, md5, body_json);
}

TEST_F(InboxTest, ReceivesByALongPollOnItsOwnConnections) {
  const std::string body = R"({"detail":{"eventName":"GetSecretValue"}})";
  const std::string escaped = R"({\"detail\":{\"eventName\":\"GetSecretValue\"}})";
  const std::string md5 = base::md5_hex(body).value();
  long_polls.reply(200, R"({"Messages":[)" + message("1", escaped, md5) + "," +
                            message("2", escaped, std::string(32, '0')) + "," +
                            message("3", "nonsense", "") + "]}");
  const auto got = support::run(inbox->receive());
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Irrelevant>((*got)[0].content));
  EXPECT_EQ((*got)[0].ticket, "h-1");
  EXPECT_EQ((*got)[0].id, "1");
  EXPECT_EQ((*got)[0].receive_count, 3);
  EXPECT_EQ((*got)[0].sent_at->time_since_epoch(), std::chrono::milliseconds(1700000000123));
  ASSERT_TRUE(std::holds_alternative<Malformed>((*got)[1].content))
      << "what was torn on the way is left in the queue";
  EXPECT_THAT(std::get<Malformed>((*got)[1].content).why, HasSubstr("MD5"));
  EXPECT_TRUE(std::holds_alternative<Malformed>((*got)[2].content));

  const auto& seen = long_polls.seen.at(0);
  EXPECT_EQ(test::operation_of(seen), "ReceiveMessage");
  EXPECT_EQ(seen.timeout, base::Duration(seconds(30)));
  EXPECT_EQ(
      seen.body,
      R"({"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/edsm","MaxNumberOfMessages":10,)"
      R"("WaitTimeSeconds":20,"MessageSystemAttributeNames":["SentTimestamp","ApproximateReceiveCount"]})");
  EXPECT_TRUE(http.seen.empty());
  EXPECT_EQ(inbox->name(), "sqs/eu-west-1/edsm");
}

TEST_F(InboxTest, EmptyAnswersThatComeAtOnceDoNotSpin) {
  for (const std::string_view body : {"{}", "", R"({"Messages":[]})", R"({"Messages":null})"}) {
    long_polls.reply(200, body);
    const auto before = clock.slept();
    const auto got = support::run(inbox->receive());
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->empty());
    EXPECT_EQ(clock.slept() - before, base::Duration(seconds(1)));
  }
}

TEST_F(InboxTest, ErrorsNameTheQueueAndTheRemedy) {
  long_polls.reply(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist"})");
  auto got = support::run(inbox->receive());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure, Failure::absent);
  EXPECT_THAT(got.error().text,
              HasSubstr("edsm of SQS_QUEUE_URL does not exist in account 123456789012"));
  long_polls.reply(403, R"({"__type":"AccessDeniedException"})");
  got = support::run(inbox->receive());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure, Failure::refused);
  EXPECT_THAT(got.error().text, HasSubstr("grant sqs:ReceiveMessage on the queue edsm"));
}

TEST_F(InboxTest, AcknowledgesInTens) {
  http.reply(200, "{}").reply(200, R"({"Successful":[{"Id":"10"}],"Failed":[]})");
  std::vector<std::string> tickets;
  for (int i = 0; i < 11; ++i) tickets.push_back("h" + std::to_string(i));
  EXPECT_EQ(acknowledge(tickets), std::vector<std::string>(11, "ok"));
  ASSERT_EQ(http.seen.size(), 2U);
  EXPECT_EQ(test::operation_of(http.seen[0]), "DeleteMessageBatch");
  EXPECT_THAT(http.seen[0].body, HasSubstr(R"({"Id":"9","ReceiptHandle":"h9"}])"));
  EXPECT_THAT(http.seen[1].body, HasSubstr(R"("Entries":[{"Id":"10","ReceiptHandle":"h10"}])"));
  EXPECT_EQ(acknowledge({}), std::vector<std::string>());
  EXPECT_EQ(http.seen.size(), 2U);
}

TEST_F(InboxTest, EntriesThatFailedByTheServicesFaultGoOutAgain) {
  http.reply(200, R"({"Failed":[{"Id":"0","SenderFault":false,"Code":"InternalError"},
                                {"Id":"2","SenderFault":true,"Code":"ReceiptHandleIsInvalid","Message":"m"}]})");
  http.reply(200, "{}");
  EXPECT_EQ(acknowledge({"a", "b", "c"}),
            (std::vector<std::string>{"ok", "ok", "ReceiptHandleIsInvalid"}));
  EXPECT_THAT(http.seen.at(1).body, HasSubstr(R"("Entries":[{"Id":"0","ReceiptHandle":"a"}])"));

  for (int i = 0; i < 3; ++i)
    http.reply(200, R"({"Failed":[{"Id":"0","SenderFault":false,"Code":"InternalError"}]})");
  EXPECT_EQ(acknowledge({"a"}), (std::vector<std::string>{"InternalError"}));
  EXPECT_TRUE(http.exhausted()) << "three times at most";
}

TEST_F(InboxTest, AFailedCallFailsAllOfIts) {
  http.reply(400, R"({"__type":"AccessDeniedException"})");
  EXPECT_EQ(acknowledge({"a", "b"}),
            (std::vector<std::string>{"AccessDeniedException", "AccessDeniedException"}));
  http.reply(500).reply(500).reply(500);
  EXPECT_EQ(acknowledge({"a"}), (std::vector<std::string>{"Http500"}));
  EXPECT_TRUE(http.exhausted()) << "the call's own retries, no more";
}

TEST_F(InboxTest, OddAnswersOfABatchAreHarmless) {
  http.reply(200, R"({"Failed":[{"Id":"7","SenderFault":false,"Code":"X"},{"Id":"a"},{},7]})");
  EXPECT_EQ(acknowledge({"a"}), (std::vector<std::string>{"ok"}));
}

TEST_F(InboxTest, HoldsForWholeSecondsWithinTheLimit) {
  const std::vector<std::pair<base::Duration, std::string_view>> rows = {
      {base::Duration(0), "\"VisibilityTimeout\":0}"},
      {std::chrono::milliseconds(1), "\"VisibilityTimeout\":1}"},
      {std::chrono::milliseconds(30001), "\"VisibilityTimeout\":31}"},
      {std::chrono::hours(13), "\"VisibilityTimeout\":43200}"},
      {-seconds(5), "\"VisibilityTimeout\":0}"}};
  for (const auto& [time, text] : rows) {
    http.reply(200);
    EXPECT_EQ(results(support::run(inbox->hold({"a"}, time))), std::vector<std::string>{"ok"});
    EXPECT_EQ(test::operation_of(http.seen.back()), "ChangeMessageVisibilityBatch");
    EXPECT_THAT(http.seen.back().body, HasSubstr(std::string(text)));
  }
}

TEST_F(InboxTest, Facts) {
  http.reply(
      200,
      R"({"Attributes":{"VisibilityTimeout":"45","RedrivePolicy":"{\"deadLetterTargetArn\":\"a\",\"maxReceiveCount\":3}"}})");
  auto facts = support::run(inbox->describe());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->hold_time, base::Duration(seconds(45)));
  EXPECT_TRUE(facts->dead_letters);
  http.reply(200, R"({"Attributes":{"RedrivePolicy":"odd"}})");
  facts = support::run(inbox->describe());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->hold_time, base::Duration(seconds(30)));
  EXPECT_FALSE(facts->dead_letters);
}

}  // namespace
}  // namespace edsm::cloud::aws
