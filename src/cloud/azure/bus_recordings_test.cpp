// What the real Service Bus and Microsoft Entra answered, as far as tests/vectors/azure keeps it:
// status, names of headers, members of bodies. Their values are ours.

#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cloud/azure/auth/client_tokens.hpp"
#include "support/azure_bus_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using base::string_at;
using boost::json::value;

constexpr std::string_view lock = "/events/messages/1/c00df4d6-ff5d-4e3d-bd8b-1f1ab6c3f2f2";

std::string header_value(std::string_view name, const std::string& properties) {
  if (name == "BrokerProperties") return properties;
  if (name == "Location") return std::string(test::bus_origin).append(lock);
  if (name == "Date") return "Mon, 23 Nov 2026 01:00:00 GMT";
  return "x";
}

/// BrokerProperties with those members, in their order.
std::string properties_of(const value& step) {
  std::string all;
  for (const auto& key : base::strings_at(step, "broker_properties")) {
    std::string text = "1";
    if (key == "DeliveryCount") text = std::to_string(*base::int_at(step, "deliveries"));
    if (key.ends_with("Utc")) text = R"("Mon, 23 Nov 2026 01:01:00 GMT")";
    if (key == "MessageId" || key == "LockToken" || key == "State") text = R"("an )" + key + "\"";
    all += fmt::format(R"({}"{}":{})", all.empty() ? "" : ",", key, text);
  }
  return "{" + all + "}";
}

class BusRecordings : public testing::Test, protected test::BusBench {
 protected:
  void SetUp() override {
    const std::ifstream file("tests/vectors/azure/recorded.json");
    std::stringstream text;
    text << file.rdbuf();
    auto parsed = base::JsonDocument::parse(text.str());
    ASSERT_TRUE(parsed);
    document.emplace(std::move(*parsed));
  }
  const value& root() const { return document->root(); }

  static void answer(support::ScriptedHttp& http, const value& step) {
    net::Headers headers;
    for (const auto& name : base::strings_at(step, "headers"))
      headers.add(name, header_value(name, properties_of(step)));
    http.reply(static_cast<int>(*base::int_at(step, "status")), "{}", std::move(headers));
  }
  static void expect_call(const support::ScriptedHttp& http, const value& step) {
    const auto& seen = http.seen.back();
    EXPECT_EQ(net::to_string(seen.method), string_at(step, "method"));
    const auto path = string_at(step, "path");
    EXPECT_EQ(seen.url, path == "LOCK" ? fmt::format("{}{}", test::bus_origin, lock)
                                       : fmt::format("{}/events{}", test::bus_origin, path));
  }

  std::optional<base::JsonDocument> document;
};

TEST_F(BusRecordings, AMessageFromItsReceivingToItsEnd) {
  const auto& steps = base::find(*base::find(root(), "service_bus"),
                                 "send, receive, renew, unlock, receive, complete")
                          ->as_array();
  int received = 0;
  for (const auto& step : steps) {
    const auto method = string_at(step, "method");
    if (string_at(step, "path") == "/messages") continue;  // a sender's
    if (string_at(step, "path") != "LOCK") {
      inbox = make(queue);
      answer(polls, step);
      const auto got = support::run(inbox->receive());
      ASSERT_TRUE(got) << got.error().text;
      EXPECT_EQ(got->front().ticket, lock);
      EXPECT_EQ(got->front().id, "an MessageId");
      EXPECT_EQ(got->front().receive_count, ++received);
      EXPECT_TRUE(got->front().sent_at);
      expect_call(polls, step);
      continue;
    }
    answer(api, step);
    auto results = method == "DELETE"
                       ? support::run(inbox->acknowledge({std::string(lock)}))
                       : support::run(inbox->hold({std::string(lock)},
                                                  method == "POST" ? std::chrono::seconds(30)
                                                                   : std::chrono::seconds(0)));
    EXPECT_TRUE(results.at(0)) << method;
    expect_call(api, step);
  }
  EXPECT_EQ(received, 2);
  EXPECT_EQ(api.seen.size(), 3U);
}

TEST_F(BusRecordings, AnEntityThatIsNotThere) {
  const auto& recorded = *base::find(root(), "service_bus_error");
  polls.reply(static_cast<int>(*base::int_at(recorded, "status")), string_at(recorded, "form"));
  const auto got = support::run(inbox->receive());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure, base::Failure::absent);
}

TEST_F(BusRecordings, AToken) {
  const auto& recorded = *base::find(root(), "entra");
  std::string body;
  for (const auto& key : base::strings_at(recorded, "keys")) {
    const std::string text = key == "token_type"     ? "\"Bearer\""
                             : key == "access_token" ? "\"hunter2\""
                                                     : "86399";
    body += fmt::format(R"({}"{}":{})", body.empty() ? "" : ",", key, text);
  }
  api.reply(static_cast<int>(*base::int_at(recorded, "status")), "{" + body + "}");
  client({{"AZURE_CLIENT_SECRET", "hunter3"}});
  const auto settings = load();
  auth::ClientTokens provider(std::get<auth::ClientSource>(settings->source),
                              std::string(test::tenant), std::string(test::vault_scope), read, api,
                              clock);
  EXPECT_EQ(get(provider), "hunter2");
}

}  // namespace
}  // namespace edsm::cloud::azure
