#include "cloud/azure/challenge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edsm::cloud::azure {
namespace {

const std::string host = "shop-kv.vault.azure.net";
const std::string tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const std::string login = "https://login.microsoftonline.com/" + tenant;
const std::string vault_scope = "https://vault.azure.net/.default";

/// "tenant scope", or the error's code.
std::string read(const std::string& header, const std::string& of = host,
                 const Hosts& hosts = public_cloud()) {
  const auto challenge = read_challenge(header, of, hosts);
  if (challenge) return challenge->tenant + " " + challenge->scope;
  EXPECT_EQ(challenge.error().failure, base::Failure::credentials);
  return challenge.error().code;
}
std::string challenge(const std::string& authority, const std::string& resource) {
  return "Bearer authorization=\"" + authority + "\", resource=\"" + resource + "\"";
}

TEST(VaultChallenge, InItsSpellings) {
  const std::string good = tenant + " " + vault_scope;
  const std::string rows[] = {
      challenge(login, "https://vault.azure.net"),
      challenge(login + "/", "https://vault.azure.net/"),
      "bearer authorization_uri=\"" + login + "/oauth2/token\",scope=\"" + vault_scope + "\"",
      "Bearer  error=\"invalid_token\", authorization=\"" + login +
          "\",  resource=\"https://vault.azure.net\"",
      "Bearer authorization=" + login + ", resource=https://vault.azure.net",
      "Bearer resource = \"https://Vault.Azure.Net\" , authorization= \"" + login + "\"",
  };
  for (const auto& header : rows) EXPECT_EQ(read(header), good) << header;
  EXPECT_EQ(read(challenge("https://login.chinacloudapi.cn/" + tenant, "https://vault.azure.cn"),
                 "shop-kv.vault.azure.cn", *find_cloud("AzureChinaCloud")),
            tenant + " https://vault.azure.cn/.default");
}

TEST(VaultChallenge, ATokenForSomebodyElseIsNotAskedFor) {
  const std::string rows[] = {
      challenge(login, "https://management.azure.com"),
      challenge(login, "https://storage.azure.net"),
      challenge(login, "https://shop-kv.vault.azure.net"),  // the host itself is not below it
      challenge(login, "https://ault.azure.net"),
      challenge(login, "https://vault.azure.cn"),
      challenge("https://evil.example/" + tenant, "https://vault.azure.net"),
      challenge("https://login.microsoftonline.com.evil.example/" + tenant,
                "https://vault.azure.net"),
      challenge("https://login.chinacloudapi.cn/" + tenant, "https://vault.azure.net"),
      "Bearer authorization=\"" + login + "\", resource=\"https://vault.azure.net\", scope=\"" +
          "https://management.azure.com/.default\"",
  };
  for (const auto& header : rows) EXPECT_EQ(read(header), "UntrustedChallenge") << header;
}

TEST(VaultChallenge, WhatIsNone) {
  const std::string rows[] = {
      "",
      "Bearer",
      "Basic realm=\"vault\"",
      "BearerX authorization=\"" + login + "\", resource=\"https://vault.azure.net\"",
      "Bearer nothing",
      "Bearer resource=\"https://vault.azure.net\"",
      "Bearer authorization=\"" + login + "\"",
      challenge("http://login.microsoftonline.com/" + tenant, "https://vault.azure.net"),
      challenge(login, "http://vault.azure.net"),
      challenge(login, "vault.azure.net"),
      challenge(login, "https://vault.azure.net/other"),
      challenge("https://login.microsoftonline.com/", "https://vault.azure.net"),
      challenge("https://login.microsoftonline.com/..", "https://vault.azure.net"),
      challenge("https://login.microsoftonline.com:444/" + tenant, "https://vault.azure.net"),
      "Bearer authorization=\"" + login,
      "Bearer " + std::string(5000, 'a') + "=b",
  };
  for (const auto& header : rows) EXPECT_EQ(read(header), "InvalidChallenge") << header;
}

}  // namespace
}  // namespace edsm::cloud::azure
