#include "cloud/azure/names.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace edsm::cloud::azure {
namespace {

const std::string version = "0123456789abcdef0123456789ABCDEF";
const std::string lower_version = "0123456789abcdef0123456789abcdef";

TEST(AzureVault, ByNameOrUrl) {
  const Hosts& china = *find_cloud("AzureChinaCloud");
  struct Row {
    std::string text;
    const Hosts& hosts;
    std::string vault;  ///< empty: none
  };
  const Row rows[] = {
      {"shop-kv", public_cloud(), "shop-kv"},
      {"Shop-KV", public_cloud(), "shop-kv"},
      {"https://shop-kv.vault.azure.net", public_cloud(), "shop-kv"},
      {"https://shop-kv.vault.azure.net/", public_cloud(), "shop-kv"},
      {"HTTPS://Shop-kv.Vault.Azure.NET:443/", public_cloud(), "shop-kv"},
      {"https://shop-kv.vault.azure.cn/", china, "shop-kv"},
      {std::string(24, 'a'), public_cloud(), std::string(24, 'a')},

      {"https://shop-kv.vault.azure.cn/", public_cloud(), ""},
      {"https://shop-kv.vault.azure.net/", china, ""},
      {"http://shop-kv.vault.azure.net/", public_cloud(), ""},
      {"https://shop-kv.vault.azure.net:8443/", public_cloud(), ""},
      {"https://shop-kv.vault.azure.net/secrets", public_cloud(), ""},
      {"https://shop-kv.vault.azure.net/?a=b", public_cloud(), ""},
      {"https://vault.azure.net/", public_cloud(), ""},
      {"https://.vault.azure.net/", public_cloud(), ""},
      {"https://a.b.vault.azure.net/", public_cloud(), ""},
      {"https://evilvault.azure.net/", public_cloud(), ""},
      {"https://shop-kv.vault.azure.net.evil.example/", public_cloud(), ""},
      {"https://evil.example/shop-kv.vault.azure.net", public_cloud(), ""},
      {"https://user@shop-kv.vault.azure.net/", public_cloud(), ""},
      {"shop-kv.vault.azure.net", public_cloud(), ""},
      {std::string(25, 'a'), public_cloud(), ""},
      {"ab", public_cloud(), ""},
      {"1abc", public_cloud(), ""},
      {"abc-", public_cloud(), ""},
      {"a--b", public_cloud(), ""},
      {"a/b", public_cloud(), ""},
      {"", public_cloud(), ""},
  };
  for (const auto& [text, hosts, vault] : rows)
    EXPECT_EQ(parse_vault(text, hosts).value_or(""), vault) << text;
  EXPECT_EQ(vault_host("shop-kv", china), "shop-kv.vault.azure.cn");
}

std::string shown(const std::optional<SecretName>& name) {
  if (!name) return "none";
  return fmt::format("{}:{}:{}", name->vault, name->secret, name->version);
}

TEST(AzureSecret, ByShortName) {
  const std::pair<std::string, std::string> rows[] = {
      {"db", ":db:"},
      {"DB-Password-1", ":db-password-1:"},
      {"db/" + version, ":db:" + lower_version},
      {std::string(127, 'a'), ":" + std::string(127, 'a') + ":"},
      {std::string(128, 'a'), "none"},
      {"", "none"},
      {"a_b", "none"},
      {"a b", "none"},
      {"a.b", "none"},
      {"../keys", "none"},
      {"db/", "none"},
      {"db/current", "none"},
      {"db/" + version + "0", "none"},
      {"db/" + version + "/", "none"},
      {"secrets/db", "none"},
  };
  for (const auto& [text, name] : rows) EXPECT_EQ(shown(parse_short_name(text)), name) << text;
}

TEST(AzureSecret, ByUrl) {
  const std::string vault = "https://shop-kv.vault.azure.net";
  const std::pair<std::string, std::string> rows[] = {
      {vault + "/secrets/db", "shop-kv:db:"},
      {"https://SHOP-kv.vault.azure.net:443/secrets/DB/" + version, "shop-kv:db:" + lower_version},
      {vault + "/secrets/db/", "none"},
      {vault + "/keys/db", "none"},
      {vault + "/certificates/db", "none"},
      {vault + "/secrets/db/versions", "none"},
      {vault + "/secrets/db?api-version=7.4", "none"},
      {vault + "/secrets/", "none"},
      {vault + ":444/secrets/db", "none"},
      {"http://shop-kv.vault.azure.net/secrets/db", "none"},
      {"https://shop-kv.vault.azure.cn/secrets/db", "none"},
      {"https://evil.example/secrets/db", "none"},
  };
  for (const auto& [text, name] : rows)
    EXPECT_EQ(shown(parse_secret_url(text, public_cloud())), name) << text;
}

TEST(AzureObject, WhatEventsAndRecordsName) {
  const std::string vault = "https://shop-kv.vault.azure.net";
  const std::pair<std::string, std::string> rows[] = {
      {vault + "/secrets/db/" + version, "secrets shop-kv:db:" + lower_version},
      {vault + "/certificates/tls/" + version, "certificates shop-kv:tls:" + lower_version},
      {vault + "/secrets/db?api-version=7.4", "secrets shop-kv:db:"},
      {vault + "/secrets/db/versions?api-version=7.4", "secrets shop-kv:db:"},
      {vault + "/deletedsecrets/db/recover?api-version=7.4", "deletedsecrets shop-kv:db:"},
      {"https://k-v.vault.azure.cn/secrets/db", "secrets k-v:db:"},
      {"https://k-v.vault.usgovcloudapi.net/secrets/db/", "secrets k-v:db:"},
      {vault + "/keys/db/" + version, "none"},
      {vault + "/secrets", "none"},
      {vault + "/", "none"},
      {"https://evil.example/secrets/db", "none"},
      {"db", "none"},
      {"https://shop-kv.vault.azure.net/secrets/" + std::string(4000, 'a'), "none"},
  };
  for (const auto& [text, object] : rows) {
    const auto found = parse_object_url(text);
    EXPECT_EQ(found ? found->kind + " " + shown(found->name) : "none", object) << text;
  }
}

TEST(AzureTenant, IsAnIdOrADomain) {
  for (const std::string_view good :
       {"72f988bf-86f1-41af-91ab-2d7cd011db47", "contoso.onmicrosoft.com", "common"})
    EXPECT_TRUE(valid_tenant(good)) << good;
  for (const std::string_view bad :
       {"", ".", "..", "a/b", "a..b", "-a", "a?b", "a#b", "a%2fb", "a b", "a\nb"})
    EXPECT_FALSE(valid_tenant(bad)) << bad;
}

}  // namespace
}  // namespace edsm::cloud::azure
