#include "cloud/azure/events.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"

namespace edsm::cloud::azure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string version = "52a4e2dd19bf4fc8a9b4d3a3a6e3d1c5";
const std::string vault =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv1";

std::string shown(const Decoded& decoded) {
  if (const auto* const hint = std::get_if<Hint>(&decoded)) {
    return fmt::format("hint {} {} {}", hint->cause, hint->version.empty() ? "-" : hint->version,
                       hint->match_keys.front());
  }
  if (const auto* const other = std::get_if<Irrelevant>(&decoded))
    return "irrelevant " + other->cause;
  return "malformed " + std::get<Malformed>(decoded).why;
}
/// "hint <cause> <version> <first key>", "irrelevant <cause>" or "malformed <why>".
std::string decode(std::string_view body) {
  return shown(decode_event(body));
}

std::string data(std::string_view kind = "secrets", std::string_view name = "newsecret") {
  return fmt::format(
      R"({{"Id":"https://kv1.vault.azure.net/{}/{}/{}","VaultName":"kv1","ObjectType":"Secret",
          "ObjectName":"{}","Version":"{}","NBF":null,"EXP":"1559082102"}})",
      kind, name, version, name, version);
}
std::string event_grid(std::string_view type, const std::string& about = data()) {
  return fmt::format(
      R"({{"id":"1","topic":"{}","subject":"newsecret","eventType":"Microsoft.KeyVault.{}",
          "eventTime":"2019-07-25T01:08:33.1036736Z","data":{},"dataVersion":"1",
          "metadataVersion":"1"}})",
      vault, type, about);
}
std::string cloud_event(std::string_view type, const std::string& about = data()) {
  return fmt::format(
      R"({{"id":"1","source":"{}","subject":"newsecret","type":"Microsoft.KeyVault.{}",
          "time":"2019-07-25T01:08:33.1036736Z","data":{},"specversion":"1.0"}})",
      vault, type, about);
}

TEST(EventGrid, EachTypeMeansWhatItDoesInBothSchemas) {
  const std::pair<std::string, std::string> rows[] = {
      {"SecretNewVersionCreated",
       "hint SecretNewVersionCreated " + version + " azure/kv1/newsecret/current"},
      {"SecretNearExpiry", "hint SecretNearExpiry - azure/kv1/newsecret/current"},
      {"SecretExpired", "hint SecretExpired - azure/kv1/newsecret/current"},
      {"CertificateNewVersionCreated",
       "hint CertificateNewVersionCreated " + version + " azure/kv1/newsecret/current"},
      {"CertificateNearExpiry", "hint CertificateNearExpiry - azure/kv1/newsecret/current"},
      {"CertificateExpired", "hint CertificateExpired - azure/kv1/newsecret/current"},
      {"KeyNewVersionCreated", "irrelevant KeyNewVersionCreated"},
      {"KeyNearExpiry", "irrelevant KeyNearExpiry"},
      {"KeyExpired", "irrelevant KeyExpired"},
      {"VaultAccessPolicyChanged", "irrelevant VaultAccessPolicyChanged"},
      {"SomethingNew", "irrelevant SomethingNew"},
      {"evil\\n type", "irrelevant evil??type"},
  };
  for (const auto& [type, decoded] : rows) {
    EXPECT_EQ(decode(event_grid(type)), decoded);
    EXPECT_EQ(decode(cloud_event(type)), decoded);
  }
  EXPECT_EQ(decode(R"({"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{}})"),
            "irrelevant Microsoft.EventGrid.SubscriptionValidationEvent");
  EXPECT_EQ(decode(R"({"eventType":"Microsoft.EventGrid.SubscriptionDeletedEvent","data":{}})"),
            "irrelevant Microsoft.EventGrid.SubscriptionDeletedEvent");
}

TEST(EventGrid, AHintHasItsKeysAndItsTime) {
  const auto decoded = decode_event(event_grid("SecretNewVersionCreated"));
  const auto& hint = std::get<Hint>(decoded);
  EXPECT_THAT(hint.match_keys,
              ElementsAre("azure/kv1/newsecret/current", "azure/kv1/newsecret/" + version));
  EXPECT_EQ(hint.changed, base::parse_rfc3339("2019-07-25T01:08:33.1036736Z"));
}

TEST(EventGrid, TheDocumentedSampleWithItsBlanks) {
  // A key that ends in a blank, a version that begins with one, times as texts.
  const std::string about = fmt::format(
      R"({{"Id":"https://sample-kv.vault.azure.net/secrets/newsecret/{}","VaultName":"sample-kv",
          "ObjectType":"Secret","ObjectName ":"newsecret","Version":" {}","NBF":"1559081980",
          "EXP":"1559082102"}})",
      version, version);
  EXPECT_EQ(decode(event_grid("SecretNewVersionCreated", about)),
            "hint SecretNewVersionCreated " + version + " azure/sample-kv/newsecret/current");
}

TEST(EventGrid, WhatIsNamedWithoutAnId) {
  struct Row {
    std::string about;
    std::string decoded;
  };
  const std::string named = "hint SecretNewVersionCreated ";
  const Row rows[] = {
      {fmt::format(R"({{"VaultName":"KV1","ObjectName ":" DB","Version":" {} "}})", version),
       named + version + " azure/kv1/db/current"},
      {fmt::format(R"({{"vaultName":"kv1","objectName":"db","version":"{}","nbf":1}})", version),
       named + version + " azure/kv1/db/current"},
      {R"({"vaultName":"kv1","objectName":"db"})", named + "- azure/kv1/db/*"},
      {R"({"vaultName":"kv1","objectName":"db","version":7})", named + "- azure/kv1/db/*"},
      {R"({"Id":"https://evil.example/secrets/x","vaultName":"kv1","objectName":"db"})",
       named + "- azure/kv1/db/*"},
      {R"({"Id":"https://kv1.vault.azure.net/secrets/DB/"})", named + "- azure/kv1/db/*"},
      {fmt::format(R"({{"Id":"https://kv1.vault.azure.net/secrets/db","Version":"{}"}})", version),
       named + version + " azure/kv1/db/current"},
      {R"({"Id":"https://kv1.vault.azure.net/keys/x/1"})",
       "malformed SecretNewVersionCreated names no secret"},
      {R"({"vaultName":"kv1"})", "malformed SecretNewVersionCreated names no secret"},
      {R"({"vaultName":"kv1","objectName":"a/b"})",
       "malformed SecretNewVersionCreated names no secret"},
      {"[]", "malformed SecretNewVersionCreated names no secret"},
      {"null", "malformed SecretNewVersionCreated names no secret"},
  };
  for (const auto& [about, decoded] : rows)
    EXPECT_EQ(decode(event_grid("SecretNewVersionCreated", about)), decoded) << about;
}

TEST(EventGrid, SeveralEventsAreOneHint) {
  const auto two = "[" + event_grid("SecretNewVersionCreated", data("secrets", "a")) + "," +
                   cloud_event("SecretNewVersionCreated", data("secrets", "b")) + "," +
                   event_grid("KeyExpired") + "]";
  const auto decoded = decode_event(two);
  const auto& hint = std::get<Hint>(decoded);
  EXPECT_THAT(hint.match_keys, ElementsAre("azure/kv1/a/current", "azure/kv1/a/" + version,
                                           "azure/kv1/b/current", "azure/kv1/b/" + version));
  EXPECT_EQ(hint.cause, "SecretNewVersionCreated and 1 more");

  // A certificate and its secret, as Key Vault tells of them.
  EXPECT_EQ(decode("[" + event_grid("SecretNewVersionCreated") + "," +
                   event_grid("CertificateNewVersionCreated", data("certificates")) + "]"),
            "hint SecretNewVersionCreated and 1 more " + version + " azure/kv1/newsecret/current");
  EXPECT_EQ(
      decode("[" + event_grid("SecretNewVersionCreated") + "," + event_grid("SecretExpired") + "]"),
      "hint SecretNewVersionCreated and 1 more - azure/kv1/newsecret/current")
      << "which of the two is current, nobody knows";
  EXPECT_EQ(decode("[{}," + event_grid("SecretExpired") + "]"),
            "hint SecretExpired - azure/kv1/newsecret/current")
      << "what can be read is";
  EXPECT_EQ(decode("[" + event_grid("KeyExpired") + ",7]"), "malformed not a JSON object");
  EXPECT_EQ(decode("[]"), "irrelevant no events");
}

TEST(EventGrid, WhatIsNoEvent) {
  const std::pair<std::string, std::string> rows[] = {
      {"", "malformed it is not JSON"},
      {"hunter2", "malformed it is not JSON"},
      {"\"hunter2\"", "malformed not a JSON object"},
      {"{}", "malformed neither an event nor an audit record; members: none"},
      {R"({"password":"hunter2","b\n":1})",
       "malformed neither an event nor an audit record; members: password, b?"},
      {std::string(40, '[') + std::string(40, ']'), "malformed it is not JSON"},
      {R"({"eventType":7})", "malformed neither an event nor an audit record; members: eventType"},
  };
  for (const auto& [body, decoded] : rows) {
    EXPECT_EQ(decode(body), decoded);
    EXPECT_THAT(decode(body), Not(HasSubstr("hunter2")));
  }
}

TEST(EventGrid, ThereAreLimits) {
  const auto many = [](std::size_t count) {
    std::string body = "[" + cloud_event("SecretExpired");
    for (std::size_t i = 1; i < count; ++i) body += R"(,{"type":"Microsoft.KeyVault.KeyExpired"})";
    return body + "]";
  };
  EXPECT_THAT(decode(many(max_events)), HasSubstr("hint"));
  EXPECT_EQ(decode(many(max_events + 1)), "malformed 1001 events in one message");
  EXPECT_EQ(decode("\"" + std::string(1U << 20U, 'a') + "\""),
            "malformed larger than any message of events");
  EXPECT_LE(decode(R"({"type":")" + std::string(100'000, 'a') + R"("})").size(), 80U);
  std::string wide = "{";
  for (int i = 0; i < 1000; ++i) wide += fmt::format(R"("{}{}":1,)", std::string(500, 'k'), i);
  EXPECT_LE(decode(wide + R"("z":1})").size(), 700U);
}

std::string record(std::string_view operation, std::string_view properties) {
  return fmt::format(
      R"({{"time":"2026-11-29T10:00:00.5Z","resourceId":"{}","operationName":"{}",
          "category":"AuditEvent","resultType":"Success","identity":{{"claim":{{}}}},
          "properties":{}}})",
      vault, operation, properties);
}

TEST(AuditRecords, WritesAreHintsAndReadsAreNot) {
  const std::string id = "https://kv1.vault.azure.net/secrets/db";
  const auto with_id = fmt::format(R"({{"id":"{}/{}","httpStatusCode":200}})", id, version);
  struct Row {
    std::string operation;
    std::string properties;
    std::string decoded;
  };
  const Row rows[] = {
      {"SecretSet", with_id, "hint SecretSet " + version + " azure/kv1/db/current"},
      {"SecretSet",
       fmt::format(R"({{"requestUri":"{}?api-version=7.4","httpStatusCode":"200"}})", id),
       "hint SecretSet - azure/kv1/db/*"},
      {"SecretUpdate", with_id, "hint SecretUpdate - azure/kv1/db/current"},
      {"SecretDelete", with_id, "hint SecretDelete - azure/kv1/db/*"},
      {"SecretRecover",
       R"({"requestUri":"https://kv1.vault.azure.net/deletedsecrets/db/recover?api-version=7.4"})",
       "hint SecretRecover - azure/kv1/db/*"},
      {"SecretGet", with_id, "irrelevant SecretGet"},
      {"SecretList", with_id, "irrelevant SecretList"},
      {"SecretListVersions", with_id, "irrelevant SecretListVersions"},
      {"SecretPurge", with_id, "irrelevant SecretPurge"},
      {"SecretNearExpiryEventGridNotification", with_id,
       "irrelevant SecretNearExpiryEventGridNotification"},
      {"SecretSet", fmt::format(R"({{"id":"{}","httpStatusCode":403}})", id),
       "irrelevant failed SecretSet"},
      {"SecretSet", fmt::format(R"({{"id":"{}","httpStatusCode":"x"}})", id),
       "irrelevant failed SecretSet"},
      {"SecretSet", R"({"id":"https://evil.example/secrets/db","httpStatusCode":200})",
       "malformed SecretSet names no secret"},
  };
  for (const auto& [operation, properties, decoded] : rows) {
    const auto one = record(operation, properties);
    EXPECT_EQ(decode(one), decoded);
    EXPECT_EQ(decode(R"({"records":[)" + one + "]}"), decoded);
  }
  EXPECT_EQ(decode(R"({"records":[{}]})"),
            "malformed neither an event nor an audit record; members: none");
}

}  // namespace
}  // namespace edsm::cloud::azure
