#include "sim/aws/queue.hpp"

#include <gmock/gmock.h>

#include "sim/aws/aws_test_support.hpp"

namespace edsm::sim::aws {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct QueueTest : testing::Test {
  Bench bench;
  Queue& queue = bench.aws.queue();

  static std::vector<std::string> bodies(const array& messages) {
    std::vector<std::string> result;
    for (const auto& each : messages) result.push_back(text(each, "Body"));
    return result;
  }
  static std::string count(const value& message) {
    return text(message.at("Attributes"), "ApproximateReceiveCount");
  }
  Pending poll(int wait) {
    return bench.queue("ReceiveMessage", {{"WaitTimeSeconds", wait}, {"MaxNumberOfMessages", 10}});
  }
};

TEST_F(QueueTest, AMessageInFlightIsHiddenForItsTime) {
  queue.enqueue("one");
  const array first = bench.receive();
  ASSERT_THAT(bodies(first), ElementsAre("one"));
  EXPECT_EQ(count(first[0]), "1");
  EXPECT_EQ(text(first[0], "MD5OfBody"), "f97c5d29941bfb1b2fdab0874906ab82");
  EXPECT_EQ(text(first[0].at("Attributes"), "SentTimestamp"), "1795395600000");
  EXPECT_THAT(bench.receive(), IsEmpty());
  EXPECT_EQ(queue.counts().in_flight, 1U);
  bench.timeline.advance(seconds(30));
  EXPECT_EQ(queue.counts().visible, 1U);
  const array second = bench.receive();
  EXPECT_EQ(count(second.at(0)), "2");
  EXPECT_NE(text(second[0], "ReceiptHandle"), text(first[0], "ReceiptHandle"));
  EXPECT_EQ(text(second[0], "MessageId"), text(first[0], "MessageId"));
}

TEST_F(QueueTest, ALongPollEndsWithAMessageOrWithItsTime) {
  const auto empty = poll(20);
  bench.timeline.advance(seconds(19));
  EXPECT_FALSE(empty.answered());
  bench.timeline.advance(seconds(1));
  ASSERT_TRUE(empty.answered());
  EXPECT_EQ(empty.body(), object{});

  const auto woken = poll(20);
  queue.enqueue("one");
  EXPECT_TRUE(woken.answered());
  const auto later = poll(20);
  const auto last = poll(20);
  queue.enqueue("two", seconds(3));
  EXPECT_EQ(queue.counts().delayed, 1U);
  bench.timeline.advance(seconds(3));
  EXPECT_TRUE(later.answered());
  EXPECT_FALSE(last.answered());
  EXPECT_EQ(queue.counts().polls, 1U);
  EXPECT_THAT(bench.aws.calls().end()[-2].ids, SizeIs(1));
}

TEST_F(QueueTest, ALongPollSeesWhatBecomesVisibleAgain) {
  const auto expiring = [&] {
    queue.enqueue("one");
    bench.receive();
    return poll(20);
  };
  const auto by_time = expiring();
  bench.timeline.advance(seconds(19));
  EXPECT_FALSE(by_time.answered());
  bench.timeline.advance(seconds(1));
  EXPECT_EQ(by_time.body(), object{}) << "the poll is over before the message is back";
  const auto next = poll(20);
  bench.timeline.advance(seconds(10));
  EXPECT_TRUE(next.body().contains("Messages"));
}

TEST_F(QueueTest, WhoLeftGetsNothing) {
  auto poll_of_the_dead = poll(20);
  poll_of_the_dead.leave();
  queue.enqueue("one");
  EXPECT_FALSE(poll_of_the_dead.answered());
  EXPECT_THAT(bodies(bench.receive()), ElementsAre("one"));
  EXPECT_EQ(queue.counts().polls, 0U);
}

TEST_F(QueueTest, ReceiptHandlesAreThoseOfAStandardQueue) {
  const auto handle = [](const array& messages) { return text(messages.at(0), "ReceiptHandle"); };
  queue.enqueue("one");
  const std::string old = handle(bench.receive());
  bench.timeline.advance(seconds(30));
  // Nobody else has it: a handle whose time is over still deletes, but extends nothing.
  EXPECT_EQ(
      bench.queue("ChangeMessageVisibility", {{"ReceiptHandle", old}, {"VisibilityTimeout", 60}})
          .status(),
      200);
  EXPECT_EQ(queue.counts().visible, 1U);
  const std::string fresh = handle(bench.receive());
  EXPECT_EQ(bench.queue("DeleteMessage", {{"ReceiptHandle", old}}).status(), 200);
  EXPECT_EQ(queue.counts().in_flight, 1U) << "accepted, but it does nothing";
  EXPECT_EQ(bench.queue("DeleteMessage", {{"ReceiptHandle", fresh}}).status(), 200);
  EXPECT_TRUE(queue.counts().empty());
  EXPECT_EQ(queue.counts().deleted, 1U);
  EXPECT_EQ(bench.queue("DeleteMessage", {{"ReceiptHandle", fresh}}).status(), 200);
  EXPECT_EQ(
      bench.queue("ChangeMessageVisibility", {{"ReceiptHandle", fresh}, {"VisibilityTimeout", 1}})
          .code(),
      "InvalidParameterValue");
  EXPECT_EQ(bench.queue("DeleteMessage", {{"ReceiptHandle", "AQEBnothing"}}).code(),
            "ReceiptHandleIsInvalid");
}

TEST_F(QueueTest, VisibilityCountsFromTheCall) {
  queue.enqueue("one");
  const std::string handle = text(bench.receive().at(0), "ReceiptHandle");
  const auto change = [&](int time) {
    return bench.queue("ChangeMessageVisibility",
                       {{"ReceiptHandle", handle}, {"VisibilityTimeout", time}});
  };
  bench.timeline.advance(seconds(20));
  EXPECT_EQ(change(30).status(), 200);
  bench.timeline.advance(seconds(29));
  EXPECT_THAT(bench.receive(), IsEmpty());
  EXPECT_EQ(change(43200).code(), "InvalidParameterValue") << "twelve hours after the receive";
  EXPECT_EQ(change(0).status(), 200);
  EXPECT_THAT(bench.receive(), SizeIs(1));
}

TEST_F(QueueTest, BatchesFailEntryByEntry) {
  queue.enqueue("one");
  const std::string handle = text(bench.receive().at(0), "ReceiptHandle");
  const object input{{"Entries", array{object{{"Id", "0"}, {"ReceiptHandle", handle}},
                                       object{{"Id", "1"}, {"ReceiptHandle", "nonsense"}}}}};
  const auto answer = bench.queue("DeleteMessageBatch", input);
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body().at("Successful"), array{(object{{"Id", "0"}})});
  const value failed = answer.body().at("Failed").as_array().at(0);
  EXPECT_EQ(text(failed, "Id"), "1");
  EXPECT_EQ(text(failed, "Code"), "ReceiptHandleIsInvalid");
  EXPECT_TRUE(failed.at("SenderFault").as_bool());
  EXPECT_TRUE(queue.counts().empty());
}

TEST_F(QueueTest, RefusesMalformedRequests) {
  const object entry{{"Id", "0"}, {"ReceiptHandle", "x"}};
  struct Case {
    std::string operation;
    object input;
    std::string code;
  };
  for (const auto& [operation, input, code] : std::vector<Case>{
           {"ReceiveMessage", {{"MaxNumberOfMessages", 11}}, "InvalidParameterValue"},
           {"ReceiveMessage", {{"WaitTimeSeconds", 21}}, "InvalidParameterValue"},
           {"ReceiveMessage",
            {{"QueueUrl", "http://aws.sim/000000000000/no"}},
            "QueueDoesNotExist"},
           {"DeleteMessageBatch", {{"Entries", array{}}}, "EmptyBatchRequest"},
           {"DeleteMessageBatch", {{"Entries", array(11, entry)}}, "TooManyEntriesInBatchRequest"},
           {"DeleteMessageBatch", {{"Entries", array{entry, entry}}}, "BatchEntryIdsNotDistinct"},
           {"PurgeQueue", {}, "UnknownOperationException"}}) {
    const auto answer = bench.queue(operation, input);
    EXPECT_EQ(answer.code(), code) << operation;
    EXPECT_EQ(answer.status(), 400);
    EXPECT_THAT(answer.header("x-amzn-query-error"), testing::HasSubstr(";Sender"));
  }
}

TEST_F(QueueTest, GivesUpAMessageAfterTooManyReceives) {
  queue.max_receives = 2;
  queue.visibility = seconds(1);
  queue.enqueue("poison");
  const auto dead = bench.queue("ReceiveMessage", {{"QueueUrl", bench.aws.queue_url() + "-dead"},
                                                   {"WaitTimeSeconds", 20},
                                                   {"MessageSystemAttributeNames", array{"All"}}});
  for (const std::string expected : {"1", "2"}) {
    const array messages = bench.receive();
    ASSERT_THAT(messages, SizeIs(1));
    EXPECT_EQ(count(messages[0]), expected);
    bench.timeline.advance(seconds(1));
  }
  EXPECT_EQ(queue.counts().visible, 1U) << "it moves when it would be received once more";
  EXPECT_THAT(bench.receive(), IsEmpty());
  EXPECT_TRUE(queue.counts().empty());
  EXPECT_THAT(bench.aws.dead_letters().bodies(), ElementsAre("poison"));
  bench.timeline.advance(seconds(0));
  ASSERT_TRUE(dead.answered());
  const value message = dead.body().at("Messages").as_array().at(0);
  EXPECT_EQ(text(message.at("Attributes"), "DeadLetterQueueSourceArn"), queue.arn());
}

TEST_F(QueueTest, TellsItsAttributes) {
  const object ask{{"AttributeNames", array{"VisibilityTimeout", "RedrivePolicy"}}};
  EXPECT_EQ(bench.queue("GetQueueAttributes", ask).body(),
            (object{{"Attributes", object{{"VisibilityTimeout", "30"}}}}));
  queue.max_receives = 5;
  const object body = bench.queue("GetQueueAttributes", ask).body();
  const object policy =
      boost::json::parse(text(body.at("Attributes"), "RedrivePolicy")).as_object();
  EXPECT_EQ(policy.at("maxReceiveCount"), 5);
  EXPECT_EQ(text_at(policy, "deadLetterTargetArn"), bench.aws.dead_letters().arn());
}

TEST_F(QueueTest, Faults) {
  const std::string id = queue.enqueue("one");
  EXPECT_FALSE(queue.redeliver(id)) << "not in flight";
  bench.receive();
  const auto waiting = poll(20);
  EXPECT_TRUE(queue.redeliver(id));
  EXPECT_TRUE(waiting.answered());

  bench.aws.faults.queue_duplicates = 1000;
  queue.enqueue("two");
  EXPECT_THAT(bodies(bench.receive()), ElementsAre("two"));
  bench.aws.faults.queue_duplicates = 0;
  EXPECT_THAT(bodies(bench.receive()), ElementsAre("two"));
  EXPECT_THAT(bench.receive(), IsEmpty());

  bench.aws.faults.queue_unordered = true;
  std::vector<std::string> sent;
  for (int i = 0; i < 10; ++i) queue.enqueue(sent.emplace_back(fmt::format("{}", i)));
  const auto received = bodies(bench.receive());
  EXPECT_THAT(received, testing::UnorderedElementsAreArray(sent));
  EXPECT_NE(received, sent);
}

}  // namespace
}  // namespace edsm::sim::aws
