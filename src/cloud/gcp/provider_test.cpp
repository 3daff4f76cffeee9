#include "cloud/gcp/provider.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SecretManagerTest : public testing::Test, protected test::Bench {
 protected:
  std::unique_ptr<SecretManagerProvider> make(std::string project) {
    return std::make_unique<SecretManagerProvider>(
        std::move(project),
        [this](const std::string& location) {
          locations.push_back(location);
          return client(Service::secretmanager);
        },
        projects, births, clock, log);
  }
  /// Something is known of the secret, but not of the versions that the tests read.
  void know(std::string_view secret, std::string_view location = global) {
    for (const auto* const project : {"shop", "123", "example.com:shop"}) {
      births.learn({project, std::string(location), std::string(secret), "99"},
                   "2026-11-23T18:00:00Z");
    }
  }
  SecretManagerTest() {
    know("db");
    know("db", "eu");
  }
  std::string resolve(SecretQuery query, std::string project = "") {
    const auto source = make(std::move(project))->resolve(query);
    if (source) return source->scope.str() + " " + source->id.str();
    EXPECT_EQ(source.error().failure, Failure::invalid);
    return source.error().code;
  }
  std::vector<Source> sources(const std::vector<std::string>& paths) {
    std::vector<Source> result;
    for (const auto& path : paths) result.push_back({"gcp/shop/" + path, "gcp/shop"});
    return result;
  }
  /// "version text" or the code of the error.
  std::vector<std::string> fetch(const std::vector<std::string>& paths) {
    std::vector<std::string> result;
    values = support::run(provider->fetch(sources(paths)));
    for (const auto& value : values) {
      result.push_back(value ? value->version + " " + std::string(value->bytes.view())
                             : value.error().code);
    }
    return result;
  }
  std::vector<std::string> versions(const std::vector<std::string>& paths) {
    std::vector<std::string> result;
    for (const auto& version : support::run(provider->versions(sources(paths))))
      result.push_back(version ? *version : version.error().code);
    return result;
  }
  /// The paths asked for, without what all have in common.
  std::vector<std::string> calls() {
    std::vector<std::string> result;
    for (const auto& seen : http.seen)
      result.push_back(seen.url.substr(std::string("https://google.example/v1/").size()));
    http.seen.clear();
    return result;
  }
  const base::Error& error() { return values.front().error(); }

  Projects projects;
  Births births{projects};
  std::vector<std::string> locations;
  std::unique_ptr<SecretManagerProvider> provider = make("");
  std::vector<base::Result<Value>> values;
};

std::string accessed(std::string_view name, std::string_view version, std::string_view value) {
  return fmt::format(
      R"({{"name":"projects/123/secrets/{}/versions/{}","payload":{{"data":"{}"}}}})", name,
      version, base::base64(value));
}
std::string described(std::string_view name, std::string_view version,
                      std::string_view state = R"("ENABLED")") {
  return fmt::format(
      R"({{"name":"projects/123/secrets/{}/versions/{}","createTime":"2026-11-23T18:00:00Z","state":{}}})",
      name, version, state);
}

TEST_F(SecretManagerTest, Resolve) {
  struct Row {
    std::string path;
    std::map<std::string, std::string> options;
    std::string project;  ///< the controller's own
    std::string result;
  };
  const std::string full = "projects/shop/secrets/db";
  const std::string regional = "projects/shop/locations/europe-west3/secrets/db";
  const Row rows[] = {
      {"db", {{"gcpProjectID", "shop"}}, "", "gcp/shop gcp/shop/db"},
      {"db", {{"gcpProjectID", "123"}}, "", "gcp/123 gcp/123/db"},
      {"db", {{"gcpProjectID", "shop"}}, "own", "gcp/shop gcp/shop/db"},
      {"db", {}, "own", "gcp/own gcp/own/db"},
      {"db", {{"gcpProjectID", ""}, {"region", ""}}, "own", "gcp/own gcp/own/db"},
      {"db/versions/7", {}, "own", "gcp/own gcp/own/db/versions/7"},
      {"db/versions/stable", {}, "own", "gcp/own gcp/own/db/versions/stable"},
      {"db/versions/latest", {}, "own", "gcp/own gcp/own/db"},
      {full, {}, "own", "gcp/shop gcp/shop/db"},
      {full + "/versions/7", {}, "", "gcp/shop gcp/shop/db/versions/7"},
      {full, {{"gcpProjectID", "shop"}}, "", "gcp/shop gcp/shop/db"},
      {full, {{"gcpProjectID", "123"}}, "", "gcp/shop gcp/shop/db"},
      {"db", {{"region", "europe-west3"}}, "own", "gcp/own/europe-west3 gcp/own/europe-west3/db"},
      {"db", {{"region", "global"}}, "own", "gcp/own gcp/own/db"},
      {regional, {}, "", "gcp/shop/europe-west3 gcp/shop/europe-west3/db"},
      {regional,
       {{"region", "europe-west3"}},
       "",
       "gcp/shop/europe-west3 gcp/shop/europe-west3/db"},

      {"", {}, "own", "EmptyPath"},
      {"a b", {}, "own", "InvalidName"},
      {"prod/db", {}, "own", "InvalidName"},
      {"projects/shop/db", {}, "own", "InvalidName"},
      {std::string(256, 'a'), {}, "own", "InvalidName"},
      {"db", {}, "", "MissingProject"},
      {"db", {{"gcpProjectID", "Shop"}}, "own", "InvalidProject"},
      {"db", {{"gcpProjectID", "evil.example/"}}, "own", "InvalidProject"},
      {full, {{"gcpProjectID", "bank"}}, "", "ProjectMismatch"},
      {"db", {{"region", "evil.example"}}, "own", "InvalidRegion"},
      {regional, {{"region", "us-east1"}}, "", "RegionMismatch"},
      {full, {{"region", "us-east1"}}, "", "RegionMismatch"},
      {"db", {{"roleARN", "arn:aws:iam::111122223333:role/shop"}}, "own", "InvalidRole"},
      {"db", {{"externalID", "x1"}}, "own", "InvalidRole"},
  };
  for (const auto& [path, options, project, result] : rows)
    EXPECT_EQ(resolve({path, options}, project), result) << path;
}

TEST_F(SecretManagerTest, PlaceAndMatchKeys) {
  const Source regional{"gcp/shop/europe-west3/db/versions/7", "gcp/shop/europe-west3"};
  auto place = provider->place(regional);
  EXPECT_EQ(place.region, "europe-west3");
  EXPECT_EQ(place.account, "shop");
  EXPECT_THAT(place.names, ElementsAre("db"));
  EXPECT_THAT(provider->match_keys(regional), testing::Contains("gcp/shop/europe-west3/db/7"));
  place = provider->place(sources({"db"}).front());
  EXPECT_EQ(place.region, "global");
  EXPECT_THAT(provider->match_keys(sources({"db"}).front()),
              testing::Contains("gcp/shop/global/db/latest"));
  EXPECT_EQ(provider->name(), "gcp");
}

TEST_F(SecretManagerTest, EveryVersionIsReadUnderItsName) {
  http.reply(200, accessed("db", "4", "hunter2"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("4 hunter2"));
  EXPECT_THAT(calls(), ElementsAre("projects/shop/secrets/db/versions/latest:access"));
  http.reply(200, accessed("db", "99", "v")).reply(200, accessed("db", "2", "w"));
  EXPECT_THAT(fetch({"db/versions/99", "db/versions/stable"}),
              ElementsAre("99@2026-11-23T18:00:00.000000Z v", "2 w"));
  EXPECT_THAT(calls(), ElementsAre("projects/shop/secrets/db/versions/99:access",
                                   "projects/shop/secrets/db/versions/stable:access"));
  EXPECT_THAT(logged(), Not(HasSubstr("hunter2")));
}

TEST_F(SecretManagerTest, AtFirstTheMetadataTellsWhichVersionOfTheNumberItIs) {
  http.reply(200, described("new", "7")).reply(200, accessed("new", "7", "v"));
  EXPECT_THAT(fetch({"new"}), ElementsAre("7@2026-11-23T18:00:00.000000Z v"));
  EXPECT_THAT(calls(), ElementsAre("projects/shop/secrets/new/versions/latest",
                                   "projects/shop/secrets/new/versions/latest:access"));
  http.reply(200, accessed("new", "7", "v"));
  EXPECT_THAT(fetch({"new"}), ElementsAre("7@2026-11-23T18:00:00.000000Z v"));
  http.reply(200, accessed("new", "8", "w"));
  EXPECT_THAT(fetch({"new"}), ElementsAre("8 w")) << "added meanwhile: its event will tell";
  EXPECT_EQ(calls().size(), 2U);
}

TEST_F(SecretManagerTest, OfAVersionByNumberItsOwnCreationIsAskedFor) {
  http.reply(200, described("db", "3")).reply(200, accessed("db", "3", "v"));
  EXPECT_THAT(fetch({"db/versions/3"}), ElementsAre("3@2026-11-23T18:00:00.000000Z v"));
}

TEST_F(SecretManagerTest, AtFirstTheMetadataMaySpareTheRead) {
  http.reply(200, described("new", "7", R"("DISABLED")")).reply(404, test::error_body("NOT_FOUND"));
  EXPECT_THAT(fetch({"new"}), ElementsAre("SourceDisabled"));
  EXPECT_EQ(error().failure, Failure::refused);
  EXPECT_THAT(fetch({"none"}), ElementsAre("NOT_FOUND"));
  EXPECT_EQ(error().failure, Failure::absent);
  EXPECT_TRUE(http.exhausted());
}

TEST_F(SecretManagerTest, WithoutMetadataAVersionIsANumber) {
  http.reply(403, test::error_body("PERMISSION_DENIED")).reply(200, accessed("new", "7", "v"));
  EXPECT_THAT(fetch({"new"}), ElementsAre("7 v"));
  http.reply(200, accessed("new", "7", "v"));
  EXPECT_THAT(fetch({"new"}), ElementsAre("7 v"));
  EXPECT_EQ(calls().size(), 3U) << "not asked again for a while";
}

TEST_F(SecretManagerTest, RegionalSecretsAreReadWhereTheyAre) {
  http.reply(200,
             R"({"name":"projects/123/locations/eu/secrets/db/versions/1","payload":{"data":""}})");
  std::vector<Source> one = {{"gcp/example.com:shop/eu/db", "gcp/example.com:shop/eu"}};
  values = support::run(provider->fetch(std::move(one)));
  ASSERT_TRUE(values.front());
  EXPECT_TRUE(values.front()->bytes.empty()) << "a value may be empty";
  EXPECT_THAT(locations, ElementsAre("eu"));
  EXPECT_THAT(calls(), ElementsAre("projects/example.com%3Ashop/locations/eu/secrets/db/versions/"
                                   "latest:access"));
}

TEST_F(SecretManagerTest, WhatIsNoTextIsBinary) {
  http.reply(200, accessed("db", "1", std::string_view("\0\1\xff", 3)));
  fetch({"db"});
  EXPECT_EQ(values.front()->form, Form::binary);
  EXPECT_EQ(values.front()->bytes.view(), std::string_view("\0\1\xff", 3));
  http.reply(200, accessed("db", "1", "gr\xC3\xBC\xC3\x9F dich"));
  fetch({"db"});
  EXPECT_EQ(values.front()->form, Form::text);
}

TEST_F(SecretManagerTest, ChecksumsAreVerified) {
  // Recorded from the real service.
  const std::string data =
      "SSBhbHdheXMgbG92ZWQgc3BhcnJpbmcgd2l0aCBnaWFudCBjYW5keSBzd29yZHMsIGJ1dCBJIGhhZCBubyBpZGVhIHRo"
      "YXQgd2FzIG15IHN1cGVyIHNlY3JldCBpbmZvcm1hdGlvbiE=";
  const auto answer = [&](std::string_view checksum) {
    return fmt::format(R"({{"name":"projects/123/secrets/db/versions/1","payload":{{
        "data":"{}","dataCrc32c":"{}"}}}})",
                       data, checksum);
  };
  http.reply(200, answer("98593831"));
  fetch({"db"});
  ASSERT_TRUE(values.front());
  EXPECT_EQ(values.front()->bytes.size(), 104U);

  http.reply(200, answer("98593832")).reply(200, answer("98593831"));
  fetch({"db"});
  EXPECT_TRUE(values.front()) << "read again at once";

  for (int i = 0; i < 3; ++i) http.reply(200, answer("1"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("ChecksumMismatch"));
  EXPECT_EQ(error().failure, Failure::transient);
  EXPECT_TRUE(http.exhausted());
}

TEST_F(SecretManagerTest, AnswersThatAreNone) {
  for (const std::string_view body :
       {"{}", R"({"payload":{"data":"aHVudGVyMg=="}})", R"({"name":"projects/123/secrets/db"})",
        R"({"name":"projects/123/secrets/db/versions/latest","payload":{"data":""}})",
        R"({"name":"projects/123/secrets/other/versions/1","payload":{"data":""}})",
        R"({"name":"projects/123/locations/eu/secrets/db/versions/1","payload":{"data":""}})",
        R"({"name":"projects/123/secrets/db/versions/1"})",
        R"({"name":"projects/123/secrets/db/versions/1","payload":{"data":"*"}})"}) {
    http.reply(200, body);
    EXPECT_THAT(fetch({"db"}), ElementsAre("MalformedAnswer")) << body;
    EXPECT_TRUE(error().retryable());
    EXPECT_THAT(error().text, Not(HasSubstr("hunter2")));
  }
}

TEST_F(SecretManagerTest, RefusalsNameTheRoleAndTheSecret) {
  http.reply(403, test::error_body("PERMISSION_DENIED"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("PERMISSION_DENIED"));
  EXPECT_EQ(error().failure, Failure::refused);
  EXPECT_THAT(error().text, HasSubstr("grant roles/secretmanager.secretAccessor "
                                      "(secretmanager.versions.access) on "
                                      "projects/shop/secrets/db"));
  http.reply(404, test::error_body("NOT_FOUND"));
  fetch({"db"});
  EXPECT_EQ(error().failure, Failure::absent);
  EXPECT_THAT(error().text,
              HasSubstr("projects/shop/secrets/db does not exist, or has no version"));
  http.reply(404, test::error_body("NOT_FOUND"));
  fetch({"db/versions/9"});  // its metadata tell that it is not there
  EXPECT_THAT(error().text, HasSubstr("version 9 of the secret projects/shop/secrets/db does not"));
}

TEST_F(SecretManagerTest, AVersionThatIsDisabledOrDestroyedIsNamed) {
  struct Row {
    std::string_view state;
    std::string_view code;
    std::string_view text;
  };
  const Row rows[] = {
      {R"("DISABLED")", "SourceDisabled",
       "version 4 of the secret projects/shop/secrets/db is dis"},
      {R"("DESTROYED")", "SourceDisabled",
       "version 4 of the secret projects/shop/secrets/db is des"},
      {"2", "SourceDisabled", "enable it"},
      {"3", "SourceDisabled", "add a new version"},
      {R"("ENABLED")", "FAILED_PRECONDITION", "disabled or destroyed"},
      {"77", "FAILED_PRECONDITION", "disabled or destroyed"},
  };
  for (const auto& [state, code, text] : rows) {
    http.reply(400, test::error_body("FAILED_PRECONDITION"))
        .reply(200, described("db", "4", state));
    EXPECT_THAT(fetch({"db"}), ElementsAre(code));
    EXPECT_EQ(error().failure, Failure::refused) << "never absent: the target stays";
    EXPECT_THAT(error().text, HasSubstr(std::string(text)));
  }
  http.reply(400, test::error_body("FAILED_PRECONDITION"))
      .reply(403, test::error_body("PERMISSION_DENIED"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("FAILED_PRECONDITION"));
}

TEST_F(SecretManagerTest, AnswersTellProjectsApart) {
  http.reply(200, accessed("db", "1", "v"));
  fetch({"db"});
  EXPECT_EQ(projects.other_name("shop"), "123");
  EXPECT_EQ(projects.other_name("123"), "shop");
}

TEST_F(SecretManagerTest, NothingAskedNothingSent) {
  EXPECT_TRUE(fetch({}).empty());
  EXPECT_TRUE(versions({}).empty());
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(SecretManagerTest, VersionsAreReadWithoutValues) {
  http.reply(200, described("a", "7"))
      .reply(404, test::error_body("NOT_FOUND"))
      .reply(200, described("c", "2", R"("DISABLED")"));
  EXPECT_THAT(versions({"a", "b", "c/versions/stable"}),
              ElementsAre("7@2026-11-23T18:00:00.000000Z", "NOT_FOUND", "SourceDisabled"));
  EXPECT_THAT(calls(), ElementsAre("projects/shop/secrets/a/versions/latest",
                                   "projects/shop/secrets/b/versions/latest",
                                   "projects/shop/secrets/c/versions/stable"));
  EXPECT_EQ(projects.other_name("shop"), "123");
}

TEST_F(SecretManagerTest, WhoMayNotReadMetadataReadsValuesAndSaysSoOnce) {
  for (int round = 0; round < 2; ++round) {
    http.reply(403, test::error_body("PERMISSION_DENIED"))
        .reply(200, accessed("a", "7", "hunter2"));
    EXPECT_THAT(versions({"a"}), ElementsAre("7"));
    http.reply(200, accessed("a", "7", "hunter2"));
    EXPECT_THAT(versions({"a"}), ElementsAre("7"));
    EXPECT_THAT(calls(), ElementsAre("projects/shop/secrets/a/versions/latest",
                                     "projects/shop/secrets/a/versions/latest:access",
                                     "projects/shop/secrets/a/versions/latest:access"));
    clock.advance(std::chrono::hours(1));  // permissions are given without a restart
  }
  const auto text = logged();
  const auto first = text.find("roles/secretmanager.viewer");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("roles/secretmanager.viewer", first + 1), std::string::npos);
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST_F(SecretManagerTest, WhoReadsNoValuesIsToldOfARefusal) {
  provider->read_no_values();
  http.reply(403, test::error_body("PERMISSION_DENIED"));
  EXPECT_THAT(versions({"db"}), ElementsAre("PERMISSION_DENIED"));
  EXPECT_THAT(calls(), ElementsAre("projects/shop/secrets/db/versions/latest"));
}

TEST_F(SecretManagerTest, ARefusalOfOneSecretSaysNothingAboutOthers) {
  http.reply(403, test::error_body("PERMISSION_DENIED"))
      .reply(403, test::error_body("PERMISSION_DENIED"))
      .reply(200, described("b", "2"));
  EXPECT_THAT(versions({"a"}), ElementsAre("PERMISSION_DENIED"));
  EXPECT_THAT(versions({"b"}), ElementsAre("2@2026-11-23T18:00:00.000000Z"));
  EXPECT_TRUE(http.exhausted());
}

TEST_F(SecretManagerTest, AnExhaustedQuotaOfMetadataIsNotWaitedFor) {
  for (int i = 0; i < 3; ++i) http.reply(429, test::error_body("RESOURCE_EXHAUSTED"));
  http.reply(200, accessed("a", "7", "v")).reply(200, described("a", "8"));
  EXPECT_THAT(versions({"a"}), ElementsAre("7"));
  EXPECT_THAT(versions({"a"}), ElementsAre("8@2026-11-23T18:00:00.000000Z"));
}

TEST_F(SecretManagerTest, ManyVersionsAreReadAtHalfTheQuota) {
  const std::vector<std::string> many(400, "a");
  for (std::size_t i = 0; i < many.size(); ++i) http.reply(200, described("a", "1"));
  EXPECT_EQ(versions(many), std::vector<std::string>(400, "1@2026-11-23T18:00:00.000000Z"));
  EXPECT_GE(clock.slept(), base::Duration(std::chrono::seconds(55)));
  EXPECT_LE(clock.slept(), base::Duration(std::chrono::seconds(65)));
}

}  // namespace
}  // namespace edsm::cloud::gcp
