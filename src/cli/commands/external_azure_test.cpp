// What `edsm migrate` makes of ExternalSecrets that read Azure's Key Vault.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/commands/migration.hpp"

namespace edsm::cli {
namespace {

/// Of an ExternalSecret shop/db with what it reads, by a store "azure" with this provider (both in
/// YAML's flow style).
Migration migrated(std::string_view azurekv, std::string_view reads) {
  Manifests manifests;
  const auto added = manifests.add_text(fmt::format(R"(
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {{name: azure, namespace: shop}}
spec: {{provider: {{azurekv: {{{}}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: db, namespace: shop}}
spec: {{secretStoreRef: {{name: azure}}, {}}}
)",
                                                    azurekv, reads),
                                        "test");
  EXPECT_TRUE(added) << added.error().text;
  return migrate(manifests, "", true);
}

const std::string store = "authType: WorkloadIdentity, vaultUrl: 'https://shop-kv.vault.azure.net'";
const std::string reads = "dataFrom: [{extract: {key: db}}]";

TEST(MigrateAzure, TheWholeText) {
  EXPECT_EQ(migrated(store, reads).text, R"(---
# From ExternalSecret shop/db
#   lost: SecretStore azure: authType WorkloadIdentity: EDSM reads with one identity of its own, by workload identity as a rule, which must be allowed to read db
apiVersion: secrets.edsm.io/v1alpha1
kind: EventDrivenSecret
metadata:
  name: db
  namespace: shop
spec:
  cloudProvider: azure
  cloudProviderOptions:
    azureVaultURL: "https://shop-kv.vault.azure.net"
  secretPath: db
  targetSecretName: db
  format: JSON
)");
}

TEST(MigrateAzure, Stores) {
  struct Row {
    std::string_view azurekv;
    std::size_t made;
    std::size_t lost;
    std::string_view says;
  };
  const Row rows[] = {
      {"authType: WorkloadIdentity, vaultUrl: 'https://shop-kv.vault.azure.net/'", 1, 1,
       "azureVaultURL: \"https://shop-kv.vault.azure.net\"\n"},
      {"vaultUrl: 'https://shop-kv.vault.azure.net', tenantId: "
       "72f988bf-86f1-41af-91ab-2d7cd011db47",
       1, 1, "azureTenantID: \"72f988bf-86f1-41af-91ab-2d7cd011db47\"\n"},
      {"vaultUrl: 'https://shop-kv.vault.azure.net'", 1, 1,
       "SecretStore azure: authType ServicePrincipal: EDSM reads with one identity of its own"},
      {"vaultUrl: 'https://shop-kv.vault.usgovcloudapi.net', environmentType: USGovernmentCloud", 1,
       2, "environmentType USGovernmentCloud: set AZURE_CLOUD"},
      {"vaultUrl: 'https://shop.example.com'", 0, 1,
       "its vaultUrl is no vault of Azure: \"https://shop.example.com\""},
      {"authType: ManagedIdentity", 0, 1, "its vaultUrl is no vault of Azure: \"\""},
  };
  for (const auto& row : rows) {
    const auto migration = migrated(row.azurekv, reads);
    EXPECT_EQ(migration.made, row.made) << migration.text;
    EXPECT_EQ(migration.lost, row.lost) << migration.text;
    EXPECT_TRUE(migration.text.contains(row.says)) << migration.text;
  }
}

TEST(MigrateAzure, PathsAreNamesAndPerhapsVersions) {
  const std::string version = "52a4e2dd19bf4fc8a9b4d3a3a6e3d1c5";
  const std::pair<std::string, std::string> rows[] = {
      {"dataFrom: [{extract: {key: db}}]", "secretPath: db\n"},
      {"data: [{secretKey: p, remoteRef: {key: secret/db}}]", "secretPath: db\n"},
      {"dataFrom: [{extract: {key: secret/db, version: " + version + "}}]",
       "secretPath: db/" + version + "\n"},
      {"data: [{secretKey: p, remoteRef: {key: db, property: x}}]", "property: x\n"},
  };
  for (const auto& [spec, words] : rows) {
    const auto migration = migrated(store, spec);
    EXPECT_EQ(migration.made, 1U) << migration.text;
    EXPECT_TRUE(migration.text.contains(words)) << migration.text;
  }
}

TEST(MigrateAzure, OnlySecretsAreCarriedOver) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"key: key/db", "key/db is no secret: EDSM reads no keys and no certificates"},
      {"key: cert/db", "cert/db is no secret: EDSM reads no keys and no certificates"},
      {"key: prod_db", "prod_db is no name of a secret of Key Vault"},
      {"key: db, version: '7'", "db/7 is no name of a secret of Key Vault"},
      {"key: ''", "it does not say which cloud secret it reads"},
  };
  for (const auto& [reference, words] : rows) {
    const auto migration =
        migrated(store, fmt::format("data: [{{secretKey: p, remoteRef: {{{}}}}}]", reference));
    EXPECT_EQ(migration.made, 0U) << migration.text;
    EXPECT_TRUE(migration.text.contains(words)) << migration.text;
  }
}

}  // namespace
}  // namespace edsm::cli
