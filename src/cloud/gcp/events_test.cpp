#include "cloud/gcp/events.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.hpp"

namespace edsm::cloud::gcp {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const std::string secret = "projects/827585297303/secrets/test-secret";

/// "hint <version> <first key>", "irrelevant <cause>" or "malformed <why>".
std::string decode(const Attributes& attributes, std::string_view data = "") {
  const Projects projects;
  const auto decoded = decode_event(attributes, data, projects);
  if (const auto* const hint = std::get_if<Hint>(&decoded)) {
    return fmt::format("hint {} {} {}", hint->cause, hint->version.empty() ? "-" : hint->version,
                       hint->match_keys.front());
  }
  if (const auto* const other = std::get_if<Irrelevant>(&decoded))
    return "irrelevant " + other->cause;
  return "malformed " + std::get<Malformed>(decoded).why;
}

Attributes native(std::string type, std::string version = "") {
  Attributes attributes = {{"dataFormat", "JSON_API_V1"},
                           {"eventType", std::move(type)},
                           {"secretId", secret},
                           {"timestamp", "2022-03-27T14:31:37.964139-07:00"}};
  if (!version.empty()) attributes["versionId"] = secret + "/versions/" + version;
  return attributes;
}

TEST(Notifications, EachTypeMeansWhatItDoes) {
  const std::string base = "gcp/827585297303/global/test-secret/";
  struct Row {
    Attributes attributes;
    std::string decoded;
  };
  const Row rows[] = {
      {native("SECRET_CREATE"), "hint SECRET_CREATE - " + base + "*"},
      {native("SECRET_UPDATE"), "hint SECRET_UPDATE - " + base + "alias"},
      {native("SECRET_DELETE"), "hint SECRET_DELETE - " + base + "*"},
      {native("SECRET_VERSION_ADD", "2"), "hint SECRET_VERSION_ADD 2 " + base + "latest"},
      {native("SECRET_VERSION_ENABLE", "2"), "hint SECRET_VERSION_ENABLE - " + base + "latest"},
      {native("SECRET_VERSION_DISABLE", "2"), "hint SECRET_VERSION_DISABLE - " + base + "latest"},
      {native("SECRET_VERSION_DESTROY", "2"), "hint SECRET_VERSION_DESTROY - " + base + "latest"},
      {native("SECRET_VERSION_DESTROY_SCHEDULED", "2"),
       "hint SECRET_VERSION_DESTROY_SCHEDULED - " + base + "latest"},
      {native("SECRET_ROTATE"), "irrelevant SECRET_ROTATE"},
      {{{"eventType", "TOPIC_CONFIGURED"}}, "irrelevant TOPIC_CONFIGURED"},
      {native("TOPIC_CONFIGURED"), "irrelevant TOPIC_CONFIGURED"},
      {native("SOMETHING_NEW"), "irrelevant SOMETHING_NEW"},
      {native("evil type\n"), "irrelevant evil?type?"},
  };
  for (const auto& [attributes, decoded] : rows) EXPECT_EQ(decode(attributes), decoded);
}

TEST(Notifications, TheDocumentedSamples) {
  // In both the attributes and the data name different things: the attributes count.
  EXPECT_EQ(decode(native("SECRET_VERSION_ADD", "2"),
                   R"({"name":"projects/827585297303/secrets/test-secret/versions/1",
                       "createTime":"2022-03-27T21:14:28.798342Z","state":"ENABLED",
                       "replicationStatus":{"automatic":{}},"etag":"\"15db39ae618386\""})"),
            "hint SECRET_VERSION_ADD 2 gcp/827585297303/global/test-secret/latest");
  EXPECT_EQ(decode({{"dataFormat", "JSON_API_V1"},
                    {"eventType", "SECRET_ROTATE"},
                    {"secretId", "projects/1019248048664/secrets/key-logistic"}},
                   R"({"name":"projects/1019248048664/secrets/keys"})"),
            "irrelevant SECRET_ROTATE");
  EXPECT_EQ(decode({{"dataFormat", "JSON_API_V1"},
                    {"eventType", "SECRET_DELETE"},
                    {"deleteType", "REQUESTED"},
                    {"secretId", "projects/1019248048664/locations/europe-west3/secrets/db"}}),
            "hint SECRET_DELETE - gcp/1019248048664/europe-west3/db/*");
}

std::string shown(std::string_view version, std::string_view created) {
  return fmt::format(R"({{"name":"{}/versions/{}","createTime":"{}"}})", secret, version, created);
}

TEST(Notifications, AVersionIsItsNumberAndItsCreation) {
  const auto added = native("SECRET_VERSION_ADD", "2");
  const auto data = shown("2", "2022-03-27T21:14:28.798342Z");
  EXPECT_EQ(decode(added, data),
            "hint SECRET_VERSION_ADD 2@2022-03-27T21:14:28.798342Z "
            "gcp/827585297303/global/test-secret/latest");
  EXPECT_EQ(decode(native("SECRET_VERSION_ENABLE", "2"), data),
            "hint SECRET_VERSION_ENABLE - gcp/827585297303/global/test-secret/latest");
}

TEST(Notifications, BirthsOfVersionsAreLearnedAndForgotten) {
  const Projects projects;
  Births births(projects);
  SecretName name{"827585297303", std::string(global), "test-secret", ""};
  const auto known = [&](const Attributes& attributes, std::string_view data = "") {
    decode_event(attributes, data, projects, &births);
    return version_text("2", births.of(name));
  };
  const std::string born = "2@2022-03-27T21:14:28.798342Z";
  const auto data = shown("2", "2022-03-27T21:14:28.798342Z");
  EXPECT_EQ(known(native("SECRET_VERSION_DISABLE", "2"), data), "2");
  EXPECT_EQ(known(native("SECRET_VERSION_ADD", "2"), data), born);
  EXPECT_EQ(known(native("SECRET_UPDATE")), born);
  EXPECT_EQ(known(native("SECRET_DELETE")), "2") << "it may be another secret next time";
  EXPECT_EQ(known(native("SECRET_VERSION_ADD", "2"), data), born);
  EXPECT_EQ(known(native("SECRET_VERSION_ADD", "3")), "2") << "somebody has to look";
  EXPECT_EQ(known(native("SECRET_VERSION_ADD", "2"), shown("1", "2022-03-27T21:14:28Z")), "2");
}

TEST(Notifications, ThatNameNoSecretAreMalformed) {
  for (const std::string_view id : {"", "test-secret", "projects/1/topics/t"}) {
    auto attributes = native("SECRET_VERSION_ADD");
    attributes["secretId"] = id;
    EXPECT_EQ(decode(attributes), "malformed SECRET_VERSION_ADD names no secret") << id;
  }
  auto attributes = native("SECRET_VERSION_ADD", "2");
  attributes.erase("secretId");
  EXPECT_THAT(decode(attributes), HasSubstr("hint SECRET_VERSION_ADD 2"));
  attributes = native("SECRET_VERSION_ADD", "x/y");
  EXPECT_EQ(decode(attributes), "hint SECRET_VERSION_ADD - gcp/827585297303/global/test-secret/*")
      << "which version it was is not known, so anybody's";
}

TEST(Notifications, KeysAreOfBothNamesOfAProjectOnceTheyAreKnown) {
  Projects projects;
  const auto keys = [&] {
    const auto decoded = decode_event(native("SECRET_CREATE"), "", projects);
    return std::get<Hint>(decoded).match_keys;
  };
  EXPECT_THAT(keys(), Contains("gcp/*/global/test-secret/*"));
  projects.learn("shop", "827585297303");
  EXPECT_THAT(keys(), Contains("gcp/shop/global/test-secret/*"));
  EXPECT_THAT(keys(), Not(Contains("gcp/*/global/test-secret/*")));
}

std::string entry(std::string_view method, std::string_view more,
                  std::string_view service = "secretmanager.googleapis.com") {
  return fmt::format(
      R"({{"logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","protoPayload":{{
      "@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"{}",
      "methodName":"google.cloud.secretmanager.v1.SecretManagerService.{}",{},
      "authenticationInfo":{{"principalEmail":"x@example.com"}}}},"insertId":"a",
      "resource":{{"type":"audited_resource"}},"timestamp":"2026-11-23T18:00:00Z"}})",
      service, method, more);
}

TEST(AuditLog, EachMethodMeansWhatItDoes) {
  const std::string on_secret = R"("resourceName":"projects/5/secrets/db")";
  const std::string on_version = R"("resourceName":"projects/5/secrets/db/versions/3")";
  struct Row {
    std::string_view method;
    std::string more;
    std::string decoded;
  };
  const Row rows[] = {
      {"AddSecretVersion", on_secret, "hint AddSecretVersion - gcp/5/global/db/*"},
      {"AddSecretVersion", on_secret + R"(,"response":{"name":"projects/5/secrets/db/versions/4"})",
       "hint AddSecretVersion 4 gcp/5/global/db/latest"},
      {"AddSecretVersion", R"("request":{"parent":"projects/shop/secrets/db"})",
       "hint AddSecretVersion - gcp/shop/global/db/*"},
      {"EnableSecretVersion", on_version, "hint EnableSecretVersion - gcp/5/global/db/latest"},
      {"DisableSecretVersion", on_version, "hint DisableSecretVersion - gcp/5/global/db/latest"},
      {"DestroySecretVersion", on_version, "hint DestroySecretVersion - gcp/5/global/db/latest"},
      {"DeleteSecret", on_secret, "hint DeleteSecret - gcp/5/global/db/*"},
      {"UpdateSecret", on_secret, "hint UpdateSecret - gcp/5/global/db/alias"},
      {"UpdateSecret", R"("request":{"secret":{"name":"projects/5/locations/eu/secrets/db"}})",
       "hint UpdateSecret - gcp/5/eu/db/alias"},
      {"CreateSecret", on_secret, "hint CreateSecret - gcp/5/global/db/*"},
      {"CreateSecret",
       R"("resourceName":"projects/5","request":{"parent":"projects/5","secretId":"db"})",
       "hint CreateSecret - gcp/5/global/db/*"},
      {"CreateSecret", R"("resourceName":"projects/5")", "malformed CreateSecret names no secret"},
      {"AddSecretVersion", R"("resourceName":"nonsense")",
       "malformed AddSecretVersion names no secret"},
      {"AccessSecretVersion", on_version, "irrelevant AccessSecretVersion"},
      {"GetSecret", on_secret, "irrelevant GetSecret"},
      {"ListSecretVersions", on_secret, "irrelevant ListSecretVersions"},
      {"SetIamPolicy", on_secret, "irrelevant SetIamPolicy"},
      {"BrandNew", on_secret, "irrelevant BrandNew"},
      {"AddSecretVersion", on_secret + R"(,"status":{"code":7,"message":"PERMISSION_DENIED"})",
       "irrelevant failed AddSecretVersion"},
      {"AddSecretVersion", on_secret + R"(,"status":{})",
       "hint AddSecretVersion - gcp/5/global/db/*"},
  };
  for (const auto& [method, more, decoded] : rows)
    EXPECT_EQ(decode({}, entry(method, more)), decoded) << method << more;
  EXPECT_EQ(decode({}, entry("AddSecretVersion", on_secret, "pubsub.googleapis.com")),
            "irrelevant another service's entry");
  EXPECT_EQ(decode({{"logging.googleapis.com/timestamp", "2026-11-23T18:00:00Z"}},
                   entry("DeleteSecret", on_secret)),
            "hint DeleteSecret - gcp/5/global/db/*")
      << "a sink's own attributes are no notification's";
}

TEST(AuditLog, TheVersionIsOfTheSecretThatIsNamed) {
  EXPECT_EQ(decode({}, entry("AddSecretVersion",
                             R"("resourceName":"projects/5/secrets/db",
                                "response":{"name":"projects/6/secrets/other/versions/4"})")),
            "hint AddSecretVersion 4 gcp/6/global/other/latest");
  EXPECT_EQ(decode({}, entry("AddSecretVersion",
                             R"("response":{"name":"projects/5/secrets/db"},
                                "resourceName":"projects/6/secrets/other/versions/4")")),
            "hint AddSecretVersion - gcp/5/global/db/*");
}

TEST(Events, TellWhenTheyHappened) {
  const Projects projects;
  const auto changed = [&](const Attributes& attributes, std::string_view data) {
    return std::get<Hint>(decode_event(attributes, data, projects)).changed;
  };
  auto notification = native("SECRET_VERSION_ADD", "2");
  EXPECT_EQ(changed(notification, ""), base::parse_rfc3339("2022-03-27T21:31:37.964139Z"));
  notification["timestamp"] = "yesterday";
  EXPECT_EQ(changed(notification, ""), std::nullopt);
  notification.erase("timestamp");
  EXPECT_EQ(changed(notification, ""), std::nullopt);
  EXPECT_EQ(changed({}, entry("DeleteSecret", R"("resourceName":"projects/5/secrets/db")")),
            base::parse_rfc3339("2026-11-23T18:00:00Z"));
}

TEST(OtherMessages, AreSaidWithoutQuotingThem) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"logName":"projects/p/logs/x","textPayload":"hunter2"})",
       "irrelevant another log's entry"},
      {R"({"hello":"hunter2","a b":1})",
       "malformed neither a notification nor a log entry; members: hello, a?b"},
      {"{}", "malformed neither a notification nor a log entry; members: none"},
      {R"(["hunter2"])", "malformed no notification, and its data is not a JSON object"},
      {R"({"protoPayload":"hunter2"})",
       "malformed neither a notification nor a log entry; members: protoPayload"},
  };
  for (const auto& [data, decoded] : rows) EXPECT_EQ(decode({}, data), decoded);
  EXPECT_EQ(decode({{"a", "hunter2"}, {"b\n", "x"}}, "hunter2"),
            "malformed no notification, and its data is not JSON; attributes: a, b?");
  EXPECT_EQ(decode({}, ""),
            "malformed no notification, and its data is not JSON; attributes: none");
}

}  // namespace
}  // namespace edsm::cloud::gcp
