#include "cloud/azure/hosts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_environment.hpp"

namespace edsm::cloud::azure {
namespace {

using support::Strings;

/// The cloud's name, or the error's code.
std::string load(const Strings& env) {
  const auto hosts = load_hosts(support::env_of(env));
  if (hosts) return std::string((*hosts)->name);
  EXPECT_EQ(hosts.error().failure, base::Failure::invalid);
  EXPECT_THAT(hosts.error().text, testing::HasSubstr("AZURE_CLOUD"));
  return hosts.error().code;
}

TEST(AzureHosts, EachCloudHasItsOwn) {
  struct Row {
    Strings env;
    std::string cloud;
  };
  const Row rows[] = {
      {{}, "AzurePublicCloud"},
      {{{"AZURE_CLOUD", ""}}, "AzurePublicCloud"},
      {{{"AZURE_CLOUD", "AzureCloud"}}, "AzurePublicCloud"},
      {{{"AZURE_CLOUD", "azureusgovernment"}}, "AzureUSGovernment"},
      {{{"AZURE_CLOUD", "AzureUSGovernmentCloud"}}, "AzureUSGovernment"},
      {{{"AZURE_CLOUD", "AzureChina"}}, "AzureChinaCloud"},
      {{{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"}}, "AzureUSGovernment"},
      {{{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"}}, "AzurePublicCloud"},
      {{{"AZURE_AUTHORITY_HOST", "https://adfs.example"}}, "AzurePublicCloud"},
      {{{"AZURE_AUTHORITY_HOST", "https://adfs.example"}, {"AZURE_CLOUD", "AzureChinaCloud"}},
       "AzureChinaCloud"},
      {{{"AZURE_CLOUD", "AzureGermanCloud"}}, "InvalidCloud"},
      {{{"AZURE_CLOUD", "AzureCloud"}, {"AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn"}},
       "ConflictingClouds"},
  };
  for (const auto& [env, cloud] : rows) EXPECT_EQ(load(env), cloud);
}

TEST(AzureHosts, TokensAreAskedForByScope) {
  EXPECT_EQ(public_cloud().vault_scope(), "https://vault.azure.net/.default");
  EXPECT_EQ(find_cloud("AzureChinaCloud")->vault_scope(), "https://vault.azure.cn/.default");
}

}  // namespace
}  // namespace edsm::cloud::azure
