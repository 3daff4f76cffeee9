#include <gmock/gmock.h>

#include "sim/azure/azure_test_support.hpp"

namespace edsm::sim::azure {
namespace {

using boost::json::object;
using net::Method;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST_F(AzureTest, TheCurrentVersionIsTheNewestWhateverItsState) {
  EXPECT_EQ(read("a"), "SecretNotFound");
  const auto one = azure.vault().put("a", "one");
  const auto two = azure.vault().put("A", "two");
  EXPECT_EQ(read("a"), "two") << "names have no case";
  EXPECT_EQ(read("a/" + one), "one");
  azure.vault().set_enabled("a", "", false);
  EXPECT_EQ(read("a"), "SecretDisabled");
  EXPECT_EQ(of_vault(Method::get, "secrets/a")->reply().status, 403);
  EXPECT_EQ(read("a/" + one), "one");
  azure.vault().set_enabled("a", two, true);
  EXPECT_EQ(read("a"), "two");
}

TEST_F(AzureTest, TimesOfValidityAreAdvice) {
  azure.vault().put("a", "one");
  ASSERT_TRUE(azure.vault().expire("a", seconds(10)));
  timeline.advance(hours(1));
  EXPECT_EQ(read("a"), "one");
}

TEST_F(AzureTest, WhatIsDeletedCanBeRecovered) {
  const auto one = azure.vault().put("a", "one");
  ASSERT_TRUE(azure.vault().remove("a"));
  EXPECT_EQ(read("a"), "SecretNotFound");
  EXPECT_EQ(code(body(of_vault(Method::put, "secrets/a", {{"value", "two"}}))),
            "ObjectIsDeletedButRecoverable");
  EXPECT_EQ(azure.vault().put("a", "two"), "");
  ASSERT_TRUE(azure.vault().recover("a"));
  EXPECT_EQ(read("a/" + one), "one");
}

TEST_F(AzureTest, WhatIsPurgedIsMadeAnewUnderOtherVersions) {
  const auto one = azure.vault().put("a", "one");
  EXPECT_FALSE(azure.vault().purge("a")) << "it has to be deleted first";
  ASSERT_TRUE(azure.vault().remove("a"));
  ASSERT_TRUE(azure.vault().purge("a"));
  EXPECT_FALSE(azure.vault().recover("a"));
  EXPECT_NE(azure.vault().put("a", "two"), one);
  EXPECT_EQ(read("a"), "two");
  EXPECT_EQ(read("a/" + one), "SecretNotFound");
}

TEST_F(AzureTest, DeletionsAndRecoveriesTakeTheirTime) {
  azure.vault().settling = seconds(20);
  azure.vault().put("a", "one");
  ASSERT_TRUE(azure.vault().remove("a"));
  EXPECT_EQ(read("a"), "SecretNotFound");
  EXPECT_FALSE(azure.vault().recover("a"));
  timeline.advance(seconds(20));
  ASSERT_TRUE(azure.vault().recover("a"));
  EXPECT_EQ(read("a"), "SecretNotFound");
  EXPECT_EQ(azure.vault().current("a", "").state, Current::State::gone);
  timeline.advance(seconds(20));
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(azure.vault().current("a", "").state, Current::State::live);
}

TEST_F(AzureTest, ListsComeInPages) {
  azure.vault_api().page = 2;
  for (const auto* const name : {"c", "a", "b"}) azure.vault().put(name, "one");
  auto page = get("secrets");
  std::vector<std::string> ids;
  for (const auto& item : page.at("value").as_array())
    ids.emplace_back(text_at(item.as_object(), "id"));
  EXPECT_THAT(ids, ElementsAre("https://shop-kv.vault.azure.net/secrets/a",
                               "https://shop-kv.vault.azure.net/secrets/b"));
  const std::string link(text_at(page, "nextLink"));
  EXPECT_THAT(link, HasSubstr("https://shop-kv.vault.azure.net:443/secrets?"));
  page = get(std::string_view(link).substr(link.find("secrets?")));
  EXPECT_EQ(page.at("value").as_array().size(), 1U);
  EXPECT_TRUE(page.at("nextLink").is_null());
  EXPECT_EQ(code(get("secrets?maxresults=26")), "BadParameter");
  EXPECT_EQ(code(get("secrets/none/versions")), "SecretNotFound");
}

TEST_F(AzureTest, AListTellsTheTimesOfTheNewestVersion) {
  azure.vault().put("a", "one");
  timeline.advance(minutes(1));
  azure.vault().set_enabled("a", "", false);
  const auto item = get("secrets").at("value").at(0).as_object();
  const auto& attributes = item.at("attributes").as_object();
  EXPECT_FALSE(attributes.at("enabled").as_bool());
  EXPECT_EQ(attributes.at("updated").as_int64(), attributes.at("created").as_int64() + 60);
  EXPECT_FALSE(item.contains("value"));
}

TEST_F(AzureTest, WhoHasNoTokenIsTold) {
  azure.vault().put("a", "one");
  azure.vault_api().tenant = kOtherTenant;
  const auto refused = of_vault(Method::get, "secrets/a");
  EXPECT_EQ(refused->reply().status, 401);
  EXPECT_EQ(refused->reply().headers.find("WWW-Authenticate").value_or(""),
            fmt::format(R"(Bearer authorization="https://login.microsoftonline.com/{}", )"
                        R"(resource="https://vault.azure.net")",
                        kOtherTenant));
  vault_token = fresh_token(kBusAudience, kOtherTenant);
  EXPECT_EQ(read("a"), "Unauthorized") << "a token for another service";
  vault_token = fresh_token(kVaultAudience, kOtherTenant);
  EXPECT_EQ(read("a"), "one");
  azure.faults.forged_challenges = 1000;
  EXPECT_THAT(std::string(of_vault(Method::get, "secrets/a")
                              ->reply()
                              .headers.find("WWW-Authenticate")
                              .value_or("")),
              HasSubstr(kForgedResource));
}

TEST_F(AzureTest, TokensExpire) {
  azure.vault().put("a", "one");
  timeline.advance(seconds(86399));
  EXPECT_EQ(read("a"), "Unauthorized");
  azure.tokens().set_lifetime(minutes(10));
  vault_token = fresh_token(kVaultAudience);
  EXPECT_EQ(read("a"), "one");
  azure.tokens().expire_all();
  EXPECT_EQ(read("a"), "Unauthorized");
  azure.tokens().refuse(true);
  EXPECT_EQ(ask_for_token(kVaultAudience)->reply().status, 503);
  azure.tokens().refuse(false);
  EXPECT_EQ(ask_for_token(kVaultAudience, kTenant, "forged")->reply().status, 401);
  EXPECT_EQ(ask_for_token("https://example.com")->reply().status, 400);
  EXPECT_EQ(ask_for_token(kVaultAudience, "nobody")->reply().status, 400);
}

TEST_F(AzureTest, EventGridTellsOfNewVersionsAndOfTheirEnd) {
  azure.vault().put("a", "one");
  EXPECT_THAT(told(), ElementsAre("Microsoft.KeyVault.SecretNewVersionCreated"));
  azure.vault().set_enabled("a", "", false);
  azure.vault().set_enabled("a", "", true);
  (void)azure.vault().remove("a");
  (void)azure.vault().recover("a");
  EXPECT_THAT(told(), IsEmpty()) << "there are no such events";
  azure.events.cloud_events = true;
  ASSERT_TRUE(azure.vault().expire("a", minutes(1)));
  timeline.advance(minutes(1));
  EXPECT_THAT(told(), ElementsAre("Microsoft.KeyVault.SecretNearExpiry",
                                  "Microsoft.KeyVault.SecretExpired"));
}

TEST_F(AzureTest, AnEventIsTheDocumentedOne) {
  const auto version = azure.vault().put("a", "one");
  const auto received = receive();
  const auto event = body(received);
  const object expected{{"Id", "https://shop-kv.vault.azure.net/secrets/a/" + version},
                        {"VaultName", "shop-kv"},
                        {"ObjectType", "Secret"},
                        {"ObjectName", "a"},
                        {"Version", version},
                        {"NBF", nullptr},
                        {"EXP", nullptr}};
  EXPECT_EQ(event.at("data").as_object(), expected);
  EXPECT_EQ(text_at(event, "eventTime"), "2026-11-23T01:00:00.0000000Z");
  EXPECT_EQ(received->reply().headers.find("aeg-event-type").value_or(""), "\"Notification\"");
  azure.events.spelling = Spelling::documented;
  azure.events.arrays = true;
  azure.vault().put("a", "two");
  const auto both = boost::json::parse(receive()->reply().body).as_array();
  EXPECT_EQ(text_at(both.at(0).as_object(), "eventType"),
            "Microsoft.KeyVault.VaultAccessPolicyChanged");
  EXPECT_EQ(text_at(both.at(1).at("data").as_object(), "ObjectName "), "a");
}

TEST_F(AzureTest, TheAuditLogTellsOfCalls) {
  azure.events.audit = true;
  azure.vault().put("a", "one");
  (void)azure.vault().remove("a");
  read("a");
  azure.events.audit_reads = true;
  read("a");
  std::vector<std::pair<std::string, std::int64_t>> records;
  for (auto received = receive(); received->reply().status == 201; received = receive()) {
    const auto message = body(received);
    if (!message.contains("records")) continue;
    const auto& record = message.at("records").at(0).as_object();
    records.emplace_back(text_at(record, "operationName"),
                         record.at("properties").at("httpStatusCode").as_int64());
  }
  EXPECT_THAT(records, ElementsAre(Pair("SecretSet", 200), Pair("SecretDelete", 200),
                                   Pair("SecretGet", 404)));
}

TEST_F(AzureTest, FaultsAreTheServices) {
  azure.vault().put("a", "one");
  azure.faults.deny("GetSecret", "a");
  EXPECT_EQ(read("a"), "ForbiddenByRbac");
  azure.faults = {};
  azure.faults.throttled = 1000;
  const auto refused = of_vault(Method::get, "secrets/a");
  EXPECT_EQ(refused->reply().status, 429);
  EXPECT_EQ(refused->reply().headers.find("Retry-After").value_or(""), "1");
  azure.faults = {};
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(azure.calls().value_reads("a"), 1U);
}

TEST_F(AzureTest, RequestsToOthersAreNoticed) {
  send(net::Request(Method::get, "https://shop-kv.vault.example.com/secrets/a"));
  EXPECT_EQ(azure.calls().count("Foreign"), 1U);
}

TEST_F(AzureTest, HistoryTellsWhatAReaderGot) {
  using enum Current::State;
  azure.vault().put("a", "one");
  azure.vault().put("a", "two");
  azure.vault().set_enabled("a", "", false);
  (void)azure.vault().remove("a");
  std::vector<std::pair<Current::State, std::string>> seen;
  for (const auto& each : azure.vault().history("A", "")) seen.emplace_back(each.state, each.bytes);
  EXPECT_THAT(seen, ElementsAre(Pair(live, "one"), Pair(live, "two"), Pair(disabled, "two"),
                                Pair(gone, "")));
  EXPECT_THAT(azure.vault().history("b", ""), IsEmpty());
  EXPECT_THAT(azure.vault().values(), ElementsAre("one", "two"));
}

}  // namespace
}  // namespace edsm::sim::azure
