#include "cloud/gcp/inspect/filter.hpp"

#include <map>

#include <gtest/gtest.h>

namespace edsm::cloud::gcp {
namespace {

const std::map<std::string, std::string, std::less<>> entry = {
    {"logName", "projects/shop/logs/cloudaudit.googleapis.com%2Factivity"},
    {"protoPayload.serviceName", "secretmanager.googleapis.com"},
    {"protoPayload.methodName",
     "google.cloud.secretmanager.v1.SecretManagerService.AddSecretVersion"},
    {"protoPayload.@type", "type.googleapis.com/google.cloud.audit.AuditLog"},
    {"attributes.eventType", "SECRET_VERSION_ADD"},
    {"size", "12"}};

Field look(std::string_view path) {
  const auto found = entry.find(path);
  if (found != entry.end()) return {Field::Kind::text, found->second};
  if (path == "secret") return {Field::Kind::unclear, {}};
  return {};
}

struct Row {
  std::string_view filter;
  Passes passes;
};

TEST(GoogleFilters, Table) {
  constexpr auto yes = Passes::yes;
  constexpr auto no = Passes::no;
  constexpr auto unclear = Passes::unclear;
  const Row rows[] = {
      {"", yes},
      {"  -- everything\n ", yes},
      {R"(protoPayload.serviceName="secretmanager.googleapis.com")", yes},
      {R"(protoPayload.serviceName = secretmanager.googleapis.com)", yes},
      {R"(protoPayload.serviceName="SecretManager.googleapis.com")", yes},
      {R"(protoPayload.serviceName="kms.googleapis.com")", no},
      {R"(protoPayload.serviceName!="kms.googleapis.com")", yes},
      {R"(protoPayload.nothing="x")", no},
      {R"(protoPayload.nothing!="x")", no},
      {R"(NOT protoPayload.nothing="x")", yes},
      {R"(-protoPayload.nothing="x")", yes},
      {R"(NOT protoPayload.status.code>0)", yes},
      {R"(protoPayload.nothing:*)", no},
      {R"(protoPayload.methodName:*)", yes},
      {R"(protoPayload.methodName:"addsecretversion")", yes},
      {R"(protoPayload."@type"="type.googleapis.com/google.cloud.audit.AuditLog")", yes},
      {R"(log_id("cloudaudit.googleapis.com/activity"))", yes},
      {R"(log_id("cloudaudit.googleapis.com/data_access"))", no},
      {"size>11 size<=12 AND size>=12", yes},
      {"size>12", no},
      {"size>many", unclear},
      // AND and OR, lists, parentheses; OR binds more tightly.
      {R"(size=12 AND size=13)", no},
      {R"(size=13 OR size=12)", yes},
      {R"(size=12 OR size=13 AND size=14)", no},
      {R"((size=12 OR size=13) AND NOT (size=14))", yes},
      {R"(size=(13 OR 12))", yes},
      {R"(size=(13 OR 14))", no},
      {R"(protoPayload.methodName:("Secret" AND NOT "Access"))", yes},
      // What is not known decides nothing that does not hang on it.
      {R"(secret="x")", unclear},
      {R"(secret="x" AND size=13)", no},
      {R"(secret="x" OR size=12)", yes},
      {R"(NOT secret="x")", unclear},
      {R"(anywhere)", unclear},
      {R"(anywhere AND size=13)", no},
      // Regular expressions.
      {R"(protoPayload.methodName=~"AddSecretVersion")", yes},
      {R"(protoPayload.methodName=~"google.cloud.secretmanager.v1.SecretManagerService.AddSecretVersion")",
       yes},
      {R"x(protoPayload.methodName=~"\.(CreateSecret|AddSecretVersion)$")x", yes},
      {R"x(protoPayload.methodName=~"\.(CreateSecret|DeleteSecret)$")x", no},
      {R"(protoPayload.methodName!~"Access.*")", yes},
      {R"(protoPayload.methodName=~"^google.*Version$")", yes},
      {R"(protoPayload.methodName=~"^Add")", no},
      {R"(protoPayload.methodName=~"[A-Z]dd")", unclear},
      // Subscriptions.
      {R"(attributes.eventType = "SECRET_VERSION_ADD")", yes},
      {R"(attributes.eventType = "secret_version_add")", no},
      {R"(attributes:eventType)", yes},
      {R"(NOT attributes:eventType)", no},
      {R"(attributes:other)", no},
      {R"(attributes.other != "x")", yes},
      {R"(hasPrefix(attributes.eventType, "SECRET_VERSION_"))", yes},
      {R"(hasPrefix(attributes.eventType, "SECRET_DELETE"))", no},
      {R"(NOT hasPrefix(attributes.other, "x"))", yes},
      // What no filter is.
      {R"(size=)", unclear},
      {R"((size=12)", unclear},
      {R"(size=12))", unclear},
      {R"(size="12)", unclear},
      {R"(sample(insertId, 0.5))", unclear},
      {R"(size=12 ; size=12)", unclear},
  };
  for (const auto& [filter, wanted] : rows) EXPECT_EQ(passes(filter, look), wanted) << filter;
  EXPECT_EQ(passes(std::string(1000, '('), look), Passes::unclear);
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "NOT ";
  EXPECT_EQ(passes(nots + "size=12", look), Passes::unclear);
}

TEST(GoogleFilters, PatternsThatAreTooMuchAreUnclear) {
  EXPECT_EQ(fits("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)", "x"), Passes::unclear);
  EXPECT_EQ(fits(".*.*.*.*.*.*.*.*", "x"), Passes::unclear);
  EXPECT_EQ(fits("(ab)+", "abab"), Passes::unclear);
  EXPECT_EQ(fits("(ab", "ab"), Passes::unclear);
  EXPECT_EQ(fits("a\\d", "a1"), Passes::unclear);
  EXPECT_EQ(fits("a|b", "b"), Passes::yes);
  EXPECT_EQ(fits("(?:x|(y|z))1", "az1"), Passes::yes);
  EXPECT_EQ(fits("[a]|b", "b"), Passes::yes);
  EXPECT_EQ(fits("[a]|b", "c"), Passes::unclear);
  EXPECT_EQ(fits("a.+c", "ac"), Passes::no);
  EXPECT_EQ(fits("a.+c", "abbc"), Passes::yes);
}

}  // namespace
}  // namespace edsm::cloud::gcp
