"""What the API server accepts as an EventDrivenSecret and as a SecretAccessPolicy, with the CRDs as they are shipped."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bed.controlplane import ROOT, ControlPlane
from bed.kube import KubeError

NUMBERS = itertools.count()
ROLE = "arn:aws:iam::111122223333:role/shop"
KEYS = [{"secretKey": f"k{number}"} for number in range(501)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[ControlPlane]:
    with ControlPlane(controllers=False, kwok=False) as cluster:
        cluster.install([ROOT / "config/install.yaml", ROOT / "config/optional"])
        yield cluster


def create(cluster: ControlPlane, **spec: Any) -> dict[str, Any]:
    full = {"cloudProvider": "aws", "secretPath": "prod/db", "targetSecretName": "db"} | spec
    return cluster.kube.create({
        "apiVersion": "secrets.edsm.io/v1alpha1", "kind": "EventDrivenSecret",
        "metadata": {"name": f"case-{next(NUMBERS)}", "namespace": "default"},
        "spec": {name: value for name, value in full.items() if value is not None}})


@pytest.mark.parametrize("spec, field", [
    ({"cloudProvider": None}, "spec.cloudProvider"),
    ({"cloudProvider": ""}, "spec.cloudProvider"),
    ({"secretPath": None}, "spec.secretPath"),
    ({"secretPath": ""}, "spec.secretPath"),
    ({"secretPath": "a" * 2049}, "spec.secretPath"),
    ({"targetSecretName": None}, "spec.targetSecretName"),
    ({"targetSecretName": "Upper"}, "spec.targetSecretName"),
    ({"targetSecretName": "a" * 254}, "spec.targetSecretName"),
    ({"format": "YAML"}, "spec.format"),
    ({"rawKey": "a/b"}, "spec.rawKey"),
    ({"rawKey": ".."}, "spec.rawKey"),
    ({"data": [{"property": "a"}]}, "spec.data[0].secretKey"),
    ({"data": [{"secretKey": "a/b"}]}, "spec.data[0].secretKey"),
    ({"data": [{"secretKey": "..a"}]}, "spec.data[0].secretKey"),
    ({"data": [{"secretKey": "a"}, {"secretKey": "a"}]}, "spec.data[1]"),
    ({"data": KEYS}, "spec.data"),
    ({"data": KEYS[:1], "format": "Text"}, "spec.data"),
    ({"data": KEYS[:1], "format": "Binary"}, "spec.data"),
    ({"target": {"labels": {"eventdrivensecretsmanaged": "false"}}}, "spec.target.labels"),
    ({"target": {"labels": {"team": "two words"}}}, "spec.target.labels.team"),
    ({"target": {"annotations": {"secrets.edsm.io/version": "1"}}}, "spec.target.annotations"),
    ({"target": {"creationPolicy": "None"}}, "spec.target.creationPolicy"),
    *(({"cloudProviderOptions": {"roleARN": role}}, "spec.cloudProviderOptions.roleARN") for role in (
        "shop", "arn:aws:iam::111122223333:user/shop", "arn:aws:sts::111122223333:assumed-role/shop/me",
        "arn:aws:iam::1111:role/shop", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role/a b",
        "arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/" + "a" * 640)),
    *(({"cloudProviderOptions": {"roleARN": ROLE, "externalID": given}}, "spec.cloudProviderOptions.externalID")
      for given in ("x", "a b", "x" * 1225)),
    ({"cloudProviderOptions": {"externalID": "agreed-upon"}}, "spec.cloudProviderOptions"),
    *(({"cloudProvider": cloud, "secretPath": "db", "cloudProviderOptions": {"roleARN": ROLE}},
       "spec.cloudProviderOptions.roleARN") for cloud in ("gcp", "azure")),
    *(({"cloudProvider": "azure", "secretPath": "db", "cloudProviderOptions": {"azureVaultURL": vault}},
       "spec.cloudProviderOptions.azureVaultURL") for vault in ("a", "http://kv1.vault.azure.net", "https://kv1.vault.azure.net/x", "a b")),
    *(({"cloudProvider": "azure", "secretPath": "db", "cloudProviderOptions": {"azureTenantID": tenant}},
       "spec.cloudProviderOptions.azureTenantID") for tenant in ("a/b", "a@b", "-a", "a" * 254)),
    *(({"cloudProvider": "azure", "secretPath": path}, "spec.secretPath") for path in (
        "prod/db", "a_b", "db/latest", "db/" + "0" * 31, "http://kv1.vault.azure.net/secrets/db", "https://kv1.vault.azure.net/keys/db")),
    ({"target": {"creationPolicy": "Merge", "deletionPolicy": "Delete"}}, "spec.target.deletionPolicy"),
])
def test_refused(cluster: ControlPlane, spec: dict[str, Any], field: str) -> None:
    with pytest.raises(KubeError) as refusal:
        create(cluster, **spec)
    assert refusal.value.reason == "Invalid"
    assert field in str(refusal.value)


@pytest.mark.parametrize("spec", [
    {},
    {"cloudProvider": "nimbus"},  # the controller explains it
    {"secretPath": "a" * 2048},
    {"targetSecretName": "a.b-c"},
    {"data": KEYS[:500]},
    {"data": KEYS[:1], "format": "JSON"},
    {"data": [], "format": "Text"},
    {"target": {"deletionPolicy": "Delete"}},
    {"cloudProviderOptions": {"roleARN": ROLE}},
    {"cloudProviderOptions": {"roleARN": ROLE.replace("role/", "role/team/a/"), "externalID": "a_+=,.@:/-1"}},
    {"cloudProviderOptions": {"roleARN": "arn:aws-us-gov:iam::111122223333:role/x_+=,.@-"}},
    *({"cloudProvider": "azure", "secretPath": path} for path in (
        "db", "DB-1/" + "0aF1" * 8, "https://kv1.vault.azure.net/secrets/db",
        "https://kv1.vault.azure.net:443/secrets/db/" + "0" * 32)),
    *({"cloudProvider": "azure", "secretPath": "db", "cloudProviderOptions": {"azureVaultURL": vault, "azureTenantID": tenant}}
      for vault, tenant in (("kv1", ""), ("https://KV-1.vault.azure.cn/", "contoso.onmicrosoft.com"),
                            ("", "72f988bf-86f1-41af-91ab-2d7cd011db47"))),
    {"target": {"labels": {"example.org/team": ""}, "annotations": {"example.org/note": "two words"}}},
])
def test_accepted(cluster: ControlPlane, spec: dict[str, Any]) -> None:
    create(cluster, **spec)


def test_defaults(cluster: ControlPlane) -> None:
    made = create(cluster)
    assert made["spec"] == {
        "cloudProvider": "aws", "secretPath": "prod/db", "targetSecretName": "db", "format": "Auto",
        "rawKey": "value",
        "target": {"type": "Opaque", "creationPolicy": "Owner", "deletionPolicy": "Retain"}}
    assert made["status"] == {"observedGeneration": -1}


def test_target_name_may_change(cluster: ControlPlane) -> None:
    made = create(cluster)
    made["spec"]["targetSecretName"] = "other"
    assert cluster.kube.replace(made)["metadata"]["generation"] == 2


def test_field_selector(cluster: ControlPlane) -> None:
    made = create(cluster, targetSecretName="selected")
    found = cluster.kube.request(
        "GET", "/apis/secrets.edsm.io/v1alpha1/eventdrivensecrets?fieldSelector=spec.targetSecretName%3Dselected")
    assert [item["metadata"]["name"] for item in found["items"]] == [made["metadata"]["name"]]


def create_policy(cluster: ControlPlane, **spec: Any) -> dict[str, Any]:
    full = {"namespaces": {"names": ["shop"]}, "provider": "aws", "paths": ["prod/*"]} | spec
    return cluster.kube.create({
        "apiVersion": "secrets.edsm.io/v1alpha1", "kind": "SecretAccessPolicy",
        "metadata": {"name": f"case-{next(NUMBERS)}"},
        "spec": {name: value for name, value in full.items() if value is not None}})


def expressions(**expression: Any) -> dict[str, Any]:
    return {"namespaces": {"selector": {"matchExpressions": [{"key": "team"} | expression]}}}


@pytest.mark.parametrize("spec, field", [
    ({"namespaces": None}, "spec.namespaces"),
    ({"namespaces": {}}, "spec.namespaces"),
    ({"namespaces": {"names": []}}, "spec.namespaces.names"),
    ({"namespaces": {"names": ["*"]}}, "spec.namespaces.names[0]"),
    ({"namespaces": {"names": ["a", "a"]}}, "spec.namespaces.names[1]"),
    ({"namespaces": {"selector": {"matchLabels": {"team": "two words"}}}}, "spec.namespaces.selector.matchLabels.team"),
    (expressions(operator="Like", values=["a"]), "operator"),
    (expressions(operator="In"), "values"),
    (expressions(operator="NotIn", values=[]), "values"),
    (expressions(operator="Exists", values=["a"]), "values"),
    ({"provider": None}, "spec.provider"),
    ({"provider": ""}, "spec.provider"),
    ({"regions": []}, "spec.regions"),
    ({"accounts": []}, "spec.accounts"),
    ({"accounts": ["*"]}, "spec.accounts[0]"),
    ({"roles": []}, "spec.roles"),
    *(({"roles": [role]}, "spec.roles[0]") for role in (
        "own", "*", "arn:*", "shop", "arn:aws:iam::111122223333:user/shop", "arn:aws:iam::*:*", ROLE + " ")),
    ({"paths": None}, "spec.paths"),
    ({"paths": []}, "spec.paths"),
    ({"paths": [""]}, "spec.paths[0]"),
    ({"paths": ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/*"]}, "spec.paths[0]"),
])
def test_policies_refused(cluster: ControlPlane, spec: dict[str, Any], field: str) -> None:
    with pytest.raises(KubeError) as refusal:
        create_policy(cluster, **spec)
    assert refusal.value.reason == "Invalid"
    assert field in str(refusal.value)


@pytest.mark.parametrize("spec", [
    {},
    {"namespaces": {"selector": {}}},
    {"namespaces": {"names": ["a"], "selector": {"matchLabels": {"team": "", "example.org/team": "a.b_c"}}}},
    expressions(operator="In", values=["a", "b"]),
    expressions(operator="DoesNotExist"),
    {"provider": "nimbus"},
    {"regions": ["eu-*", "us-east-1"], "accounts": ["Own", "123456789012"]},
    {"paths": ["*", "a?c", "prod/db!"]},
    {"roles": ["Own", ROLE, "arn:aws:iam::111122223333:role/edsm/*", "arn:aws*:iam::*:role/shop-??"]},
])
def test_policies_accepted(cluster: ControlPlane, spec: dict[str, Any]) -> None:
    made = create_policy(cluster, **spec)
    assert made["spec"].items() >= spec.items(), "nothing is pruned"


def test_the_policy_that_the_page_shows(cluster: ControlPlane) -> None:
    block, = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/tenancy.md").read_text(), re.MULTILINE | re.DOTALL)
    shown = yaml.safe_load(block)
    assert cluster.kube.create(shown)["spec"] == shown["spec"], "nothing is pruned"
    cluster.kube.delete("SecretAccessPolicy", shown["metadata"]["name"])


@pytest.mark.parametrize("sample", sorted((ROOT / "config/samples").glob("*.yaml")), ids=lambda path: path.stem)
def test_samples(cluster: ControlPlane, sample) -> None:
    for applied in cluster.kube.apply_file(sample):
        assert applied["metadata"]["uid"]
