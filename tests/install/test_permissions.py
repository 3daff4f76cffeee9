"""The program as the chart starts it: with its arguments, its environment, its token, its permissions, in a
pod's security context. Over a whole life it uses each permission that it has, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from bed.audit import AuditEntry
from bed.controlplane import ControlPlane
from bed.exchange import kube_error, matches
from bed.kube import Object
from bed.process import wait_for
from bed.scratch import free_port
from commands import FULL_NAME, Helm
from installation import install, start
from pod import Pod
from world import PATIENCE, World

LEASE, DIGEST_KEY = "a06dd29d.edsm.io", "edsm-digest-key"
KINDS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


@dataclass(frozen=True)
class Use:
    """One kind of request, or of permission. In a permission an empty namespace or name means all."""

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""

    def permits(self, use: Use) -> bool:
        return ((self.group, self.resource, self.verb) == (use.group, use.resource, use.verb)
                and self.namespace in ("", use.namespace) and self.name in ("", use.name))


def granted(cluster: ControlPlane, user: str) -> Iterator[Use]:
    """What the roles that are bound to a ServiceAccount permit, one by one."""
    account, kube = user.split(":"), cluster.kube
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    for kind in ("clusterrolebindings", "rolebindings"):
        for binding in kube.request("GET", f"{rbac}/{kind}")["items"]:
            if {"kind": "ServiceAccount", "namespace": account[2], "name": account[3]} not in binding.get("subjects", []):
                continue
            namespace, role = binding["metadata"].get("namespace", ""), binding["roleRef"]
            where = f"namespaces/{namespace}/roles" if role["kind"] == "Role" else "clusterroles"
            for rule in kube.request("GET", f"{rbac}/{where}/{role['name']}")["rules"]:
                assert "*" not in str(rule)
                yield from (Use(namespace, group, resource, verb, name)
                            for group in rule["apiGroups"] for resource in rule["resources"]
                            for verb in rule["verbs"] for name in rule.get("resourceNames", [""]))


def use_of(entry: AuditEntry) -> Use:
    group = re.match(r"/apis/([^/]+\.[^/]+|apps)/", entry.uri)
    resource = f"{entry.resource}/{entry.subresource}" if entry.subresource else entry.resource
    # The name of an object to be created is not known to who permits it.
    return Use(entry.namespace, group[1] if group else "", resource, entry.verb,
               "" if entry.verb == "create" else entry.name)


def allow(world: World, namespace: str) -> None:
    """A policy for the namespace by a label, which it has then."""
    world.kube.patch("Namespace", namespace, None, {"metadata": {"labels": {"team": namespace}}})
    world.kube.create({
        "apiVersion": "secrets.edsm.io/v1alpha1", "kind": "SecretAccessPolicy", "metadata": {"name": namespace},
        "spec": {"namespaces": {"selector": {"matchLabels": {"team": namespace}}}, "provider": "aws",
                 "paths": [f"{world.ns}/*"]}})


def live(world: World, pod: Pod, namespaces: list[str], *, tenancy: str) -> None:
    """All that can happen to a replica: it leads, syncs, restarts every kind, is interrupted, heals, ends."""
    wait_for(lambda: pod.metric("edsm_leader") == 1, PATIENCE, "it to lead", [pod.process])
    for number, namespace in enumerate(namespaces):
        live_in(world, pod, namespace, f"db{number}", tenancy)
    pod.terminate(timeout=PATIENCE)


def live_in(world: World, pod: Pod, namespace: str, name: str, tenancy: str) -> None:
    world.put(name, {"password": "old"})
    world.bind(name, namespace=namespace)
    if tenancy == "enforce":
        world.wait_reason(name, "NotAllowed", namespace=namespace)
        allow(world, namespace)
    world.wait_synced(name, namespace=namespace)
    for kind in KINDS:
        world.workload("web", [name], kind=kind, namespace=namespace)
    before = {kind: world.wait_recorded("web", kind=kind, namespace=namespace) for kind in KINDS}

    for plural in KINDS.values():  # somebody else was faster: read again
        pod.api.fault(kube_error(409, "Conflict"), when=matches(method="PATCH", path=f"/{namespace}/{plural}/web"))
    world.put(name, {"password": "new"})
    for kind in KINDS:
        world.wait_restarts("web", before[kind] + 1, kind=kind, namespace=namespace)

    for _ in range(2):  # the second time the Event becomes a series
        world.kube.patch("Secret", name, namespace, {"stringData": {"password": "by hand"}}, manager="somebody")
        world.wait_data(name, {"password": b"new"}, namespace=namespace)
        # Two that come before the first is stored would be one.
        wait_for(lambda: world.k8s_events("DriftHealed", about=name, namespace=namespace), PATIENCE, "the Event",
                 [pod.process])
    world.kube.delete("Secret", name, namespace)
    world.wait_data(name, {"password": b"new"}, namespace=namespace)
    wait_for(lambda: world.calls.count(method="PATCH", path=f"/events.k8s.io/v1/namespaces/{namespace}/"), PATIENCE,
             "a series", [pod.process])


@pytest.mark.parametrize("tenancy", ["off", "enforce"])
@pytest.mark.parametrize("watched", [0, 1, 2], ids=["all namespaces", "one namespace", "two namespaces"])
def test_every_permission_is_used_and_no_other_is_missing(
        world: World, helm: Helm, stack: ExitStack, watched: int, tenancy: str) -> None:
    own = world.new_namespace()
    namespaces = [world.ns, world.new_namespace()][:max(watched, 1)]
    deployment = install(world, helm, own, tenancy=tenancy, **{"watchNamespaces": namespaces} if watched else {})
    user = f"system:serviceaccount:{own}:{FULL_NAME}"
    pod = start(world, deployment, stack)

    live(world, pod, namespaces, tenancy=tenancy)

    permitted = list(granted(world.cluster, user))
    entries = [entry for entry in world.cluster.audit(user=user) if entry.resource]
    assert not [entry for entry in entries if entry.code == 403], "something was refused"
    used = {use_of(entry) for entry in entries}
    # Each one alone permits something that was done: without it that would have failed.
    unneeded = [each for each in permitted if not any(
        [other for other in permitted if other.permits(use)] == [each] for use in used)]
    assert not unneeded, "not used, or given twice"
    if watched:  # beside that only what is in no namespace
        elsewhere = {use for use in used if use.namespace not in (own, *namespaces)}
        assert {(use.resource, use.name) for use in elsewhere} <= {
            ("secretaccesspolicies", ""), *(("namespaces", namespace) for namespace in namespaces)}
        assert not elsewhere or tenancy == "enforce"
        assert {use.namespace for use in used if use not in elsewhere} == {own, *namespaces}
    assert {use.name for use in used if use.resource == "leases"} == {"", LEASE}


def elsewhere(deployment: Object) -> Object:
    """The same on other ports: on one machine two pods cannot have the same ones."""
    text = json.dumps(deployment)
    for port in deployment["spec"]["template"]["spec"]["containers"][0]["ports"]:
        text = text.replace(str(port["containerPort"]), str(free_port()))
    return json.loads(text)


def test_the_second_replica_is_ready_and_takes_over(world: World, helm: Helm, stack: ExitStack) -> None:
    # ministack gives a message to the poll of a client that has gone; it is back after this time.
    world.aws.client("sqs").set_queue_attributes(QueueUrl=world.queue.url, Attributes={"VisibilityTimeout": "3"})
    deployment = install(world, helm, world.new_namespace())
    first = start(world, deployment, stack)
    wait_for(lambda: first.metric("edsm_leader") == 1, PATIENCE, "the first to lead", [first.process])
    second = start(world, elsewhere(deployment), stack)
    assert second.metric("edsm_leader") == 0
    world.put("db", {"password": "old"})
    world.bind("db")
    world.wait_synced("db")

    first.terminate(timeout=PATIENCE)

    wait_for(lambda: second.metric("edsm_leader") == 1, PATIENCE, "the second to lead", [second.process])
    world.put("db", {"password": "new"})
    world.wait_data("db", {"password": b"new"})
    second.terminate(timeout=PATIENCE)


def test_it_runs_in_the_security_context_of_its_pod(world: World, helm: Helm, stack: ExitStack) -> None:
    own = world.new_namespace()
    pod = start(world, install(world, helm, own), stack)
    status = pod.status()
    assert status["Uid"].split() == ["65532"] * 4 and status["Groups"] == ""
    assert status["NoNewPrivs"] == "1" and int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0
    assert pod.wait_log(msg="starting")["config"] == "in-cluster"
    pod.wait_log(msg="working", timeout=PATIENCE)
    assert world.kube.get("Lease", LEASE, own) and world.kube.get("Secret", DIGEST_KEY, own)
    pod.terminate(timeout=PATIENCE)


def test_other_namespaces_are_closed_to_a_release_for_some(world: World, helm: Helm) -> None:
    own, second = world.new_namespace(), world.new_namespace()
    install(world, helm, own, watchNamespaces=[world.ns, second])
    elsewhere = world.new_namespace()

    def may(verb: str, resource: str, namespace: str, group: str = "") -> bool:
        review = world.kube.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": {
            "user": f"system:serviceaccount:{own}:{FULL_NAME}",
            "resourceAttributes": {"verb": verb, "resource": resource, "namespace": namespace, "group": group}}})
        return review["status"]["allowed"]

    for namespace in (world.ns, second):
        assert may("patch", "secrets", namespace) and may("patch", "deployments", namespace, "apps")
    for namespace in (elsewhere, own, "kube-system", ""):
        assert not may("list", "secrets", namespace) and not may("patch", "deployments", namespace, "apps")
    for namespace in (elsewhere, own, world.ns, second):
        assert not may("delete", "secrets", namespace)
