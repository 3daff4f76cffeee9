// What `edsm migrate` makes of ExternalSecrets and of Reloader's annotations.

#include "cli/commands/migration.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/commands/reloader.hpp"
#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

constexpr std::string_view kStore = R"(
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: aws, namespace: shop}
spec: {provider: {aws: {service: SecretsManager, region: eu-west-1}}}
---
)";

/// Of these manifests, beside a SecretStore "aws" in namespace shop.
Migration migrated(std::string_view yaml) {
  Manifests manifests;
  const auto added = manifests.add_text(std::string(kStore) + std::string(yaml), "test");
  EXPECT_TRUE(added) << added.error().text;
  return migrate(manifests, "", true);
}

/// Of an ExternalSecret shop/db with this spec (in YAML's flow style, without the store).
Migration of_spec(std::string_view spec, std::string_view version = "v1") {
  return migrated(fmt::format(
      "apiVersion: external-secrets.io/{}\nkind: ExternalSecret\nmetadata: {{name: db, namespace: "
      "shop}}\nspec: {{secretStoreRef: {{name: aws}}, {}}}\n",
      version, spec));
}

/// The lines behind "spec:" of the one EventDrivenSecret, joined by spaces.
std::string spec_of(const Migration& migration) {
  const auto at = migration.text.find("\nspec:\n");
  if (at == std::string::npos) return migration.text;
  std::string words;
  bool blank = false;
  for (const char c : migration.text.substr(at + 7)) {
    blank = blank || c == ' ' || c == '\n';
    if (c == ' ' || c == '\n') continue;
    if (std::exchange(blank, false) && !words.empty()) words += ' ';
    words += c;
  }
  return words;
}

const std::string kUsual =
    "cloudProvider: aws cloudProviderOptions: region: eu-west-1 secretPath: prod/db "
    "targetSecretName: db ";

TEST(Migrate, TheWholeText) {
  EXPECT_EQ(of_spec("target: {name: database}, dataFrom: [{extract: {key: prod/db}}]").text, R"(---
# From ExternalSecret shop/db
apiVersion: secrets.edsm.io/v1alpha1
kind: EventDrivenSecret
metadata:
  name: db
  namespace: shop
spec:
  cloudProvider: aws
  cloudProviderOptions:
    region: eu-west-1
  secretPath: prod/db
  targetSecretName: database
  format: JSON
)");
}

TEST(Migrate, WhatIsCarriedOverWhole) {
  const std::pair<std::string_view, std::string> rows[] = {
      {"dataFrom: [{extract: {key: prod/db}}]", "format: JSON"},
      {"refreshInterval: 1h, dataFrom: [{extract: {key: prod/db, version: AWSCURRENT, "
       "decodingStrategy: None, conversionStrategy: Default, metadataPolicy: None}}]",
       "format: JSON"},
      {"data: [{secretKey: a, remoteRef: {key: prod/db, property: a}}, "
       "{secretKey: B, remoteRef: {key: prod/db, property: x.y}}]",
       "data: - secretKey: B property: x.y - secretKey: a"},
      {"data: [{secretKey: file, remoteRef: {key: prod/db}}]", "format: Binary rawKey: file"},
      {"target: {template: {data: {URL: '{{ .a }}'}}}, "
       "data: [{secretKey: a, remoteRef: {key: prod/db, property: p}}]",
       "data: - secretKey: URL property: p"},
      {"target: {template: {mergePolicy: Merge, data: {URL: '{{.a | toString}}'}}}, "
       "data: [{secretKey: a, remoteRef: {key: prod/db, property: p}}]",
       "data: - secretKey: URL property: p - secretKey: a property: p"},
      {"target: {template: {data: {pem: '{{ .cert }}'}}}, dataFrom: [{extract: {key: prod/db}}]",
       "format: JSON data: - secretKey: pem property: cert"},
      {"target: {creationPolicy: Orphan, deletionPolicy: Retain, template: {type: "
       "kubernetes.io/tls, metadata: {labels: {team: 'yes'}, annotations: {a/b: 'c d'}}}}, "
       "dataFrom: [{extract: {key: prod/db}}]",
       "format: JSON target: type: kubernetes.io/tls labels: team: \"yes\" annotations: a/b: "
       "\"c d\" creationPolicy: Orphan"},
      {"target: {creationPolicy: Merge}, dataFrom: [{extract: {key: prod/db}}]",
       "format: JSON target: creationPolicy: Merge"},
  };
  for (const auto& [spec, wanted] : rows) {
    for (const auto* const version : {"v1", "v1beta1"}) {
      const auto migration = of_spec(spec, version);
      EXPECT_EQ(migration.lost, 0U) << migration.text;
      EXPECT_EQ(migration.made, 1U) << spec;
      EXPECT_EQ(spec_of(migration), kUsual + wanted) << spec;
    }
  }
}

TEST(Migrate, WhatIsLostIsNamed) {
  const std::string read = ", dataFrom: [{extract: {key: prod/db}}]";
  const std::pair<std::string, std::string_view> rows[] = {
      {"refreshInterval: 0" + read, "refreshInterval 0, read once"},
      {"refreshInterval: 0s" + read, "refreshInterval 0, read once"},
      {"refreshPolicy: CreatedOnce" + read, "refreshPolicy CreatedOnce"},
      {"target: {immutable: true}" + read, "target.immutable"},
      {"target: {deletionPolicy: Merge}" + read, "target.deletionPolicy Merge"},
      {"target: {creationPolicy: Merge, deletionPolicy: Delete}" + read,
       "target.deletionPolicy Delete"},
      {"target: {template: {metadata: {labels: {a: '{{ .x }}'}}}}" + read, "label a"},
      {"dataFrom: [{extract: {key: prod/db, conversionStrategy: Unicode}}]",
       "conversionStrategy Unicode"},
  };
  for (const auto& [spec, words] : rows) {
    const auto migration = of_spec(spec);
    EXPECT_EQ(migration.made, 1U) << spec;
    EXPECT_EQ(migration.lost, 1U) << migration.text;
    EXPECT_NE(migration.text.find(fmt::format("\n#   lost: {}", words)), std::string::npos)
        << migration.text;
  }
}

TEST(Migrate, WhatWouldBeAnotherSecretIsNotCarriedOver) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"data: []", "it reads nothing"},
      {"dataFrom: [{find: {name: {regexp: x}}}]", "dataFrom.find"},
      {"dataFrom: [{sourceRef: {generatorRef: {kind: Password, name: x}}}]", "a generator"},
      {"dataFrom: [{extract: {key: a}}, {extract: {key: b}}]", "2 cloud secrets"},
      {"dataFrom: [{extract: {key: a}, rewrite: [{regexp: {source: x, target: y}}]}]", "rewrite"},
      {"dataFrom: [{extract: {key: a, property: b}}]", "the members of b"},
      {"dataFrom: [{extract: {key: a, version: AWSPREVIOUS}}]", "version AWSPREVIOUS"},
      {"dataFrom: [{extract: {key: a, decodingStrategy: Base64}}]", "decodes by Base64"},
      {"dataFrom: [{extract: {key: a, metadataPolicy: Fetch}}]", "tags"},
      {"dataFrom: [{sourceRef: {storeRef: {name: other}}, extract: {key: a}}]", "store of its own"},
      {"dataFrom: [{extract: {key: a}}], data: [{secretKey: b, remoteRef: {key: a, property: c}}]",
       "a whole value and parts"},
      {"data: [{secretKey: b, remoteRef: {key: a, property: 'x.#.y'}}]", "property x.#.y"},
      {"data: [{secretKey: b, remoteRef: {key: a, property: 'x.0'}}]", "property x.0"},
      {"data: [{secretKey: b, sourceRef: {storeRef: {name: other}}, remoteRef: {key: a}}]",
       "store of its own"},
      {"target: {creationPolicy: None}, dataFrom: [{extract: {key: a}}]", "creationPolicy None"},
      {"target: {template: {data: {u: 'pg://{{ .a }}'}}}, dataFrom: [{extract: {key: a}}]",
       "target.template.data u"},
      {"target: {template: {templateFrom: [{literal: x}]}}, dataFrom: [{extract: {key: a}}]",
       "templateFrom"},
      {"target: {template: {mergePolicy: Merge, data: {u: '{{ .a }}'}}}, "
       "dataFrom: [{extract: {key: a}}]",
       "adds keys"},
  };
  for (const auto& [spec, words] : rows) {
    const auto migration = of_spec(spec);
    EXPECT_EQ(migration.made, 0U) << migration.text;
    EXPECT_EQ(migration.lost, 1U) << migration.text;
    EXPECT_TRUE(migration.text.starts_with("# ExternalSecret shop/db is not carried over:\n"));
    EXPECT_NE(migration.text.find(words), std::string::npos) << migration.text;
    EXPECT_EQ(migration.text.find("\napiVersion"), std::string::npos);
  }
}

/// A store in the place of "aws", and an ExternalSecret that reads from it.
Migration of_store(std::string_view kind, std::string_view spec) {
  return migrated(fmt::format(R"(
apiVersion: external-secrets.io/v1
kind: {0}
metadata: {{name: other, namespace: shop}}
spec: {1}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: db, namespace: shop}}
spec: {{secretStoreRef: {{name: other, kind: {0}}}, dataFrom: [{{extract: {{key: db}}}}]}}
)",
                              kind, spec));
}

TEST(Migrate, VersionsOfGoogleCloudArePartsOfThePath) {
  const auto of_google = [](std::string_view reads) {
    return migrated(fmt::format(R"(
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {{name: google, namespace: shop}}
spec: {{provider: {{gcpsm: {{projectID: shop-1}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: db, namespace: shop}}
spec: {{secretStoreRef: {{name: google}}, {}}}
)",
                                reads));
  };
  const std::string all = "cloudProvider: gcp cloudProviderOptions: gcpProjectID: shop-1 ";
  EXPECT_EQ(spec_of(of_google("dataFrom: [{extract: {key: db, version: '7'}}]")),
            all + "secretPath: db/versions/7 targetSecretName: db format: JSON");
  EXPECT_EQ(spec_of(of_google("dataFrom: [{extract: {key: db, version: latest}}]")),
            all + "secretPath: db targetSecretName: db format: JSON");
  const auto two = of_google(
      "data: [{secretKey: a, remoteRef: {key: db, property: a}}, "
      "{secretKey: b, remoteRef: {key: db, property: b, version: '7'}}]");
  EXPECT_EQ(two.made, 0U);
  EXPECT_TRUE(two.text.contains("it reads 2 cloud secrets into one Secret (db, db/versions/7)"));
}

TEST(Migrate, Stores) {
  struct Row {
    std::string_view kind;
    std::string_view spec;
    std::size_t made;
    std::size_t lost;
    std::string_view says;
  };
  const Row rows[] = {
      {"ClusterSecretStore", "{provider: {aws: {region: us-east-1}}}", 1, 0, "region: us-east-1"},
      {"SecretStore", "{provider: {aws: {region: us-east-1, prefix: prod/}}}", 1, 0,
       "secretPath: prod/db"},
      {"SecretStore", "{provider: {aws: {region: r, role: 'arn:x', auth: {}}}}", 1, 1,
       "SecretStore other: role, auth: EDSM reads with an identity of its own"},
      {"SecretStore", "{provider: {aws: {region: r, auth: {jwt: {}}}}}", 1, 1,
       "SecretStore other: auth: EDSM reads with an identity of its own"},
      {"ClusterSecretStore", "{conditions: [{}], provider: {aws: {region: r}}}", 1, 1,
       "conditions"},
      {"SecretStore", "{provider: {aws: {service: ParameterStore, region: r}}}", 0, 1,
       "reads ParameterStore"},
      {"SecretStore", "{provider: {vault: {}}}", 0, 1, "is of none of AWS, Google Cloud and Azure"},
      {"SecretStore", "{provider: {gcpsm: {projectID: shop-1}}}", 1, 0,
       "cloudProvider: gcp\n  cloudProviderOptions:\n    gcpProjectID: shop-1\n  secretPath: db\n"},
      {"ClusterSecretStore", "{provider: {gcpsm: {projectID: shop-1, location: europe-west3}}}", 1,
       0, "gcpProjectID: shop-1\n    region: europe-west3\n"},
      {"SecretStore", "{provider: {gcpsm: {projectID: p, auth: {workloadIdentity: {}}}}}", 1, 1,
       "SecretStore other: auth: EDSM reads with one identity"},
      {"SecretStore",
       "{provider: {gcpsm: {projectID: p, secretVersionSelectionPolicy: LatestOrFetch}}}", 1, 1,
       "SecretStore other: LatestOrFetch"},
  };
  for (const auto& row : rows) {
    const auto migration = of_store(row.kind, row.spec);
    EXPECT_EQ(migration.made, row.made) << migration.text;
    EXPECT_EQ(migration.lost, row.lost) << migration.text;
    EXPECT_NE(migration.text.find(row.says), std::string::npos) << migration.text;
  }
  const auto none = migrated(
      "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: db, namespace: "
      "other}\nspec: {secretStoreRef: {name: aws}, dataFrom: [{extract: {key: a}}]}");
  EXPECT_NE(none.text.find("SecretStore aws is not among what was read"), std::string::npos);
}

TEST(Migrate, TheRoleOfAStoreIsTheRoleOfTheBinding) {
  const auto migration = of_store("SecretStore",
                                  "{provider: {aws: {region: r, role: "
                                  "'arn:aws:iam::123456789012:role/shop', externalID: a/b}}}");
  EXPECT_EQ(migration.lost, 0U) << migration.text;
  for (const std::string_view part :
       {"#   roleARN needs a SecretAccessPolicy that lists the role and db for namespace shop, "
        "tenancy audit or enforce, and the role's trust in that of EDSM\n",
        "  cloudProviderOptions:\n    region: r\n"
        "    roleARN: \"arn:aws:iam::123456789012:role/shop\"\n    externalID: a/b\n  "
        "secretPath"}) {
    EXPECT_NE(migration.text.find(part), std::string::npos) << migration.text;
  }
}

TEST(Migrate, ASecretHasOneWriter) {
  const auto migration = migrated(R"(
apiVersion: v1
kind: List
items:
- {apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a, namespace: shop},
   spec: {secretStoreRef: {name: aws}, target: {name: t}, dataFrom: [{extract: {key: a}}]}}
- {apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: b, namespace: shop},
   spec: {secretStoreRef: {name: aws}, target: {name: t}, dataFrom: [{extract: {key: b}}]}}
- {apiVersion: external-secrets.io/v1, kind: PushSecret, metadata: {name: p, namespace: shop}}
)");
  EXPECT_EQ(migration.made, 1U);
  EXPECT_EQ(migration.lost, 2U) << migration.text;
  EXPECT_NE(migration.text.find("EventDrivenSecret a writes Secret t already"), std::string::npos);
  EXPECT_NE(migration.text.find("PushSecret shop/p is not carried over"), std::string::npos);
}

TEST(Migrate, LabelsWithoutATemplateAreTheExternalSecretsOwn) {
  const auto migration = migrated(R"(
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: db
  namespace: shop
  labels: {team: a}
  annotations: {kubectl.kubernetes.io/last-applied-configuration: x, reloader.stakater.com/match: "true"}
spec: {secretStoreRef: {name: aws}, dataFrom: [{extract: {key: prod/db}}]}
)");
  EXPECT_EQ(spec_of(migration),
            kUsual +
                "format: JSON target: labels: team: a annotations: reloader.stakater.com/match: "
                "\"true\"");
}

TEST(Migrate, HostileNamesStayInTheirLine) {
  const auto migration = migrated(
      "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: \"a\\nkind: "
      "x\", namespace: shop}, spec: {secretStoreRef: {name: aws}, dataFrom: [{extract: {key: "
      "\"k\\n---\"}}]}}");
  EXPECT_EQ(migration.made, 0U);
  EXPECT_EQ(migration.text.find("\nkind"), std::string::npos) << migration.text;
  const auto quoted = of_spec("dataFrom: [{extract: {key: \"a: b\\n- c\"}}]");
  EXPECT_NE(quoted.text.find("secretPath: \"a: b"), std::string::npos) << quoted.text;
  EXPECT_EQ(quoted.text.find("\n- c"), std::string::npos) << quoted.text;
}

/// A Deployment shop/api with these annotations, that names the Secrets db and mail and ConfigMap
/// settings.
std::string deployment(std::string_view annotations, std::string_view kind = "Deployment") {
  return fmt::format(R"(
---
apiVersion: apps/v1
kind: {}
metadata: {{name: api, namespace: shop, annotations: {{{}}}}}
spec:
  template:
    spec:
      initContainers: [{{env: [{{name: A, valueFrom: {{secretKeyRef: {{name: db, key: a}}}}}}]}}]
      containers: [{{envFrom: [{{configMapRef: {{name: settings}}}}]}}]
      volumes: [{{projected: {{sources: [{{secret: {{name: mail}}}}]}}}}]
)",
                     kind, annotations);
}

TEST(Migrate, Reloader) {
  struct Row {
    std::string_view annotations;
    std::size_t lost;
    std::string_view says;
  };
  const Row rows[] = {
      {"secret.reloader.stakater.com/reload: 'db, mail'", 0,
       "#   kubectl annotate --overwrite Deployment api --namespace shop "
       "eventdrivensecretsmanaged='[\"db\",\"mail\"]' secret.reloader.stakater.com/reload-\n"},
      {"secret.reloader.stakater.com/auto: 'true'", 0, "'[\"db\",\"mail\"]'"},
      {"secret.reloader.stakater.com/auto: 'true', secrets.exclude.reloader.stakater.com/reload: "
       "mail",
       0, "'[\"db\"]' secret.reloader.stakater.com/auto- "},
      {"reloader.stakater.com/auto: 'true'", 1, "lost: ConfigMaps (settings)"},
      {"reloader.stakater.com/search: 'true'", 0, "'[\"mail\"]'"},
      {"secret.reloader.stakater.com/reload: 'db,strange'", 1,
       "lost: Secret strange: no EventDrivenSecret writes it"},
      {"secret.reloader.stakater.com/reload: 'db.*'", 1, "lost: Secret db.*"},
      {"configmap.reloader.stakater.com/reload: settings", 1,
       "lost: configmap.reloader.stakater.com/reload: settings"},
      {"secret.reloader.stakater.com/reload: db, eventdrivensecretsmanaged: '[\"mail\"]'", 0,
       "'[\"db\",\"mail\"]'"},
  };
  for (const auto& row : rows) {
    const auto migration = migrated(R"(
{apiVersion: secrets.edsm.io/v1alpha1, kind: EventDrivenSecret, metadata: {name: mail, namespace: shop},
 spec: {targetSecretName: mail, target: {annotations: {reloader.stakater.com/match: "true"}}}}
---
{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: db, namespace: shop},
 spec: {secretStoreRef: {name: aws}, dataFrom: [{extract: {key: prod/db}}]}}
)" + deployment(row.annotations));
    EXPECT_EQ(migration.lost, row.lost) << migration.text;
    EXPECT_NE(migration.text.find(row.says), std::string::npos) << migration.text;
  }
}

TEST(Migrate, ReloaderOnOtherKindsAndNone) {
  EXPECT_NE(migrated(deployment("secret.reloader.stakater.com/reload: db", "CronJob"))
                .text.find("lost: EDSM restarts Deployments"),
            std::string::npos);
  EXPECT_EQ(migrated(deployment("a: b")).text, "");
}

TEST(Migrate, ASearchWhoseSecretsCannotBeReadIsLost) {
  Manifests manifests;
  ASSERT_TRUE(manifests.add_text(deployment("reloader.stakater.com/search: 'true'"), "test"));
  const auto migration = migrate(manifests, "", false);
  EXPECT_EQ(migration.lost, 1U) << migration.text;
  EXPECT_EQ(migration.workloads, 0U);
}

}  // namespace
}  // namespace edsm::cli
