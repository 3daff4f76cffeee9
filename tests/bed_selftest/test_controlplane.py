"""The control plane is a real one, and tests can see and disturb it."""

import subprocess

import pytest

from bed import audit
from bed.controlplane import NODE, ControlPlane, programs
from bed.kube import Kube, KubeError, Object
from bed.watching import Watching


def deployment(name: str, replicas: int) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"nodeName": NODE, "containers": [{"name": "main", "image": "none"}]}}}}


def test_version_is_stamped(cluster: ControlPlane) -> None:
    assert cluster.kube.request("GET", "/version")["gitVersion"] == "v1.37.2"


def test_deployment_becomes_available_and_rolls(cluster: ControlPlane) -> None:
    cluster.kube.apply(deployment("web", 3))
    cluster.kube.wait("Deployment", "web", "default",
                      lambda seen: seen["status"].get("availableReplicas") == 3, "3 replicas available")
    patched = cluster.kube.patch("Deployment", "web", "default", {
        "spec": {"template": {"metadata": {"annotations": {"restart": "1"}}}}})
    cluster.kube.wait("Deployment", "web", "default", lambda seen: (
        seen["status"]["observedGeneration"] == patched["metadata"]["generation"]
        and seen["status"].get("updatedReplicas") == seen["status"].get("availableReplicas") == 3), "rolled")


def test_token_is_bound_by_rbac_and_audited(cluster: ControlPlane) -> None:
    reader = cluster.kube.as_token(cluster.service_account_token("default", "reader"))
    with pytest.raises(KubeError) as refused:
        reader.list("Secret", "default")
    assert refused.value.status == 403
    assert reader.request("GET", "/version")["major"] == "1"
    user = "system:serviceaccount:default:reader"
    entries = cluster.audit(user=user, resource="secrets")
    assert [(entry.verb, entry.code) for entry in entries] == [("list", 403)]
    assert not cluster.audit(user=user, verb=audit.WRITES)


def test_kubectl_takes_our_kubeconfigs(cluster: ControlPlane) -> None:
    token = cluster.service_account_token("default", "reader")
    token_file = cluster.folder / "token"
    token_file.write_text(token)
    for config in (cluster.kubeconfig, cluster.write_kubeconfig(token=token),
                   cluster.write_kubeconfig(token_file=token_file)):
        answer = subprocess.run([programs() / "kubectl", f"--kubeconfig={config}", "version", "--output=json"],
                                check=True, capture_output=True, text=True)
        assert answer.stdout.count('"gitVersion": "v1.37.2"') == 2


def test_apply_conflicts_and_impersonation(cluster: ControlPlane) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine", "namespace": "default"},
              "stringData": {"key": "1"}}
    cluster.kube.apply(secret, manager="one")
    with pytest.raises(KubeError) as conflict:
        cluster.kube.apply({**secret, "stringData": {"key": "2"}}, manager="two", force=False)
    assert conflict.value.reason == "Conflict"
    with pytest.raises(KubeError) as refused:
        cluster.kube.as_user("nobody").get("Secret", "mine", "default")
    assert refused.value.reason == "Forbidden"
    assert [entry.name for entry in cluster.audit(impersonated="nobody", verb="get")] == ["mine"]


def test_watching_in_the_background(cluster: ControlPlane) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "watched", "namespace": "default"}}
    with Watching(cluster.kube, "ConfigMap", "default", fieldSelector="metadata.name=watched") as seen:
        cluster.kube.create(config)
        created = seen.wait(lambda event: event.type == "ADDED")
        cluster.kube.apply({**config, "data": {"key": "1"}})
        changed = seen.wait(lambda event: event.object.get("data") == {"key": "1"})
        cluster.kube.delete("ConfigMap", "watched", "default")
        seen.wait(lambda event: event.type == "DELETED")
    assert created.at < changed.at
    assert [event.type for event in seen.events] == ["ADDED", "MODIFIED", "DELETED"]


def test_owner_references_and_namespaces_are_collected(cluster: ControlPlane) -> None:
    kube: Kube = cluster.kube
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gone"}})
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner", "namespace": "gone"}}
    owner = kube.create(config)
    kube.create({**config, "metadata": {"name": "owned", "namespace": "gone", "ownerReferences": [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}]}})
    kube.delete("ConfigMap", "owner", "gone")
    kube.wait_gone("ConfigMap", "owned", "gone")
    kube.delete("Namespace", "gone")
    kube.wait_gone("Namespace", "gone")


def test_apiserver_restarts_on_its_port_with_other_flags() -> None:
    with ControlPlane(controllers=False, kwok=False) as cluster:
        cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "stays"}})
        cluster.stop_apiserver()
        with pytest.raises(OSError):
            cluster.kube.get("Namespace", "stays")
        cluster.start_apiserver(["--event-ttl=5m"])
        assert cluster.kube.get("Namespace", "stays")
        assert "--event-ttl=5m" in cluster.apiserver.argv
