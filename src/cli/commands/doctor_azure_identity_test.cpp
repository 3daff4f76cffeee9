#include "cli/commands/doctor_azure_identity.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_bench.hpp"

namespace edsm::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using Level = Finding::Level;

const std::string home = cloud::azure::test::home;

TEST(AzureIdentity, ATokenTellsMoreThanSettings) {
  const cloud::azure::CredentialOrigin origin{"workload identity (F)", "app", "contoso.com", false};
  auto who = judge_azure_identity(origin, {"app", "object", home, ""});
  EXPECT_EQ(
      who.findings.at(0).what,
      fmt::format("application app of tenant {}, by workload identity (F); roles are given to "
                  "its object object",
                  home));
  EXPECT_EQ(who.assignee, "object");
  EXPECT_TRUE(who.by_object);
  EXPECT_EQ(who.tenant, home);
  who = judge_azure_identity(origin, {});
  EXPECT_EQ(who.findings.at(0).what,
            "application app of tenant contoso.com, by workload identity (F)");
  EXPECT_EQ(who.assignee, "app");
  EXPECT_FALSE(who.by_object);
  EXPECT_EQ(who.tenant, "") << "a domain is no id";
}

TEST(AzureIdentity, OfAMachine) {
  const cloud::azure::CredentialOrigin origin{"a managed identity of the machine (M)", "", "",
                                              true};
  EXPECT_EQ(judge_azure_identity(origin, {}).findings.at(0).what,
            "somebody, by a managed identity of the machine (M)");
  EXPECT_EQ(judge_azure_identity(origin, {}).assignee, "ASSIGNEE");
  EXPECT_TRUE(judge_azure_identity(origin, {}).managed);
  EXPECT_THAT(judge_azure_identity(origin, {"app", "o", home, "/s/userAssignedIdentities/edsm"})
                  .findings.at(0)
                  .what,
              HasSubstr("managed identity edsm (app) of tenant " + home));
}

class AzureIdentityTest : public testing::Test, protected cloud::azure::test::Bench {
 protected:
  AzureIdentity examine(const support::Strings& env) {
    static const support::Strings files;
    auto settings = cloud::azure::load_settings(support::env_of(env), support::files_of(files));
    auto origin = cloud::azure::origin_of(*settings->credentials);
    cloud::azure::Cloud cloud(std::move(*settings), http, http, http, clock, log, metrics);
    return support::run(examine_azure_identity(cloud, std::move(origin),
                                               cloud::azure::public_cloud().vault_scope()));
  }
  const support::Strings application = {
      {"AZURE_TENANT_ID", home}, {"AZURE_CLIENT_ID", "app"}, {"AZURE_CLIENT_SECRET", "hunter2"}};
};

TEST_F(AzureIdentityTest, ByATokenOfItsOwn) {
  // {"oid":"me"}
  http.reply(200, R"({"access_token":"e30.eyJvaWQiOiJtZSJ9.c2ln","expires_in":3600,
      "token_type":"Bearer"})");
  const auto who = examine(application);
  EXPECT_TRUE(who.usable);
  EXPECT_EQ(who.assignee, "me");
  EXPECT_THAT(who.findings.at(0).what, Not(HasSubstr("hunter2")));
  EXPECT_THAT(http.seen.at(0).url, HasSubstr(home));
}

TEST_F(AzureIdentityTest, WithoutOneTheCauseIsSaid) {
  http.reply(401, R"({"error":"invalid_client","error_codes":[7000215]})");
  const auto who = examine(application);
  EXPECT_FALSE(who.usable);
  EXPECT_EQ(who.findings.at(0).level, Level::failure);
  EXPECT_THAT(who.findings.at(0).what, HasSubstr("a client secret (AZURE_CLIENT_SECRET): "));
  EXPECT_THAT(who.findings.at(0).what, HasSubstr("AADSTS7000215"));
}

}  // namespace
}  // namespace edsm::cli
