#include "cloud/azure/provider.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using test::error_body;
using test::item;
using test::version;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string vault_url = "https://shop-kv.vault.azure.net";
const std::string tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";

class KeyVaultTest : public testing::Test, protected test::Bench {
 protected:
  std::unique_ptr<KeyVaultProvider> make(std::string default_vault,
                                         const Hosts& hosts = public_cloud()) {
    return std::make_unique<KeyVaultProvider>(
        std::move(default_vault), hosts,
        [this](const std::string& name, const std::string& of) {
          made.push_back(name + " " + of);
          return vault(name, of);
        },
        clock, log);
  }
  std::string resolve(const SecretQuery& query, std::string default_vault = "",
                      const Hosts& hosts = public_cloud()) {
    const auto source = make(std::move(default_vault), hosts)->resolve(query);
    if (source) return source->scope.str() + " " + source->id.str();
    EXPECT_EQ(source.error().failure, Failure::invalid);
    return source.error().code;
  }
  static std::vector<Source> sources(const std::vector<std::string>& paths) {
    std::vector<Source> result;
    for (const auto& path : paths) result.push_back({"azure/shop-kv/" + path, "azure/shop-kv"});
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
  const base::Error& error() { return values.front().error(); }

  std::vector<std::string> made;
  std::unique_ptr<KeyVaultProvider> provider = make("");
  std::vector<base::Result<Value>> values;
};

std::string answer(const std::string& name, char digit, std::string_view value,
                   std::string_view more = "") {
  return item({name + "/" + version(digit)}, fmt::format(R"("value":"{}",{})", value, more));
}

TEST_F(KeyVaultTest, Resolve) {
  struct Row {
    std::string path;
    std::map<std::string, std::string> options;
    std::string own;  ///< the controller's vault
    std::string result;
  };
  const std::string full = vault_url + "/secrets/db";
  const Row rows[] = {
      {"db", {{"azureVaultURL", vault_url}}, "", "azure/shop-kv azure/shop-kv/db"},
      {"db", {{"azureVaultURL", vault_url + "/"}}, "own-kv", "azure/shop-kv azure/shop-kv/db"},
      {"DB", {{"azureVaultURL", "Shop-KV"}}, "", "azure/shop-kv azure/shop-kv/db"},
      {"db", {}, "own-kv", "azure/own-kv azure/own-kv/db"},
      {"db",
       {{"azureVaultURL", ""}, {"azureTenantID", ""}},
       "own-kv",
       "azure/own-kv azure/own-kv/db"},
      {"db/" + version('A'), {}, "own-kv", "azure/own-kv azure/own-kv/db/" + version('a')},
      {full, {}, "own-kv", "azure/shop-kv azure/shop-kv/db"},
      {full + "/" + version('7'), {}, "", "azure/shop-kv azure/shop-kv/db/" + version('7')},
      {full, {{"azureVaultURL", "shop-kv"}}, "", "azure/shop-kv azure/shop-kv/db"},
      {"db",
       {{"azureTenantID", "72F988BF-86f1-41af-91ab-2d7cd011db47"}},
       "own-kv",
       "azure/own-kv@" + tenant + " azure/own-kv@" + tenant + "/db"},
      {"db", {{"region", "westeurope"}}, "own-kv", "azure/own-kv azure/own-kv/db"},

      {"", {}, "own-kv", "EmptyPath"},
      {"a_b", {}, "own-kv", "InvalidName"},
      {"prod/db", {}, "own-kv", "InvalidName"},
      {"db/latest", {}, "own-kv", "InvalidName"},
      {vault_url + "/keys/db", {}, "own-kv", "InvalidName"},
      {"https://shop-kv.vault.azure.cn/secrets/db", {}, "own-kv", "InvalidName"},
      {"https://evil.example/secrets/db", {}, "own-kv", "InvalidName"},
      {std::string(128, 'a'), {}, "own-kv", "InvalidName"},
      {"db", {}, "", "MissingVault"},
      {"db", {{"azureVaultURL", "https://evil.example"}}, "own-kv", "InvalidVault"},
      {"db", {{"azureVaultURL", "http://shop-kv.vault.azure.net"}}, "own-kv", "InvalidVault"},
      {full, {{"azureVaultURL", "bank-kv"}}, "", "VaultMismatch"},
      {"db", {{"azureTenantID", "a/b"}}, "own-kv", "InvalidTenant"},
      {"db", {{"azureTenantID", "a@b"}}, "own-kv", "InvalidTenant"},
      {"db", {{"roleARN", "arn:aws:iam::111122223333:role/shop"}}, "own-kv", "InvalidRole"},
      {"db", {{"externalID", "x1"}}, "own-kv", "InvalidRole"},
  };
  for (const auto& [path, options, own, result] : rows)
    EXPECT_EQ(resolve({path, options}, own), result) << path;
  const Hosts& china = *find_cloud("AzureChinaCloud");
  EXPECT_EQ(resolve({"https://shop-kv.vault.azure.cn/secrets/db", {}}, "", china),
            "azure/shop-kv azure/shop-kv/db");
  EXPECT_EQ(resolve({full, {}}, "", china), "InvalidName");
}

TEST_F(KeyVaultTest, PlaceAndMatchKeys) {
  const Source pinned{"azure/shop-kv@" + tenant + "/db/" + version('7'), "azure/shop-kv@" + tenant};
  auto place = provider->place(pinned);
  EXPECT_EQ(place.region, "global");
  EXPECT_EQ(place.account, "shop-kv");
  EXPECT_THAT(place.names, ElementsAre("db"));
  EXPECT_THAT(provider->match_keys(pinned),
              ElementsAre("azure/shop-kv/db/" + version('7'), "azure/shop-kv/db/*"));
  EXPECT_THAT(provider->match_keys(sources({"db"}).front()),
              ElementsAre("azure/shop-kv/db/current", "azure/shop-kv/db/*"));
  EXPECT_EQ(provider->name(), "azure");
}

TEST_F(KeyVaultTest, EveryVersionIsReadUnderItsName) {
  http.reply(200, answer("db", '4', "hunter2"));
  EXPECT_THAT(fetch({"db"}), ElementsAre(version('4') + " hunter2"));
  EXPECT_EQ(values.front()->form, Form::text);
  EXPECT_THAT(calls(), ElementsAre("/secrets/db"));
  http.reply(200, answer("db", '3', "v")).reply(200, answer("Other", '2', ""));
  EXPECT_THAT(fetch({"db/" + version('3'), "other"}),
              ElementsAre(version('3') + " v", version('2') + " "));
  EXPECT_THAT(calls(), ElementsAre("/secrets/db/" + version('3'), "/secrets/other"));
  EXPECT_THAT(logged(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(made, ElementsAre("shop-kv "));
}

TEST_F(KeyVaultTest, EachVaultIsAskedAsOfItsTenant) {
  http.reply(200, R"({"value":"v","id":"https://own-kv.vault.azure.net/secrets/db/)" +
                      version('1') + R"("})");
  const auto source =
      provider->resolve({"db", {{"azureVaultURL", "own-kv"}, {"azureTenantID", tenant}}});
  ASSERT_TRUE(source);
  values = support::run(provider->fetch({*source}));
  ASSERT_TRUE(values.front()) << values.front().error().text;
  EXPECT_THAT(made, ElementsAre("own-kv " + tenant));
  EXPECT_EQ(http.seen.at(0).url, "https://own-kv.vault.azure.net/secrets/db?api-version=7.4");
  EXPECT_EQ(token_of(0), "Bearer " + tenant + "-1");
}

TEST_F(KeyVaultTest, ACertificateWithItsKeyIsTheFileThatItIs) {
  const std::string pfx("\x30\x82\x01\x00\xff", 5);
  struct Row {
    std::string type;
    std::string value;
    Form form;
    std::string bytes;
  };
  const std::string base64 = base::base64(pfx);
  const std::string no_pfx = base::base64("hello");
  const Row rows[] = {
      {"application/x-pkcs12", base64, Form::binary, pfx},
      {"Application/X-PKCS12; charset=utf-8", base64, Form::binary, pfx},
      {"application/x-pkcs12", "not base64", Form::text, "not base64"},
      {"application/x-pkcs12", no_pfx, Form::text, no_pfx},
      {"application/x-pem-file", "-----BEGIN", Form::text, "-----BEGIN"},
      {"text/plain", base64, Form::text, base64},
      {"", base64, Form::text, base64},
  };
  for (const auto& [type, value, form, bytes] : rows) {
    http.reply(200, answer("tls", '1', value, fmt::format(R"("contentType":"{}",)", type)));
    fetch({"tls"});
    ASSERT_TRUE(values.front());
    EXPECT_EQ(values.front()->form, form) << type;
    EXPECT_EQ(values.front()->bytes.view(), bytes) << type;
  }
}

TEST_F(KeyVaultTest, WhatHasExpiredIsReadAllTheSame) {
  http.reply(200, R"({"value":"v","id":"https://shop-kv.vault.azure.net/secrets/db/)" +
                      version('1') + R"(","attributes":{"enabled":true,"exp":1}})");
  EXPECT_THAT(fetch({"db"}), ElementsAre(version('1') + " v"));
  EXPECT_THAT(logged(), HasSubstr("a secret has expired, and is synced all the same"));
}

TEST_F(KeyVaultTest, AnswersThatAreNone) {
  const std::string id = vault_url + "/secrets/db/" + version('1');
  const std::string rows[] = {
      "{}",
      R"({"value":"hunter2"})",
      R"({"value":"hunter2","id":"https://shop-kv.vault.azure.net/secrets/db"})",
      R"({"value":"hunter2","id":"https://shop-kv.vault.azure.net/secrets/other/)" + version('1') +
          R"("})",
      R"({"value":"hunter2","id":"https://other.vault.azure.net/secrets/db/)" + version('1') +
          R"("})",
      R"({"value":7,"id":")" + id + R"("})",
      R"({"value":null,"id":")" + id + R"("})",
      R"({"id":")" + id + R"("})",
  };
  for (const auto& body : rows) {
    http.reply(200, body);
    EXPECT_THAT(fetch({"db"}), ElementsAre("MalformedAnswer")) << body;
    EXPECT_TRUE(error().retryable());
    EXPECT_THAT(error().text, Not(HasSubstr("hunter2")));
  }
  http.reply(200, answer("db", '2', "v"));
  EXPECT_THAT(fetch({"db/" + version('1')}), ElementsAre("MalformedAnswer")) << "another version";
}

TEST_F(KeyVaultTest, RefusalsNameTheRoleAndTheSecret) {
  http.reply(403, error_body("Forbidden", "ForbiddenByRbac"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("Forbidden"));
  EXPECT_EQ(error().failure, Failure::refused);
  EXPECT_THAT(error().text, HasSubstr("the secret db of shop-kv.vault.azure.net; grant the role "
                                      "Key Vault Secrets User on shop-kv.vault.azure.net"));
  EXPECT_THAT(error().text, Not(HasSubstr("hunter2")));
  http.reply(403, error_body("Forbidden", "ForbiddenByFirewall"));
  EXPECT_THAT(fetch({"db"}), ElementsAre("ForbiddenByFirewall"));
  EXPECT_THAT(error().text, Not(HasSubstr("grant")));

  http.reply(404, error_body("SecretNotFound"));
  fetch({"db"});
  EXPECT_EQ(error().failure, Failure::absent);
  EXPECT_THAT(error().text, HasSubstr("the secret db of shop-kv.vault.azure.net does not exist"));
  http.reply(404, error_body("SecretNotFound"));
  fetch({"db/" + version('9')});
  EXPECT_THAT(error().text, HasSubstr("version " + version('9') + " of the secret db"));
}

TEST_F(KeyVaultTest, ADisabledSecretIsNoMissingRole) {
  for (const std::string_view inner : {"innererror", "innerError"}) {
    http.reply(403, fmt::format(R"({{"error":{{"code":"Forbidden","message":"x","{}":{{
        "code":"SecretDisabled"}}}}}})",
                                inner));
    EXPECT_THAT(fetch({"db"}), ElementsAre(kSourceDisabled));
    EXPECT_EQ(error().failure, Failure::refused) << "never absent: the target stays";
    EXPECT_THAT(error().text, HasSubstr("the secret db of shop-kv.vault.azure.net is disabled"));
    EXPECT_THAT(error().text, Not(HasSubstr("grant")));
  }
}

TEST_F(KeyVaultTest, NothingAskedNothingSent) {
  EXPECT_TRUE(fetch({}).empty());
  EXPECT_TRUE(support::run(provider->versions({})).empty());
  EXPECT_TRUE(http.seen.empty());
}

}  // namespace
}  // namespace edsm::cloud::azure
