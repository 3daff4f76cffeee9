#include "cli/commands/doctor_vaults.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/provider.hpp"
#include "support/azure_bench.hpp"

namespace edsm::cli {
namespace {

using base::Failure;
using cloud::azure::Listed;
using testing::HasSubstr;
using Level = Finding::Level;

const std::string home = cloud::azure::test::home;
const std::string abroad = cloud::azure::test::abroad;

base::Error error(Failure failure, std::string_view code) {
  return {failure, std::string(code), "said"};
}

const Finding* find(const Findings& findings, Level level, std::string_view words) {
  const auto found = std::ranges::find_if(findings, [&](const Finding& each) {
    return each.level == level && each.what.contains(words);
  });
  return found == findings.end() ? nullptr : &*found;
}
std::string all(const Findings& findings) {
  return show_findings(findings, Output::table);
}

const base::WallTime now{std::chrono::seconds(1000)};

Listed listed(char digit, std::int64_t created) {
  Listed item;
  item.name = {"shop-kv", "db", cloud::azure::test::version(digit)};
  item.attributes.created = created;
  return item;
}

SecretSeen secret(std::vector<Listed> versions) {
  return {.name = {"shop-kv", "db", ""}, .versions = std::move(versions)};
}

AzureIdentity identity() {
  AzureIdentity who;
  who.usable = true;
  who.tenant = home;
  who.assignee = "me";
  who.by_object = true;
  return who;
}

VaultSeen seen_vault(std::vector<SecretSeen> secrets) {
  return {.name = "shop-kv",
          .challenge = cloud::azure::Challenge{home, "x"},
          .secrets = std::move(secrets)};
}
VaultSeen seen_vault(SecretSeen one) {
  std::vector<SecretSeen> secrets;
  secrets.push_back(std::move(one));
  return seen_vault(std::move(secrets));
}

TEST(JudgeVault, InOrder) {
  const auto findings = judge_vault(seen_vault(secret({listed('1', 1)})), identity(), now);
  EXPECT_EQ(all(findings),
            all({{Level::good, "vault", "shop-kv: reachable, of tenant " + home, ""},
                 {Level::good, "iam",
                  "shop-kv: get is permitted on 1 of 1 secret (no value was read)", ""},
                 {Level::good, "secrets", "azure/shop-kv: 1 of 1 secret can be seen", ""}}));
}

TEST(JudgeVault, EachSecret) {
  struct Row {
    std::function<void(SecretSeen&)> change;
    Level level;
    std::string_view says;
    std::string_view remedy;
  };
  const auto refused = error(Failure::refused, "Forbidden");
  const auto newest = [](auto change) {
    return [change](SecretSeen& s) {
      // In no order, and the older one in order.
      s.versions->push_back(listed('2', 5));
      s.versions->push_back(listed('3', 2));
      change(s.versions->at(1).attributes);
    };
  };
  using Attributes = cloud::azure::Attributes;
  const Row rows[] = {
      {[&](SecretSeen& s) { s.read = refused; }, Level::failure, "shop-kv/db: get is not permitted",
       "az role assignment create --role \"Key Vault Secrets User\" --assignee me --scope \"$(az "
       "keyvault show --name shop-kv --query id --output tsv)\"; or, if it has access policies: az "
       "keyvault set-policy --name shop-kv --object-id me --secret-permissions get list"},
      {[&](SecretSeen& s) { s.versions = std::unexpected(refused); }, Level::notice,
       "list of its versions is not permitted: the sweep reads its value", "/secrets/db\""},
      {[](SecretSeen& s) {
         s.versions = std::unexpected(error(Failure::absent, "SecretNotFound"));
       },
       Level::failure, "shop-kv/db does not exist, or was deleted",
       "az keyvault secret recover --vault-name shop-kv --name db"},
      {[](SecretSeen& s) { s.versions->clear(); }, Level::failure, "does not exist", ""},
      {[](SecretSeen& s) { s.name.version = cloud::azure::test::version('9'); }, Level::failure,
       "shop-kv/db/99999999999999999999999999999999 does not exist", ""},
      {newest([](Attributes& a) { a.enabled = false; }), Level::warning, "shop-kv/db is disabled",
       "az keyvault secret set-attributes --vault-name shop-kv --name db --enabled true"},
      {newest([](Attributes& a) { a.expires = 1000; }), Level::warning, "shop-kv/db has expired",
       "--expires"},
      {newest([](Attributes& a) { a.not_before = 1001; }), Level::warning,
       "shop-kv/db is not valid yet", "--not-before"},
      {newest([](Attributes& a) { a.expires = 1001; }), Level::good, "1 of 1 secret can be seen",
       ""},
      // What the service says of a disabled one is no missing right.
      {[](SecretSeen& s) { s.read = error(Failure::refused, cloud::kSourceDisabled); }, Level::good,
       "get is permitted on 1 of 1 secret", ""},
  };
  for (const auto& row : rows) {
    auto one = secret({listed('1', 1)});
    row.change(one);
    const auto findings = judge_vault(seen_vault(one), identity(), now);
    const auto* const found = find(findings, row.level, row.says);
    ASSERT_NE(found, nullptr) << row.says << "\n" << all(findings);
    EXPECT_THAT(found->remedy, HasSubstr(row.remedy));
    EXPECT_EQ(healthy(findings), row.level != Level::failure) << all(findings);
  }
}

TEST(JudgeVault, APinnedVersionIsTheOneThatIsMeant) {
  auto one = secret({listed('1', 1), listed('2', 2)});
  one.versions->at(1).attributes.enabled = false;
  one.name.version = cloud::azure::test::version('1');
  EXPECT_EQ(find(judge_vault(seen_vault(one), identity(), now), Level::warning, ""), nullptr);
}

TEST(JudgeVault, ARightThatAFewLackIsGrantedOnThem) {
  std::vector<SecretSeen> secrets(6, secret({listed('1', 1)}));
  for (std::size_t i = 0; i < 5; ++i) {
    secrets[i].name.secret = fmt::format("s{}", i);
    secrets[i].read = error(Failure::refused, "Forbidden");
  }
  const auto findings = judge_vault(seen_vault(secrets), identity(), now);
  const auto* const first = find(findings, Level::failure, "shop-kv/s0: get is not permitted");
  ASSERT_NE(first, nullptr) << all(findings);
  EXPECT_THAT(first->remedy, HasSubstr("/secrets/s0\""));
  EXPECT_EQ(find(findings, Level::failure, "shop-kv/s3"), nullptr);
  EXPECT_NE(find(findings, Level::failure, "and 2 more: get is not permitted"), nullptr);
  EXPECT_NE(find(findings, Level::good, "get is permitted on 1 of 6 secrets"), nullptr);
}

TEST(JudgeVault, WhatIsWrongWithTheVaultIsSaidOnce) {
  struct Row {
    base::Error error;
    std::string_view remedy;
  };
  const Row rows[] = {
      {error(Failure::refused, "ForbiddenByFirewall"),
       "az keyvault network-rule add --name shop-kv"},
      {error(Failure::refused, "ForbiddenByConnection"), "private endpoint"},
      {error(Failure::credentials, "WrongTenant"), "the vault's tenant must know"},
      {error(Failure::transient, "Timeout"), "az keyvault show --name shop-kv"},
      {error(Failure::throttled, "Throttled"), "run this again in a minute"},
  };
  for (const auto& row : rows) {
    auto one = secret({listed('1', 1)});
    one.read = row.error;
    auto other = secret({});
    other.versions = std::unexpected(row.error);
    for (const auto& seen : {one, other}) {
      const auto findings =
          judge_vault(seen_vault(std::vector<SecretSeen>(2, seen)), identity(), now);
      ASSERT_EQ(findings.size(), 1U) << all(findings);
      EXPECT_EQ(findings.at(0).level, Level::failure);
      EXPECT_EQ(findings.at(0).area, "vault");
      EXPECT_THAT(findings.at(0).remedy, HasSubstr(row.remedy));
    }
  }
  auto away = seen_vault(secret({}));
  away.unreachable = error(Failure::transient, "CannotResolve");
  const auto findings = judge_vault(away, identity(), now);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings.at(0).what, HasSubstr("shop-kv: CannotResolve"));
}

TEST(JudgeVault, TheTenant) {
  struct Row {
    std::string option;
    std::string tenant;
    bool managed;
    Level level;
    std::string_view says;
  };
  const Row rows[] = {
      {"", home, false, Level::good, "reachable, of tenant"},
      {home, home, false, Level::good, "reachable, of tenant"},
      {"contoso.com", abroad, false, Level::notice, "tokens are asked for in the vault's"},
      {abroad, home, false, Level::failure, "but spec.cloudProviderOptions.azureTenantID is"},
      {"", abroad, false, Level::notice, "tokens are asked for in the vault's"},
      {"", abroad, true, Level::failure, "a managed identity gets tokens of its own tenant only"},
  };
  for (const auto& row : rows) {
    auto seen = seen_vault(secret({listed('1', 1)}));
    seen.tenant = row.option;
    seen.challenge->tenant = row.tenant;
    auto who = identity();
    who.managed = row.managed;
    const auto findings = judge_vault(seen, who, now);
    EXPECT_EQ(findings.at(0).level, row.level) << all(findings);
    EXPECT_THAT(findings.at(0).what, HasSubstr(row.says));
  }
}

class LookAtSecrets : public testing::Test, protected cloud::azure::test::Bench {};

TEST_F(LookAtSecrets, ReadsNoValue) {
  static const support::Strings files = {{"/token", "x"}};
  const support::Strings env = {
      {"AZURE_TENANT_ID", home}, {"AZURE_CLIENT_ID", "app"}, {"AZURE_CLIENT_SECRET", "hunter2"}};
  auto settings = cloud::azure::load_settings(support::env_of(env), support::files_of(files));
  support::ScriptedHttp api;
  cloud::azure::Cloud cloud(std::move(*settings), api, http, http, clock, log, metrics);
  api.reply(200, R"({"access_token":"a","expires_in":3600,"token_type":"Bearer"})")
      .reply(404, cloud::azure::test::error_body("SecretNotFound"))
      .reply(200, cloud::azure::test::page({{"db/" + cloud::azure::test::version('1')}}));
  auto seen = seen_vault(secret({}));
  support::run(look_at_secrets(cloud, seen));
  EXPECT_EQ(seen.secrets.at(0).read.failure, Failure::absent);
  ASSERT_TRUE(seen.secrets.at(0).versions);
  EXPECT_EQ(seen.secrets.at(0).versions->size(), 1U);
  EXPECT_EQ(api.seen.at(1).url,
            "https://shop-kv.vault.azure.net/secrets/db/00000000000000000000000000000000"
            "?api-version=7.4");
  EXPECT_EQ(api.seen.at(2).url,
            "https://shop-kv.vault.azure.net/secrets/db/versions?api-version=7.4");
}

}  // namespace
}  // namespace edsm::cli
