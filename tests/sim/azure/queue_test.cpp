#include <gmock/gmock.h>

#include "sim/azure/azure_test_support.hpp"

namespace edsm::sim::azure {
namespace {

using net::Method;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

/// The queue, as its API shows it.
using AzureQueueTest = AzureTest;

TEST_F(AzureQueueTest, AReceiveWaitsForAMessage) {
  const auto waiting = receive(60);
  timeline.advance(seconds(20));
  EXPECT_FALSE(waiting->answered);
  azure.queue().send({"x"});
  EXPECT_EQ(waiting->reply().status, 201);
  const auto second = receive(60);
  timeline.advance(seconds(59));
  EXPECT_FALSE(second->answered) << "the message is locked";
  timeline.advance(seconds(1));
  EXPECT_EQ(second->reply().status, 201) << "and nobody renewed the lock";
  EXPECT_EQ(properties(second).at("DeliveryCount").as_int64(), 2);
  const auto gone = receive(60);
  gone->left = true;
  timeline.advance(minutes(1));
  EXPECT_EQ(azure.queue().counts().waiting, 1U) << "who left locks nothing";
}

TEST_F(AzureQueueTest, AnEmptyReceiveEndsByItself) {
  const auto waiting = receive(120);
  timeline.advance(seconds(60));
  EXPECT_EQ(waiting->reply().status, 204);
  EXPECT_EQ(receive(-1)->reply().status, 400);
}

TEST_F(AzureQueueTest, LocksAreOfOneDelivery) {
  azure.queue().send({"x"});
  const auto first = receive();
  timeline.advance(seconds(40));
  EXPECT_EQ(settle(Method::post, first), 200);
  timeline.advance(seconds(40));
  EXPECT_EQ(settle(Method::put, first), 200) << "it was renewed";
  const auto second = receive();
  EXPECT_NE(lock(first), lock(second));
  EXPECT_EQ(settle(Method::del, first), 404) << "somebody else has it now";
  azure.queue().lost_status = 410;
  timeline.advance(minutes(1));
  for (const auto method : {Method::del, Method::put, Method::post})
    EXPECT_EQ(settle(method, second), 410);
  EXPECT_EQ(azure.queue().counts().waiting, 1U);
  EXPECT_EQ(settle(Method::del, receive()), 200);
  EXPECT_TRUE(azure.queue().counts().empty());
}

TEST_F(AzureQueueTest, LocksMayBeLost) {
  azure.queue().send({"x"});
  const auto lost = receive();
  azure.queue().lose_locks();
  EXPECT_EQ(settle(Method::post, lost), 404);
  azure.faults.locks_lost = 1000;
  EXPECT_EQ(settle(Method::del, receive()), 404);
}

TEST_F(AzureQueueTest, WhatNobodyCanDealWithBecomesADeadLetter) {
  azure.queue().max_deliveries = 3;
  azure.queue().send({"x"});
  for (int delivery = 1; delivery <= 3; ++delivery) {
    const auto received = receive();
    EXPECT_EQ(properties(received).at("DeliveryCount").as_int64(), delivery);
    timeline.advance(minutes(1));
  }
  EXPECT_EQ(receive()->reply().status, 204);
  EXPECT_TRUE(azure.queue().counts().empty());
  EXPECT_EQ(azure.dead_letters().counts().waiting, 1U);
  const auto dead = of_bus(Method::del, "$deadletterqueue/messages/head?timeout=0");
  EXPECT_EQ(dead->reply().headers.find("DeadLetterReason").value_or(""),
            "\"MaxDeliveryCountExceeded\"");
}

TEST_F(AzureQueueTest, TheQueueWantsATokenForItself) {
  bus_token = vault_token;
  const auto refused = receive();
  EXPECT_EQ(refused->reply().status, 401);
  EXPECT_THAT(refused->reply().body, HasSubstr("InvalidAudience"));
  bus_token = fresh_token(kBusAudience);
  azure.faults.deny("Receive");
  EXPECT_THAT(receive()->reply().body, HasSubstr("Unauthorized access"));
  EXPECT_EQ(of_bus(Method::get, "")->reply().status, 400);
}

}  // namespace
}  // namespace edsm::sim::azure
