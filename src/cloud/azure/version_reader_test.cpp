// The sweep: which calls it makes, and what it makes of their answers.

#include "cloud/azure/version_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using test::error_body;
using test::Item;
using test::item;
using test::page;
using test::version;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class VaultSweepTest : public testing::Test, protected test::Bench {
 protected:
  /// The versions, or the codes of errors, of secrets of the vault.
  std::vector<std::string> read(const std::vector<std::string>& paths) {
    std::vector<SecretName> names;
    for (const auto& path : paths) {
      names.push_back(parse_short_name(path).value());
      names.back().vault = "shop-kv";
    }
    std::vector<std::string> result;
    for (const auto& found : support::run(reader.read(std::move(names))))
      result.push_back(found ? *found : found.error().code);
    EXPECT_TRUE(http.exhausted());
    return result;
  }
  /// Secrets "s0" to "s<count - 1>" with one version each, which are read once.
  std::vector<std::string> known(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
      names.push_back(fmt::format("s{}", i));
      http.reply(200, page({{names.back() + "/" + version('1')}}));
    }
    EXPECT_THAT(read(names), Each(version('1')));
    calls();
    return names;
  }
  /// The vault's list of those secrets, as they were read.
  static std::vector<Item> listed(const std::vector<std::string>& names) {
    std::vector<Item> items;
    for (const auto& name : names) items.push_back({name});
    return items;
  }

  std::unique_ptr<KeyVault> calls_ = vault();
  VersionReader reader{*calls_, clock, log};
};

TEST_F(VaultSweepTest, AtFirstTheVersionsOfEachSecretAreListed) {
  http.reply(200, page({{"a/" + version('1'), 5}, {"a/" + version('2'), 9}, {"a/" + version('3')}}))
      .reply(404, error_body("SecretNotFound"))
      .reply(200, page({{"c/" + version('1'), 5}, {"c/" + version('2'), 9, 9, false}}));
  EXPECT_THAT(read({"a", "b", "c"}), ElementsAre(version('2'), "SecretNotFound", kSourceDisabled));
  EXPECT_THAT(calls(),
              ElementsAre("/secrets/a/versions", "/secrets/b/versions", "/secrets/c/versions"));
}

TEST_F(VaultSweepTest, WhatIsNotThereIsAbsentAndWhatIsDisabledIsRefused) {
  http.reply(404, error_body("SecretNotFound"))
      .reply(200, page({{"b/" + version('1'), 5, 5, false}}));
  const auto results = support::run(reader.read({{"shop-kv", "a", ""}, {"shop-kv", "b", ""}}));
  EXPECT_EQ(results.at(0).error().failure, Failure::absent);
  EXPECT_EQ(results.at(1).error().failure, Failure::refused);
}

TEST_F(VaultSweepTest, APinnedVersionIsLookedForAmongAll) {
  const auto all = page(
      {{"a/" + version('1'), 5}, {"a/" + version('2'), 9}, {"a/" + version('3'), 1, 1, false}});
  http.reply(200, all).reply(404, error_body("SecretNotFound"));
  EXPECT_THAT(read({"a", "a/" + version('1'), "a/" + version('3'), "a/" + version('4')}),
              ElementsAre(version('2'), version('1'), kSourceDisabled, "SecretNotFound"))
      << "one list for all of a secret; what is not in it is asked for by its name";
  EXPECT_THAT(calls(), ElementsAre("/secrets/a/versions", "/secrets/a/" + version('4')));
}

TEST_F(VaultSweepTest, VersionsStandOnSeveralPages) {
  const std::string next =
      "https://shop-kv.vault.azure.net:443/secrets/a/versions?api-version=7.4&$skiptoken=x";
  http.reply(200, page({{"a/" + version('1'), 5}}, next))
      .reply(200, page({{"a/" + version('2'), 4}}));
  EXPECT_THAT(read({"a"}), ElementsAre(version('1')));
  EXPECT_EQ(http.seen.at(1).url,
            "https://shop-kv.vault.azure.net/secrets/a/versions?api-version=7.4&$skiptoken=x");
}

TEST_F(VaultSweepTest, ALinkThatLeadsElsewhereIsNotFollowed) {
  const std::string rows[] = {
      "https://evil.example/secrets/a/versions",
      "https://other-kv.vault.azure.net/secrets/a/versions",
      "https://shop-kv.vault.azure.net:8443/secrets/a/versions",
      "http://shop-kv.vault.azure.net/secrets/a/versions",
      "https://shop-kv.vault.azure.net/keys",
      "/secrets/a/versions",
  };
  for (const auto& link : rows) {
    http.seen.clear();
    http.reply(200, page({{"a/" + version('1')}}, link));
    EXPECT_THAT(read({"a"}), ElementsAre("MalformedAnswer")) << link;
    EXPECT_EQ(http.seen.size(), 1U);
  }
}

TEST_F(VaultSweepTest, OfTwoVersionsOfOneSecondOnlyAReadTells) {
  http.reply(200, page({{"a/" + version('1'), 5}, {"a/" + version('2'), 5}}))
      .reply(200, item({"a/" + version('2'), 5}, R"("value":"hunter2",)"));
  EXPECT_THAT(read({"a"}), ElementsAre(version('2')));
  EXPECT_THAT(calls(), ElementsAre("/secrets/a/versions", "/secrets/a"));
  EXPECT_THAT(logged(), Not(HasSubstr("hunter2")));
}

TEST_F(VaultSweepTest, VeryManyVersionsAreNotListed) {
  const std::string next = "https://shop-kv.vault.azure.net/secrets/a/versions?$skiptoken=x";
  for (int i = 0; i < 20; ++i) http.reply(200, page({{"a/" + version('1'), 5}}, next));
  http.reply(200, item({"a/" + version('2'), 5}, R"("value":"v",)"));
  EXPECT_THAT(read({"a"}), ElementsAre(version('2')));
}

TEST_F(VaultSweepTest, ThenTheVaultIsListed) {
  const auto names = known(5);
  http.reply(200, page(listed(names)));
  EXPECT_THAT(read(names), Each(version('1')));
  EXPECT_THAT(calls(), ElementsAre("/secrets"));
}

TEST_F(VaultSweepTest, OfWhatHasChangedTheVersionsAreListed) {
  const auto names = known(8);
  auto items = listed(names);
  items[1].created = items[1].updated = 7;  // a new version
  items[2].updated = 7;                     // an attribute
  items[3].enabled = false;
  items[3].updated = 7;
  items.erase(items.begin() + 4);  // deleted
  items.push_back({"new"});        // nobody's
  http.reply(200, page(items))
      .reply(200, page({{"s1/" + version('1')}, {"s1/" + version('2'), 7, 7}}))
      .reply(200, page({{"s2/" + version('1'), 1, 7}}))
      .reply(404, error_body("SecretNotFound"));
  const auto one = version('1');
  EXPECT_THAT(read(names), ElementsAre(one, version('2'), one, kSourceDisabled, "SecretNotFound",
                                       one, one, one));
  EXPECT_THAT(calls(), ElementsAre("/secrets", "/secrets/s1/versions", "/secrets/s2/versions",
                                   "/secrets/s4/versions"));

  // What came back is found, as is what was learned.
  items = listed(names);
  items[1].created = items[1].updated = 7;
  items[2].updated = 7;
  items[3].updated = 8;
  items[4].updated = 8;
  http.reply(200, page(items))
      .reply(200, page({{"s3/" + version('1'), 1, 8}}))
      .reply(200, page({{"s4/" + version('1'), 1, 8}}));
  EXPECT_THAT(read(names), ElementsAre(one, version('2'), one, one, one, one, one, one));
}

TEST_F(VaultSweepTest, TheListHasPagesOfTwentyFive) {
  const auto names = known(30);
  const auto items = listed(names);
  const std::string next = "https://shop-kv.vault.azure.net/secrets?api-version=7.4&$skiptoken=x";
  http.reply(200, page({items.begin(), items.begin() + 25}, next))
      .reply(200, page({items.begin() + 25, items.end()}));
  EXPECT_THAT(read(names), Each(version('1')));
  EXPECT_THAT(calls(), ElementsAre("/secrets", "/secrets"));
}

TEST_F(VaultSweepTest, AListThatIsLongerThanWhatIsSoughtIsLeft) {
  const auto names = known(5);
  const std::string next = "https://shop-kv.vault.azure.net/secrets?$skiptoken=x";
  for (int i = 0; i < 5; ++i) http.reply(200, page({{"foreign"}}, next));
  for (const auto& name : names) http.reply(200, page({{name + "/" + version('1')}}));
  EXPECT_THAT(read(names), Each(version('1')));
}

TEST_F(VaultSweepTest, AListThatFailsIsNoHindrance) {
  const auto names = known(4);
  for (int i = 0; i < 3; ++i) http.reply(503);
  for (const auto& name : names) http.reply(200, page({{name + "/" + version('1')}}));
  EXPECT_THAT(read(names), Each(version('1')));
}

TEST_F(VaultSweepTest, WhoMayNotListTheVaultAsksForEachAndSaysSoOnce) {
  const auto names = known(4);
  for (int round = 0; round < 2; ++round) {
    if (round == 0) http.reply(403, error_body("Forbidden", "ForbiddenByRbac"));
    for (const auto& name : names) http.reply(200, page({{name + "/" + version('1')}}));
    EXPECT_THAT(read(names), Each(version('1')));
  }
  clock.advance(std::chrono::hours(1));  // permissions are given without a restart
  http.reply(200, page(listed(names)));
  EXPECT_THAT(read(names), Each(version('1')));
  const auto text = logged();
  const auto first = text.find("Grant the role Key Vault Reader");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("Grant the role Key Vault Reader", first + 1), std::string::npos);
}

TEST_F(VaultSweepTest, WhoMayListNothingReadsValues) {
  const std::string value = item({"a/" + version('1')}, R"("value":"hunter2",)");
  http.reply(403, error_body("Forbidden")).reply(200, value);
  EXPECT_THAT(read({"a"}), ElementsAre(version('1')));
  http.reply(200, value);
  EXPECT_THAT(read({"a"}), ElementsAre(version('1')));
  EXPECT_THAT(calls(), ElementsAre("/secrets/a/versions", "/secrets/a", "/secrets/a"));
  clock.advance(std::chrono::hours(1));
  http.reply(200, page({{"a/" + version('1')}}));
  EXPECT_THAT(read({"a"}), ElementsAre(version('1')));
  EXPECT_THAT(logged(), Not(HasSubstr("hunter2")));
}

TEST_F(VaultSweepTest, ARefusalOfOneSecretSaysNothingAboutOthers) {
  http.reply(403, error_body("Forbidden")).reply(403, error_body("Forbidden"));
  EXPECT_THAT(read({"a"}), ElementsAre("Forbidden"));
  http.reply(200, page({{"b/" + version('2')}}));
  EXPECT_THAT(read({"b"}), ElementsAre(version('2')));
}

TEST_F(VaultSweepTest, WhatWasReadAsAValueIsKnown) {
  const auto names = known(4);
  Reading reading;
  reading.value.version = version('2');
  reading.attributes.created = reading.attributes.updated = 7;
  reader.learn({"shop-kv", "s0", ""}, reading);
  reading.value.version = version('9');
  reader.learn({"shop-kv", "s1", version('9')}, reading);  // pinned: not the current one
  auto items = listed(names);
  items[0].created = items[0].updated = 7;
  http.reply(200, page(items));
  const auto one = version('1');
  EXPECT_THAT(read(names), ElementsAre(version('2'), one, one, one));
}

TEST_F(VaultSweepTest, ManyAreReadAtAQuarterOfTheLimit) {
  known(1000);
  EXPECT_GE(clock.slept(), base::Duration(std::chrono::seconds(7)));
  EXPECT_LE(clock.slept(), base::Duration(std::chrono::seconds(9)));
}

}  // namespace
}  // namespace edsm::cloud::azure
