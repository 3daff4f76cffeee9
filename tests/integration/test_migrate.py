"""`edsm migrate`: the real API server takes what it prints, and a Secret changes hands by the documented lines."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from bed import ROOT
from bed.aws import REGION
from bed.controlplane import ControlPlane
from bed.controlplane import programs as cluster_programs
from bed.edsm import default_binary
from bed.kube import Object
from bed.process import wait_for
from bed.scratch import work_dir
from world import World

PAGE = (ROOT / "docs/commands.md").read_text().partition("## edsm migrate")[2].partition("\n## ")[0]
GROUP = "external-secrets.io"
KINDS = {"ExternalSecret": "Namespaced", "SecretStore": "Namespaced", "ClusterSecretStore": "Cluster"}


def definition(kind: str) -> Object:
    """A CustomResourceDefinition of that kind which accepts everything."""
    plural = kind.lower() + "s"
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{GROUP}"},
            "spec": {"group": GROUP, "scope": KINDS[kind], "names": {"kind": kind, "plural": plural,
                                                                     "singular": kind.lower()},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                         "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


@pytest.fixture
def external_secrets(cluster: ControlPlane) -> Iterator[None]:
    """The kinds of External Secrets, for one test."""
    names = [cluster.kube.create(definition(kind))["metadata"]["name"] for kind in KINDS]
    wait_for(lambda: KINDS.keys() <= {each["kind"] for each in cluster.kube.request(
        "GET", f"/apis/{GROUP}/v1")["resources"]}, 30, "the kinds to be served")
    yield
    for name in names:
        cluster.kube.delete("CustomResourceDefinition", name)
        cluster.kube.wait_gone("CustomResourceDefinition", name)


class Desk:
    """A folder in which somebody types the documented lines."""

    def __init__(self, cluster: ControlPlane) -> None:
        self.folder = work_dir("desk")
        (self.folder / "edsm").symlink_to(default_binary())
        self._env = {"PATH": f"{self.folder}:{cluster_programs()}:/usr/bin:/bin", "HOME": str(self.folder),
                     "KUBECONFIG": str(cluster.kubeconfig)}

    def type(self, line: str, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(["bash", "-c", line], cwd=self.folder, env=self._env, input=stdin, text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"
        return done


def examples() -> tuple[str, str]:
    """What the page gives, and what it says is printed."""
    given, printed = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return given, printed


def test_the_example_of_the_page_is_what_is_printed(cluster: ControlPlane) -> None:
    desk = Desk(cluster)
    given, printed = examples()
    (desk.folder / "shop.yaml").write_text(given)

    answer = desk.type("edsm migrate -f shop.yaml")

    assert answer.stdout == printed
    assert "1 EventDrivenSecret; 1 workload with annotation; 1 thing that cannot be carried over" in answer.stderr
    assert desk.type("edsm migrate -f - --strict", stdin=given, code=1).stdout == printed
    desk.type("edsm migrate -f -", stdin="kind: ConfigMap", code=1)
    assert "nowhere.yaml" in desk.type("edsm migrate -f nowhere.yaml", code=2).stderr
    assert "line 1" in desk.type("edsm migrate -f -", stdin="a: b: c", code=2).stderr


EVERYTHING: list[Object] = [
    {"dataFrom": [{"extract": {"key": "prod/a"}}]},
    {"data": [{"secretKey": "A.b-c_D", "remoteRef": {"key": "yes", "property": "x.y"}},
              {"secretKey": "1", "remoteRef": {"key": "yes", "property": "true"}}]},
    {"data": [{"secretKey": "keystore.p12",
               "remoteRef": {"key": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x"}}]},
    {"target": {"creationPolicy": "Merge"}, "dataFrom": [{"extract": {"key": "it's: \"odd\" #\\n"}}]},
    {"target": {"name": "other.name", "creationPolicy": "Orphan", "deletionPolicy": "Delete", "immutable": True,
                "template": {"type": "kubernetes.io/tls", "data": {"tls.crt": "{{ .crt }}", "tls.key": "{{ .key }}"},
                             "metadata": {"labels": {"team": "on", "version": "1.10", "empty": ""},
                                          "annotations": {"example.com/note": "two\nlines: {}", "n": "0x1F"}}}},
     "dataFrom": [{"extract": {"key": "prod/cert"}}]},
    {"secretStoreRef": {"name": "partner", "kind": "ClusterSecretStore"},
     "dataFrom": [{"extract": {"key": "prod/partner"}}]},
]
ROLE = {"role": "arn:aws:iam::123456789012:role/teams/a_b+c=d,e.f@g-h", "externalID": "edsm:of/shop"}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_api_server_takes_all_that_it_prints(world: World, version: str) -> None:
    given = [
        {"apiVersion": f"{GROUP}/{version}", "kind": "ClusterSecretStore", "metadata": {"name": name},
         "spec": {"provider": {"aws": {"service": "SecretsManager", "region": REGION, **identity}}}}
        for name, identity in (("aws", {}), ("partner", ROLE))] + [
        {"apiVersion": f"{GROUP}/{version}", "kind": "ExternalSecret",
         "metadata": {"name": f"s-{number}", "namespace": world.ns},
         "spec": {"secretStoreRef": {"name": "aws", "kind": "ClusterSecretStore"}} | spec}
        for number, spec in enumerate(EVERYTHING)]
    desk = Desk(world.cluster)

    answer = desk.type("edsm migrate -f -", stdin=yaml.safe_dump_all(given))

    made = list(yaml.safe_load_all(answer.stdout))
    assert len(made) == len(EVERYTHING), answer.stderr
    desk.type("kubectl apply --server-side --dry-run=server --validate=strict -f -", stdin=answer.stdout)
    specs = [each["spec"] for each in made]
    assert specs[1]["data"] == [{"secretKey": "1", "property": "true"}, {"secretKey": "A.b-c_D", "property": "x.y"}]
    assert specs[1]["secretPath"] == "yes"
    assert specs[2]["rawKey"] == "keystore.p12" and specs[2]["format"] == "Binary"
    assert specs[3]["secretPath"] == EVERYTHING[3]["dataFrom"][0]["extract"]["key"]
    assert specs[5]["cloudProviderOptions"] == {
        "region": REGION, "roleARN": ROLE["role"], "externalID": ROLE["externalID"]}
    template = EVERYTHING[4]["target"]["template"]
    assert specs[4]["target"] == {"type": template["type"], "creationPolicy": "Orphan", "deletionPolicy": "Delete",
                                  **template["metadata"]}


def typed_lines(namespace: str, secret: str) -> list[str]:
    """The lines by which a Secret changes hands, with these names in the place of the example's."""
    lines = re.findall(r"^    \$ (.*)$", PAGE, re.MULTILINE)
    return [line.replace("-n shop", f"-n {namespace}").replace(" database", f" {secret}") for line in lines]


@pytest.mark.usefixtures("external_secrets")
def test_a_secret_changes_hands_by_the_documented_lines(world: World) -> None:
    version = world.put("db", {"password": "1"})
    external = {"apiVersion": f"{GROUP}/v1", "kind": "ExternalSecret",
                "metadata": {"name": "db", "namespace": world.ns},
                "spec": {"secretStoreRef": {"name": "aws"}, "dataFrom": [{"extract": {"key": world.path("db")}}]}}
    world.kube.create({"apiVersion": f"{GROUP}/v1", "kind": "SecretStore",
                       "metadata": {"name": "aws", "namespace": world.ns},
                       "spec": {"provider": {"aws": {"service": "SecretsManager", "region": REGION}}}})
    owner = world.kube.create(external)["metadata"]["uid"]
    before = world.kube.create({
        "apiVersion": "v1", "kind": "Secret", "data": {"password": base64.b64encode(b"1").decode()},
        "metadata": {"name": "db", "namespace": world.ns, "ownerReferences": [{
            "apiVersion": f"{GROUP}/v1", "kind": "ExternalSecret", "name": "db", "uid": owner, "controller": True}]}})
    world.workload("web", None)
    world.kube.patch("Deployment", "web", world.ns, {"metadata": {"annotations": {
        "secret.reloader.stakater.com/reload": "db"}}})
    world.start()
    desk = Desk(world.cluster)

    for line in typed_lines(world.ns, "db"):
        desk.type(line)
    world.wait_synced("db", version=version)
    after = world.kube.get("Secret", "db", world.ns)
    assert after["metadata"]["uid"] == before["metadata"]["uid"], "the Secret was never gone"
    assert after["data"] == before["data"]

    annotate, = re.findall(r"^#   (kubectl annotate .*)$", (desk.folder / "shop.yaml").read_text(), re.MULTILINE)
    desk.type(annotate)
    assert world.wait_recorded("web") == 0, "nothing restarts for a value that is the same"
    annotations = world.kube.get("Deployment", "web", world.ns)["metadata"]["annotations"]
    assert annotations["eventdrivensecretsmanaged"] == '["db"]'
    assert "secret.reloader.stakater.com/reload" not in annotations
    world.put("db", {"password": "2"})
    world.wait_restarts("web", 1)


def test_a_cluster_without_external_secrets_has_nothing_to_migrate(world: World) -> None:
    world.workload("web", None)
    assert "nothing to migrate" in Desk(world.cluster).type(f"edsm migrate -n {world.ns}", code=1).stderr
