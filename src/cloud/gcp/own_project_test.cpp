#include "cloud/gcp/own_project.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/gcp/provider.hpp"
#include "support/gcp_bench.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using testing::ElementsAre;
using testing::HasSubstr;

/// A binding that names no project, on a machine of Google's.
class OwnProjectTest : public testing::Test, protected test::Bench {
 protected:
  void tells(std::string_view project) {
    metadata.reply(200, project, {{"Metadata-Flavor", "Google"}});
  }
  std::vector<Source> sources(std::size_t count = 1) {
    std::vector<Source> result;
    for (std::size_t i = 0; i < count; ++i)
      result.push_back(provider.resolve({"db" + std::to_string(i), {}}).value());
    return result;
  }
  void answer_versions(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      http.reply_with([](const support::ScriptedHttp::Seen& seen) -> base::Result<net::Response> {
        const auto secret = seen.url.substr(seen.url.find("/secrets/") + 9, 3);
        net::Response response;
        response.status = 200;
        response.body.append(R"({"name":"projects/5/secrets/)" + secret +
                             R"(/versions/7","state":"ENABLED"})");
        return response;
      });
    }
  }

  support::ScriptedHttp metadata;
  auth::MetadataServer server{
      {"http://metadata.google.internal/computeMetadata/v1/"}, metadata, clock};
  Projects projects;
  OwnProject own{server, projects, clock};
  Births births{projects};
  SecretManagerProvider provider{
      "",       [this](const std::string&) { return client(Service::secretmanager); },
      projects, births,
      clock,    log,
      &own};
};

TEST_F(OwnProjectTest, NobodyIsAskedBeforeSomethingIsRead) {
  const auto source = sources().front();
  EXPECT_EQ(source.id, "gcp/-/db0");
  EXPECT_EQ(provider.place(source).account, "") << "its own";
  EXPECT_THAT(provider.match_keys(source),
              ElementsAre("gcp/-/global/db0/latest", "gcp/-/global/db0/*"));
  EXPECT_EQ(provider.resolve({"db", {{"gcpProjectID", "shop"}}}).value().id, "gcp/shop/db");
  EXPECT_TRUE(metadata.seen.empty());
}

TEST_F(OwnProjectTest, IsAskedForOnce) {
  tells("shop-123456\n");
  answer_versions(5);
  for (const auto& version : support::run(provider.versions(sources(4)))) EXPECT_EQ(version, "7");
  EXPECT_EQ(support::run(provider.versions(sources())).at(0), "7");
  ASSERT_EQ(metadata.seen.size(), 1U);
  EXPECT_THAT(metadata.seen.front().url, testing::EndsWith("/project/project-id"));
  EXPECT_THAT(http.seen.front().url, HasSubstr("/v1/projects/shop-123456/secrets/db0/"));
  EXPECT_TRUE(projects.may_be_own("5"));
  projects.learn("other", "6");
  EXPECT_FALSE(projects.may_be_own("6"));
}

TEST_F(OwnProjectTest, AnErrorNamesTheRemedyAndIsNotAskedForAgainAtOnce) {
  metadata.reply(404, "", {{"Metadata-Flavor", "Google"}});
  for (const auto& version : support::run(provider.versions(sources(3)))) {
    ASSERT_FALSE(version);
    EXPECT_THAT(version.error().text, HasSubstr("set spec.cloudProviderOptions.gcpProjectID, or "
                                                "GOOGLE_CLOUD_PROJECT"));
  }
  const auto values = support::run(provider.fetch(sources(2)));
  EXPECT_EQ(values.at(1).error().failure, Failure::credentials);
  EXPECT_EQ(metadata.seen.size(), 1U);
  support::run(clock.sleep_for(OwnProject::pause));
  tells("shop");
  EXPECT_EQ(support::run(own.get()), "shop");
}

TEST_F(OwnProjectTest, WhatIsNoProjectIsNotTaken) {
  tells("someone@example.com");
  EXPECT_EQ(support::run(own.get()).error().failure, Failure::credentials);
}

TEST_F(OwnProjectTest, ManyAtOnceWaitForOneAnswer) {
  tells("shop");
  boost::asio::io_context io(1);
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    boost::asio::co_spawn(io, own.get(), [&](std::exception_ptr, base::Result<std::string> got) {
      told += got == "shop" ? 1 : 0;
    });
  }
  io.run();
  EXPECT_EQ(told, 3);
  EXPECT_EQ(metadata.seen.size(), 1U);
}

}  // namespace
}  // namespace edsm::cloud::gcp
