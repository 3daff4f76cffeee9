#include "cloud/azure/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_environment.hpp"

namespace edsm::cloud::azure {
namespace {

using support::Strings;
using testing::HasSubstr;

const std::string queue = "https://shop.servicebus.windows.net/edsm-events";

base::Result<Settings> load(const Strings& env) {
  static const Strings files;
  return load_settings(support::env_of(env), support::files_of(files));
}

TEST(LoadAzureSettings, ErrorsNameTheVariable) {
  struct Row {
    Strings env;
    std::string_view code;
    std::string_view remedy;
  };
  const Row rows[] = {
      {{{"AZURE_CLOUD", "AzureMoon"}}, "InvalidCloud", "AZURE_CLOUD"},
      {{{"AZURE_KEY_VAULT_URL", "https://evil.example"}}, "InvalidVault", "AZURE_KEY_VAULT_URL"},
      {{{"AZURE_KEY_VAULT_URL", "https://shop-kv.vault.azure.cn"}}, "InvalidVault", "AZURE_CLOUD"},
      {{{"AZURE_KEY_VAULT_API_VERSION", "7.4&x=y"}},
       "InvalidApiVersion",
       "AZURE_KEY_VAULT_API_VERSION"},
      {{{"AZURE_KEY_VAULT_API_VERSION", "latest"}}, "InvalidApiVersion", "leave it unset"},
      {{{"AZURE_KEY_VAULT_ENDPOINT", "vault:8443"}}, "InvalidEndpoint", "AZURE_KEY_VAULT_ENDPOINT"},
      {{{"AZURE_KEY_VAULT_ENDPOINT", "https://vault.example/path"}},
       "InvalidEndpoint",
       "AZURE_KEY_VAULT_ENDPOINT"},
      {{{"AZURE_KEY_VAULT_ENDPOINT", "http://vault.example"}},
       "InvalidEndpoint",
       "must begin with https://"},
      {{{"AZURE_SERVICEBUS_QUEUE_URL", "edsm-events"}},
       "InvalidQueueUrl",
       "AZURE_SERVICEBUS_QUEUE_URL"},
  };
  for (const auto& [env, code, remedy] : rows) {
    const auto settings = load(env);
    ASSERT_FALSE(settings) << code;
    EXPECT_EQ(settings.error().code, code);
    EXPECT_EQ(settings.error().failure, base::Failure::invalid);
    EXPECT_THAT(settings.error().text, HasSubstr(std::string(remedy)));
  }
}

TEST(LoadAzureSettings, WithoutAnyVariableItIsThePublicCloud) {
  const auto settings = load({});
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_TRUE(settings->queues.empty());
  EXPECT_EQ(settings->vault, "");
  EXPECT_EQ(settings->api_version, "7.4");
  EXPECT_EQ(settings->hosts, &public_cloud());
  EXPECT_EQ(vault_origin(*settings, "shop-kv"), "https://shop-kv.vault.azure.net");
}

TEST(LoadAzureSettings, WhatIsSetCounts) {
  const auto settings = load({{"AZURE_CLOUD", "AzureUSGovernment"},
                              {"AZURE_KEY_VAULT_URL", "https://Shop-kv.vault.usgovcloudapi.net/"},
                              {"AZURE_KEY_VAULT_API_VERSION", "2025-07-01"},
                              {"AZURE_CA_BUNDLE", "/ca.pem"}});
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_EQ(settings->vault, "shop-kv");
  EXPECT_EQ(settings->api_version, "2025-07-01");
  EXPECT_EQ(settings->ca_bundle, "/ca.pem");
  EXPECT_EQ(vault_origin(*settings, "shop-kv"), "https://shop-kv.vault.usgovcloudapi.net");
  const auto emulated = load({{"AZURE_KEY_VAULT_ENDPOINT", "http://127.0.0.1:8443/"}});
  ASSERT_TRUE(emulated);
  EXPECT_EQ(vault_origin(*emulated, "shop-kv"), "http://127.0.0.1:8443");
}

TEST(LoadAzureSettings, OnlyWhoWantsEventsHearsOfWrongCredentialsAtOnce) {
  // A secret without the application that it is of.
  const Strings wrong = {{"AZURE_CLIENT_SECRET", "hunter2"}};
  const auto settings = load(wrong);
  ASSERT_TRUE(settings);
  ASSERT_FALSE(settings->credentials);
  auto with_queue = wrong;
  with_queue["AZURE_SERVICEBUS_QUEUE_URL"] = queue;
  const auto refused = load(with_queue);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, settings->credentials.error().code);
  EXPECT_THAT(refused.error().text, testing::Not(HasSubstr("hunter2")));

  with_queue["AZURE_SERVICEBUS_CONNECTION_STRING"] =
      "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=edsm;SharedAccessKey=a2V5";
  EXPECT_TRUE(load(with_queue)) << "a key needs no identity";
  const auto with_identity = load({{"AZURE_SERVICEBUS_QUEUE_URL", queue}});
  ASSERT_TRUE(with_identity) << with_identity.error().text;
  EXPECT_EQ(with_identity->queues.size(), 1U);
}

}  // namespace
}  // namespace edsm::cloud::azure
