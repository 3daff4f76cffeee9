"""What happens to a cluster: installation, upgrade, uninstallation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import requests
import yaml

import manifests
from bed import ROOT
from bed.controlplane import ControlPlane
from bed.kube import Object
from bed.process import wait_for
from bed.scratch import work_dir
from commands import CHART, CRD, FULL_NAME, CommandFailed, Helm, kubectl
from world import condition

KEPT = {"helm.sh/resource-policy": "keep"}


def crd(cluster: ControlPlane) -> Object:
    return cluster.kube.get("CustomResourceDefinition", CRD)


def bind(cluster: ControlPlane) -> None:
    cluster.kube.wait("CustomResourceDefinition", CRD, None,
                      lambda seen: condition(seen, "Established").get("status") == "True", "established")
    wait_for(lambda: cluster.kube.create(manifests.binding("db", "default", "prod/db", "db")), 15, "it to be served")


def test_eventdrivensecrets_survive_an_uninstallation_and_are_taken_up_again(cluster: ControlPlane, helm: Helm) -> None:
    helm.install()
    bind(cluster)
    uid = cluster.kube.get("EventDrivenSecret", "db", "default")["metadata"]["uid"]

    helm("uninstall", "edsm", "--namespace", "kube-system")

    assert cluster.kube.find("Deployment", FULL_NAME, "kube-system") is None
    assert cluster.kube.find("ClusterRole", FULL_NAME) is None
    assert crd(cluster)["metadata"]["annotations"].items() >= KEPT.items()
    helm.install()
    assert cluster.kube.get("EventDrivenSecret", "db", "default")["metadata"]["uid"] == uid


def test_an_upgrade_brings_the_new_crd(cluster: ControlPlane, helm: Helm) -> None:
    helm.install()

    helm.install(chart=_newer_chart())

    columns = crd(cluster)["spec"]["versions"][0]["additionalPrinterColumns"]
    assert columns[0]["description"] == "new in this version"


def _newer_chart() -> Path:
    """The chart with another CRD."""
    copy = work_dir("chart") / CHART.name
    shutil.copytree(CHART, copy)
    definition = yaml.safe_load((copy / "files/crd.yaml").read_text())
    definition["spec"]["versions"][0]["additionalPrinterColumns"][0]["description"] = "new in this version"
    (copy / "files/crd.yaml").write_text(yaml.safe_dump(definition))
    return copy


def test_a_release_of_the_older_chart_is_upgraded_and_loses_nothing(cluster: ControlPlane, helm: Helm) -> None:
    # Its CRD was a template, as ours is: one in crds/ would be deleted by the upgrade, and with it everything.
    helm.install(chart=_older_chart())
    bind(cluster)
    before = cluster.kube.get("Deployment", FULL_NAME, "kube-system")

    helm.install({"extraEnv": [{"name": "SQS_QUEUE_URL", "value": "https://sqs.eu-west-1.amazonaws.com/1/a"}]})

    after = cluster.kube.get("Deployment", FULL_NAME, "kube-system")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"]["template"]["spec"]["serviceAccountName"] == FULL_NAME
    assert cluster.kube.get("EventDrivenSecret", "db", "default")
    assert crd(cluster)["metadata"]["annotations"].items() >= KEPT.items()


def _older_chart() -> Path:
    """What matters of it for an upgrade: names, selector, where the CRD is."""
    folder = work_dir("older") / CHART.name
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {CHART.name}\nversion: 0.1.0\nappVersion: 0.0.1\n")
    labels = {"app.kubernetes.io/name": CHART.name, "app.kubernetes.io/instance": "edsm"}
    older_crd = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": CRD},
        "spec": {"group": "secrets.edsm.io", "scope": "Namespaced", "names": {
            "kind": "EventDrivenSecret", "listKind": "EventDrivenSecretList", "plural": "eventdrivensecrets",
            "singular": "eventdrivensecret"}, "versions": [{
                "name": "v1alpha1", "served": True, "storage": True, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]}}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": FULL_NAME, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {
                "serviceAccountName": FULL_NAME, "containers": [{"name": CHART.name, "image": "older"}]}}}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": FULL_NAME}}
    rbac = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": FULL_NAME}, "rules": [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}]}
    binding = {"apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": FULL_NAME},
               "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": FULL_NAME},
               "subjects": [{"kind": "ServiceAccount", "name": FULL_NAME, "namespace": "kube-system"}]}
    (folder / "templates/all.yaml").write_text(yaml.safe_dump_all([older_crd, deployment, account, role, binding]))
    return folder


def test_a_crd_that_kubectl_applied_is_taken_over(cluster: ControlPlane, helm: Helm) -> None:
    kubectl(cluster, "apply", "--server-side", "-f", ROOT / "config/crd/bases")
    bind(cluster)
    with pytest.raises(CommandFailed, match="invalid ownership metadata"):
        helm.install()

    helm.install(flags=("--take-ownership", "--force-conflicts"))

    assert crd(cluster)["metadata"]["annotations"].items() >= KEPT.items()
    assert cluster.kube.get("EventDrivenSecret", "db", "default")


def test_several_namespaces_have_a_release_each(cluster: ControlPlane, helm: Helm) -> None:
    once = {"crds": {"install": False}, "userRoles": {"create": False}}
    for name, values in (("shop", {}), ("billing", once)):
        helm.install({"watchNamespaces": [name], **values}, namespace=name, flags=("--create-namespace",))
    for name in ("shop", "billing"):
        assert cluster.kube.get("Deployment", FULL_NAME, name)
        helm("uninstall", "edsm", "--namespace", name)
        cluster.kube.delete("Namespace", name)


def test_renewals_of_the_lease_have_a_share_of_their_own(cluster: ControlPlane, helm: Helm) -> None:
    helm.install(namespace="edsm", flags=("--create-namespace",))
    schema = cluster.kube.request(
        "GET", f"/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/{FULL_NAME}-edsm-lease")
    token = cluster.service_account_token("edsm", FULL_NAME)

    def flow_of(path: str) -> str:
        answer = requests.get(cluster.url + path, headers={"Authorization": f"Bearer {token}"},
                              verify=str(cluster.ca_file), timeout=10)
        return answer.headers["X-Kubernetes-PF-FlowSchema-UID"]

    lease = "/apis/coordination.k8s.io/v1/namespaces/edsm/leases/a06dd29d.edsm.io"
    assert flow_of(lease) == schema["metadata"]["uid"]
    assert flow_of("/api/v1/secrets") != schema["metadata"]["uid"]
