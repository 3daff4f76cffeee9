// As whom a secret is read: what a binding asks for goes in, a scope, a session and the calls that
// come of it come out.

#include "cloud/aws/identity.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/aws.hpp"
#include "cloud/aws/idle.hpp"
#include "cloud/aws/provider.hpp"
#include "support/aws_bench.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string role = "arn:aws:iam::111122223333:role/team/shop";
const std::string arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";
const base::ObjectKey binding{"shop", "database"};

SecretQuery asks(std::map<std::string, std::string> options) {
  return {"prod/db", std::move(options), binding};
}

TEST(Identity, WhatABindingMayAskFor) {
  const std::string account = "arn:aws:iam::111122223333:";
  struct Row {
    std::string role_arn, external_id;
    std::string_view code;  ///< empty: taken
  };
  const Row rows[] = {
      {role, "", ""},
      {role, "agreed-upon", ""},
      {"arn:aws-cn:iam::111122223333:role/x_+=,.@-", "a:/b", ""},
      {"arn:aws-us-gov:iam::111122223333:role/x", "", ""},
      {"", "agreed-upon", "MissingRole"},
      {"shop", "", "InvalidRole"},
      {"arn:aws:iam::111122223333:user/shop", "", "InvalidRole"},
      {"arn:aws:sts::111122223333:assumed-role/shop/me", "", "InvalidRole"},
      {"arn:aws:iam::11112222333:role/shop", "", "InvalidRole"},
      {"arn:aws:iam:eu-west-1:111122223333:role/shop", "", "InvalidRole"},
      {"arn:azure:iam::111122223333:role/shop", "", "InvalidRole"},
      {account + "role/", "", "InvalidRole"},
      {account + "role/team/", "", "InvalidRole"},
      {account + "role/a b", "", "InvalidRole"},
      {account + "role/a]", "", "InvalidRole"},
      {account + "role/a:b", "", "InvalidRole"},
      {account + "role/*", "", "InvalidRole"},
      {account + "role/" + std::string(600, 'a'), "", ""},
      {account + "role/" + std::string(640, 'a'), "", "InvalidRole"},
      {role, "x", "InvalidExternalID"},
      {role, "a b", "InvalidExternalID"},
      {role, "a]", "InvalidExternalID"},
      {role, std::string(1224, 'x'), ""},
      {role, std::string(1225, 'x'), "InvalidExternalID"},
  };
  for (const auto& [role_arn, external_id, code] : rows) {
    const auto read = read_identity(asks({{"roleARN", role_arn}, {"externalID", external_id}}));
    if (read) {
      EXPECT_EQ(code, "") << role_arn;
      EXPECT_EQ(*read, (Identity{role_arn, external_id, binding}));
    } else {
      EXPECT_EQ(read.error().code, code) << role_arn << " " << external_id;
      EXPECT_EQ(read.error().failure, Failure::invalid);
      EXPECT_THAT(read.error().text, HasSubstr("spec.cloudProviderOptions."));
    }
  }
  EXPECT_EQ(read_identity(asks({{"region", "eu-west-1"}})).value(), std::nullopt);
}

TEST(Identity, AScopeIsItsTextAndBack) {
  struct Row {
    Scope scope;
    std::string_view text;
  };
  const Row rows[] = {
      {{"eu-west-1", std::nullopt}, "aws/eu-west-1"},
      {{"eu-west-1", Identity{role, "", binding}},
       "aws/eu-west-1/[arn:aws:iam::111122223333:role/team/shop for shop/database]"},
      {{"us-east-1", Identity{role + ",x", "a,b:/c", {"shop", "data.base-2"}}},
       "aws/us-east-1/[arn:aws:iam::111122223333:role/team/shop,x for shop/data.base-2, "
       "external id a,b:/c]"},
  };
  for (const auto& [scope, text] : rows) {
    EXPECT_EQ(to_text(scope), text);
    EXPECT_EQ(parse_scope(text), scope) << text;
    EXPECT_EQ(region_of(text), scope.region) << text;
    EXPECT_EQ(role_of(text), scope.identity ? scope.identity->role_arn : "") << text;
  }
}

TEST(Identity, TheSessionTellsTheBinding) {
  const auto session = session_of({role, "ext", binding});
  EXPECT_EQ(session.role_arn, role);
  EXPECT_EQ(session.external_id, "ext");
  EXPECT_EQ(session.session_name, "edsm.shop.database");
  EXPECT_EQ(session.duration, std::nullopt) << "chained roles have an hour, which is the default";
  EXPECT_THAT(session.tags, ElementsAre(testing::Pair("edsm-namespace", "shop"),
                                        testing::Pair("edsm-name", "database")));
}

TEST(Identity, ALongSessionNameIsCutAndStillItsOwn) {
  const std::string ns(63, 'n');
  const std::string fits(64 - std::string("edsm.shop.").size(), 'a');
  const auto named = [](const std::string& in, const std::string& name) {
    return session_of({role, "", {in, name}}).session_name;
  };
  EXPECT_EQ(named("shop", fits), "edsm.shop." + fits);
  const auto cut = named("shop", fits + "a");
  EXPECT_EQ(cut.size(), 64U);
  EXPECT_TRUE(cut.starts_with("edsm.shop.aaaa")) << cut;
  EXPECT_NE(cut, named("shop", fits + "b"));
  EXPECT_EQ(named(ns, std::string(253, 'x')).size(), 64U);
  EXPECT_NE(named(ns, std::string(253, 'x')), named(ns, std::string(252, 'x')));
}

TEST(IdleList, KeepsWhatIsUsedWithinAnHour) {
  using std::chrono::minutes;
  IdleList list;
  const base::Instant start{};
  EXPECT_EQ(list.use("a", start), std::nullopt);
  EXPECT_EQ(list.use("b", start + minutes(30)), std::nullopt);
  EXPECT_TRUE(list.take_idle(start + minutes(60)).empty());
  EXPECT_THAT(list.take_idle(start + minutes(61)), ElementsAre("a"));
  EXPECT_TRUE(list.take_idle(start + minutes(61)).empty()) << "it is told once";
  list.use("b", start + minutes(80));
  EXPECT_TRUE(list.take_idle(start + minutes(140)).empty());
}

TEST(IdleList, HasABound) {
  IdleList list;
  constexpr int most = IdleList::most;
  for (int i = 0; i < most; ++i)
    list.use(std::to_string(i), base::Instant(std::chrono::seconds(i)));
  const base::Instant later{std::chrono::seconds(most)};
  EXPECT_EQ(list.use("0", later), std::nullopt) << "it is there";
  EXPECT_EQ(list.use("new", later), "1") << "the one that was used the longest time ago";
  EXPECT_EQ(list.use("new", later), std::nullopt);
}

/// The real provider between a scripted STS and Secrets Manager; the controller's keys are "AKIA".
class RoleTest : public testing::Test, protected test::Bench {
 protected:
  static Settings settings(test::Strings more = {}) {
    static const test::Strings files;
    test::Strings env = {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
    env.merge(more);
    return load_settings(test::env_of(env), test::files_of(files)).value();
  }
  std::vector<Source> source(std::string path, std::map<std::string, std::string> options,
                             base::ObjectKey asking = binding) {
    options.emplace("region", "eu-west-1");
    return {
        cloud.provider().resolve({std::move(path), std::move(options), std::move(asking)}).value()};
  }
  /// "version text" or "code: text".
  std::string fetch(std::vector<Source> sources) {
    const auto values = support::run(cloud.provider().fetch(std::move(sources)));
    const auto& value = values.at(0);
    return value ? value->version + " " + std::string(value->bytes.view())
                 : base::describe(value.error());
  }
  void grant(std::string_view key, std::string_view until = "2026-11-23T07:00:00Z") {
    http.reply(200, fmt::format("<AssumeRoleResponse><Credentials><AccessKeyId>{}</AccessKeyId>"
                                "<SecretAccessKey>s</SecretAccessKey><SessionToken>t-{}"
                                "</SessionToken><Expiration>{}</Expiration></Credentials>"
                                "</AssumeRoleResponse>",
                                key, key, until));
  }
  void deny(std::string_view code = "AccessDenied") {
    http.reply(403,
               fmt::format("<ErrorResponse><Error><Code>{}</Code></Error></ErrorResponse>", code));
  }
  void answer(std::string_view value) {
    http.reply(200, fmt::format(R"({{"VersionId":"v","SecretString":"{}"}})", value));
  }
  /// Which call was signed by which key: "AKIA sts", "ASIA secretsmanager".
  std::vector<std::string> calls() {
    std::vector<std::string> all;
    for (const auto& seen : http.seen) {
      const std::string signature(seen.headers.find("Authorization").value_or(""));
      const auto key = signature.substr(signature.find("Credential=") + 11);
      all.push_back(fmt::format("{} {}", key.substr(0, key.find('/')),
                                seen.url.substr(8, seen.url.find('.') - 8)));
    }
    http.seen.clear();
    return all;
  }

  support::ScriptedHttp none;
  Cloud cloud{settings(), http, none, none, clock, log, metrics};
};

TEST_F(RoleTest, ASourceWithARoleIsAnotherSourceOfTheSameSecret) {
  const auto& provider = cloud.provider();
  const auto plain = source("prod/db", {}).front();
  const auto mine = source("prod/db", {{"roleARN", role}}).front();
  EXPECT_EQ(mine.id.view(), "aws/eu-west-1/[" + role + " for shop/database]/prod/db");
  EXPECT_EQ(mine.path(), "prod/db");
  EXPECT_EQ(provider.identity(mine), role);
  EXPECT_EQ(provider.identity(plain), "");
  EXPECT_EQ(provider.match_keys(mine), provider.match_keys(plain)) << "the same events";
  EXPECT_EQ(provider.place(mine).region, "eu-west-1");
  EXPECT_EQ(provider.place(mine).names, provider.place(plain).names);

  const std::vector<Source> others = {
      source("prod/db", {{"roleARN", role}, {"externalID", "ext"}}).front(),
      source("prod/db", {{"roleARN", role + "2"}}).front(),
      source("prod/db", {{"roleARN", role}}, {"shop", "other"}).front(),
      source("prod/db", {{"roleARN", role}}, {"bank", "database"}).front()};
  for (const auto& other : others) {
    EXPECT_NE(other.id, mine.id);
    EXPECT_NE(other.scope, mine.scope) << "never in one batch";
  }
  EXPECT_EQ(cloud.provider()
                .resolve({"prod/db", {{"roleARN", "x"}, {"region", "eu-west-1"}}})
                .error()
                .code,
            "InvalidRole");
}

TEST_F(RoleTest, ANameIsOfTheRolesAccountAndAnArnOfItsOwn) {
  const auto& provider = cloud.provider();
  EXPECT_EQ(provider.place(source("prod/db", {}).front()).account, "");
  EXPECT_EQ(provider.place(source("prod/db", {{"roleARN", role}}).front()).account, "111122223333");
  const auto by_arn = source(arn + "prod/db-a1B2c3", {{"roleARN", role}}).front();
  EXPECT_EQ(provider.place(by_arn).account, "123456789012");
  EXPECT_THAT(provider.place(by_arn).names, ElementsAre("prod/db-a1B2c3", "prod/db"));
}

TEST_F(RoleTest, TheControllerAssumesTheRoleAndTheRoleReads) {
  grant("ASIA");
  answer("hunter2");
  EXPECT_EQ(fetch(source("prod/db", {{"roleARN", role}, {"externalID", "ext"}})), "v hunter2");
  EXPECT_EQ(http.seen.at(0).url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http.seen.at(0).body,
            "Action=AssumeRole&Version=2011-06-15"
            "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fteam%2Fshop"
            "&RoleSessionName=edsm.shop.database&ExternalId=ext"
            "&Tags.member.1.Key=edsm-namespace&Tags.member.1.Value=shop"
            "&Tags.member.2.Key=edsm-name&Tags.member.2.Value=database");
  EXPECT_EQ(http.seen.at(1).headers.find("X-Amz-Security-Token"), "t-ASIA");
  EXPECT_THAT(calls(), ElementsAre("AKIA sts", "ASIA secretsmanager"));

  answer("again");
  http.reply(200, R"({"ARN":"x","Name":"db","VersionIdsToStages":{"v2":["AWSCURRENT"]}})");
  EXPECT_EQ(fetch(source("prod/db", {{"roleARN", role}, {"externalID", "ext"}})), "v again");
  auto sources = source("prod/db", {{"roleARN", role}, {"externalID", "ext"}});
  const auto versions = support::run(cloud.provider().versions(std::move(sources)));
  EXPECT_EQ(versions.at(0).value(), "v2");
  EXPECT_THAT(calls(), ElementsAre("ASIA secretsmanager", "ASIA secretsmanager"))
      << "the session is kept, and the sweep has the same";
  EXPECT_EQ(metrics.text().find("edsm_credential_expiry"), std::string::npos)
      << "the session of a binding may expire: no alert is to speak of it";
}

TEST_F(RoleTest, NoSessionServesAnotherBinding) {
  for (const std::string_view key : {"ASIA1", "ASIA2", "ASIA3"}) {
    grant(key);
    answer(key);
  }
  answer("own");
  EXPECT_EQ(fetch(source("db", {{"roleARN", role}})), "v ASIA1");
  EXPECT_EQ(fetch(source("db", {{"roleARN", role}}, {"bank", "database"})), "v ASIA2");
  EXPECT_EQ(fetch(source("db", {{"roleARN", role + "2"}})), "v ASIA3");
  EXPECT_EQ(fetch(source("db", {})), "v own");
  EXPECT_THAT(calls(),
              ElementsAre("AKIA sts", "ASIA1 secretsmanager", "AKIA sts", "ASIA2 secretsmanager",
                          "AKIA sts", "ASIA3 secretsmanager", "AKIA secretsmanager"));
}

TEST_F(RoleTest, ARoleThatMayNotBeAssumedIsSaidAndNotAskedForAgainAtOnce) {
  deny();
  const auto mine = source("prod/db", {{"roleARN", role}});
  const auto values = support::run(cloud.provider().fetch(mine));
  const auto& error = values.at(0).error();
  EXPECT_EQ(error.failure, Failure::refused) << "a matter of the binding";
  EXPECT_EQ(error.code, "RoleRefused");
  EXPECT_THAT(error.text, HasSubstr("assuming the role " + role + ": sts AssumeRole in eu-west-1"));
  EXPECT_THAT(error.text, HasSubstr("HTTP 403 (AccessDenied): its trust policy must allow"));
  EXPECT_THAT(error.text, HasSubstr("sts:TagSession"));
  EXPECT_THAT(error.text, Not(HasSubstr("grant secretsmanager"))) << "that is not what is missing";
  EXPECT_THAT(fetch(mine), HasSubstr("RoleRefused")) << "and nothing is sent for it";
  EXPECT_THAT(calls(), ElementsAre("AKIA sts"));

  answer("own");
  EXPECT_EQ(fetch(source("prod/db", {})), "v own") << "others are not disturbed";
  clock.advance(std::chrono::minutes(2));
  grant("ASIA");
  answer("at last");
  EXPECT_EQ(fetch(mine), "v at last");
}

TEST_F(RoleTest, TroubleOfTheControllersOwnKeysIsNotTheRoles) {
  for (int i = 0; i < 3; ++i) deny("InvalidClientTokenId");
  const auto values = support::run(cloud.provider().fetch(source("db", {{"roleARN", role}})));
  EXPECT_EQ(values.at(0).error().failure, Failure::credentials);
  EXPECT_THAT(values.at(0).error().text, HasSubstr("check the controller's AWS credentials"));
}

TEST_F(RoleTest, WhatTheRoleMayNotIsSaidOfTheRole) {
  grant("ASIA");
  http.reply(400, R"({"__type":"AccessDeniedException"})");
  EXPECT_THAT(fetch(source("prod/db", {{"roleARN", role}})),
              HasSubstr("grant secretsmanager:GetSecretValue on prod/db (and kms:Decrypt, if its "
                        "key is your own); it was asked for as " +
                        role));
}

TEST_F(RoleTest, AnExpiredSessionIsRenewed) {
  grant("ASIA1", "2026-11-23T01:30:00Z");
  answer("one");
  EXPECT_EQ(fetch(source("db", {{"roleARN", role}})), "v one");
  clock.advance(std::chrono::minutes(45));
  grant("ASIA2", "2026-11-23T03:00:00Z");
  answer("two");
  EXPECT_EQ(fetch(source("db", {{"roleARN", role}})), "v two");
  EXPECT_THAT(calls(),
              ElementsAre("AKIA sts", "ASIA1 secretsmanager", "AKIA sts", "ASIA2 secretsmanager"));
}

TEST_F(RoleTest, SessionsThatNobodyUsesAreLetGo) {
  SecretsManagerProvider provider(
      "eu-west-1",
      [this](const Scope& scope) -> base::Result<ScopeClient> {
        return ScopeClient{nullptr, client(Service::secretsmanager, scope.region)};
      },
      clock, log);
  const auto read = [&](std::map<std::string, std::string> options, std::string name) {
    answer("x");
    std::vector<Source> one = {
        provider.resolve({"db", std::move(options), {"shop", std::move(name)}}).value()};
    support::run(provider.fetch(std::move(one)));
  };
  for (int i = 0; i < 3; ++i) read({{"roleARN", role}}, "b" + std::to_string(i));
  read({}, "plain");
  EXPECT_EQ(provider.kept(), 4U);
  clock.advance(std::chrono::minutes(61));
  read({}, "plain");
  EXPECT_EQ(provider.kept(), 1U) << "the controller's own stays";
}

TEST_F(RoleTest, StsIsAskedWhereTheControllerIsAtHome) {
  support::ScriptedHttp wire;
  wire.reply(403);
  Cloud far{settings({{"AWS_REGION", "us-east-1"}}), wire, none, none, clock, log, metrics};
  auto sources = source("db", {{"roleARN", role}});
  support::run(far.provider().fetch(std::move(sources)));
  EXPECT_EQ(wire.seen.at(0).url, "https://sts.us-east-1.amazonaws.com/");
}

}  // namespace
}  // namespace edsm::cloud::aws
