#include "cloud/azure/auth/auth_settings.hpp"

#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/azure_auth_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using auth::ClientSource;
using auth::ManagedSource;
using support::Strings;
using testing::HasSubstr;
using testing::Not;

class LoadAuth : public testing::Test, protected test::AuthBench {
 protected:
  LoadAuth() {
    const support::ClientCertificate certificate;
    files = {{"/token", "a.b.c"}, {"/cert.pem", certificate.pem() + certificate.key_pem()}};
  }
  /// What was chosen, in one line, or the error's text.
  std::string choose() {
    const auto settings = load();
    if (!settings) {
      EXPECT_EQ(settings.error().failure, base::Failure::invalid);
      EXPECT_EQ(settings.error().code, "InvalidAzureSettings");
      EXPECT_THAT(settings.error().text, Not(HasSubstr("hunter2")));
      return settings.error().text;
    }
    if (const auto* const machine = std::get_if<ManagedSource>(&settings->source))
      return fmt::format("{} [{}] from {}", machine->url, machine->client_id, settings->origin);
    const auto& client = std::get<ClientSource>(settings->source);
    return fmt::format("{}/{} {} by {} from {}", client.authority, client.tenant, client.client_id,
                       client.proof.index(), settings->origin);
  }
};

TEST_F(LoadAuth, Order) {
  variables = {{"AZURE_TENANT_ID", "contoso.onmicrosoft.com"},
               {"AZURE_CLIENT_ID", "app"},
               {"AZURE_CLIENT_SECRET", "hunter2"},
               {"AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem"},
               {"AZURE_FEDERATED_TOKEN_FILE", "/token"},
               {"IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token/"},
               {"IDENTITY_HEADER", "hunter2"},
               {"AZURE_AUTHORITY_HOST", ""}};
  const std::string who = "https://login.microsoftonline.com/contoso.onmicrosoft.com app by ";
  EXPECT_EQ(choose(), who + "0 from AZURE_CLIENT_SECRET");
  variables.erase("AZURE_CLIENT_SECRET");
  EXPECT_EQ(choose(), who + "1 from AZURE_CLIENT_CERTIFICATE_PATH=/cert.pem");
  variables["AZURE_CLIENT_CERTIFICATE_PATH"] = "";
  EXPECT_EQ(choose(), who + "2 from AZURE_FEDERATED_TOKEN_FILE=/token");
  variables.erase("AZURE_FEDERATED_TOKEN_FILE");
  EXPECT_EQ(choose(),
            "http://127.0.0.1:41741/msi/token [app] from "
            "IDENTITY_ENDPOINT=http://127.0.0.1:41741/msi/token");
  variables.erase("IDENTITY_ENDPOINT");
  variables.erase("IDENTITY_HEADER");
  EXPECT_EQ(choose(),
            "http://169.254.169.254/metadata/identity/oauth2/token [app] from "
            "http://169.254.169.254");
  variables = {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:8080/"}};
  EXPECT_EQ(choose(),
            "http://127.0.0.1:8080/metadata/identity/oauth2/token [] from http://127.0.0.1:8080");
}

TEST_F(LoadAuth, TheAuthorityIsThatOfTheCloudOrWhatIsSaid) {
  client({{"AZURE_FEDERATED_TOKEN_FILE", "/token"}});
  const auto authority = [&](const Hosts& hosts) {
    const auto settings = load_auth(env, read, hosts);
    return settings ? std::get<ClientSource>(settings->source).authority : settings.error().text;
  };
  EXPECT_EQ(authority(*find_cloud("AzureChinaCloud")), "https://login.chinacloudapi.cn");
  variables["AZURE_AUTHORITY_HOST"] = "https://login.microsoftonline.us/";
  EXPECT_EQ(authority(*find_cloud("AzureUSGovernment")), "https://login.microsoftonline.us");
  variables["AZURE_AUTHORITY_HOST"] = "https://login.stack.example:8443";
  EXPECT_EQ(authority(public_cloud()), "https://login.stack.example:8443");
  for (const std::string_view bad :
       {"login.microsoftonline.com", "http://login.microsoftonline.com", "http://127.0.0.1",
        "https://login.microsoftonline.com/tenant", "https://login.microsoftonline.com/?x=y"}) {
    variables["AZURE_AUTHORITY_HOST"] = bad;
    EXPECT_THAT(authority(public_cloud()), HasSubstr("AZURE_AUTHORITY_HOST is no URL")) << bad;
  }
}

TEST_F(LoadAuth, WhatIsWrongIsNeverPassedOver) {
  const support::ClientCertificate certificate;
  files["/alone.pem"] = certificate.pem();
  const std::string t(test::tenant);
  struct Row {
    Strings variables;
    std::string_view says;
  };
  const std::vector<Row> rows = {
      {{{"AZURE_CLIENT_SECRET", "hunter2"}, {"AZURE_CLIENT_ID", "a"}},
       "AZURE_CLIENT_SECRET is set, but not AZURE_TENANT_ID; set it beside"},
      {{{"AZURE_CLIENT_SECRET", "hunter2"}, {"AZURE_TENANT_ID", t}},
       "AZURE_CLIENT_SECRET is set, but not AZURE_CLIENT_ID"},
      {{{"AZURE_CLIENT_SECRET", "hunter2"}, {"AZURE_TENANT_ID", "a/b"}, {"AZURE_CLIENT_ID", "a"}},
       "AZURE_TENANT_ID is no tenant"},
      {{{"AZURE_CLIENT_SECRET", "hunter2"}, {"AZURE_TENANT_ID", ".."}, {"AZURE_CLIENT_ID", "a"}},
       "AZURE_TENANT_ID is no tenant"},
      {{{"AZURE_CLIENT_CERTIFICATE_PATH", "/no.pem"}},
       "AZURE_CLIENT_CERTIFICATE_PATH: /no.pem does not exist; is the Secret"},
      {{{"AZURE_CLIENT_CERTIFICATE_PATH", "/alone.pem"}},
       "AZURE_CLIENT_CERTIFICATE_PATH=/alone.pem: it has no private key in PEM"},
      {{{"AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem"}},
       "AZURE_CLIENT_CERTIFICATE_PATH is set, but not AZURE_TENANT_ID"},
      {{{"AZURE_FEDERATED_TOKEN_FILE", "/no"}},
       "AZURE_FEDERATED_TOKEN_FILE: /no does not exist; the pod needs the label "
       "azure.workload.identity/use: \"true\""},
      {{{"AZURE_FEDERATED_TOKEN_FILE", "/token"}, {"AZURE_TENANT_ID", t}},
       "AZURE_FEDERATED_TOKEN_FILE is set, but not AZURE_CLIENT_ID; annotate the ServiceAccount"},
      {{{"IDENTITY_ENDPOINT", "http://127.0.0.1/"}},
       "IDENTITY_ENDPOINT is set, but not IDENTITY_HEADER"},
      {{{"IDENTITY_HEADER", "hunter2"}}, "IDENTITY_HEADER is set, but not IDENTITY_ENDPOINT"},
      {{{"IDENTITY_ENDPOINT", "localhost"}, {"IDENTITY_HEADER", "hunter2"}},
       "IDENTITY_ENDPOINT is no URL"},
      {{{"IDENTITY_ENDPOINT", "http://localhost"}, {"IDENTITY_HEADER", "hunter2\r\nX: y"}},
       "IDENTITY_HEADER can be no header"},
      {{{"IDENTITY_ENDPOINT", "http://localhost"}, {"IMDS_ENDPOINT", "http://localhost"}},
       "Azure Arc or Service Fabric, which is not supported"},
      {{{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "127.0.0.1"}},
       "AZURE_POD_IDENTITY_AUTHORITY_HOST is no URL"},
  };
  for (const auto& [given, says] : rows) {
    variables = given;
    EXPECT_THAT(choose(), HasSubstr(std::string(says)));
  }
}

}  // namespace
}  // namespace edsm::cloud::azure
