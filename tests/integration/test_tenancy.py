"""SecretAccessPolicies: which namespace gets which secret, under the rights that we ship for it."""

from __future__ import annotations

from typing import Any

import pytest

import cloudtrail
from bed.aws import REGION
from bed.kube import Kube
from bed.process import wait_for
from tenants import AUDIT, ENFORCE, RIGHTS, Permit, revoke, take_rights
from test_commands import call
from world import PATIENCE, USER, World, condition, now


def looks_at(world: World) -> list[str]:
    """What EDSM has asked of Secrets Manager, whatever it was."""
    return [exchange.target for exchange in world.calls.find(lambda call: call.target.startswith("secretsmanager."))]


def touch_everything(world: World) -> None:
    """What else makes EDSM read the secret "db": an event, a request of a person."""
    world.send(cloudtrail.put_secret_value(world.path("db")))
    answer = call(world, "sync", f"{world.ns}/db", "--timeout=2s")
    assert answer.returncode == 1 and "NotAllowed: no SecretAccessPolicy permits" in answer.stderr, answer.stderr
    world.wait_drained()


@pytest.mark.usefixtures("rights")
def test_without_a_permission_nothing_is_read_and_others_are_not_disturbed(world: World, permit: Permit) -> None:
    other = world.new_namespace()
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start(flags=(*ENFORCE, "--resync-interval=10s"))

    said = world.wait_reason("db", "NotAllowed")
    for part in ("SecretAccessPolicy", f"namespace {world.ns}", world.path("db"), f"region {REGION}", "account Own",
                 "provider aws", "ask a cluster administrator"):
        assert part in said["message"], part
    assert condition(world.kube.get("EventDrivenSecret", "db", world.ns), "Stalled")["status"] == "True"
    event = world.wait_k8s_event("NotAllowed", about="db")
    assert event["type"] == "Warning" and world.path("db") in event["message"]
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 1
    assert edsm.metric("edsm_bindings", reason="NotAllowed") == 1

    touch_everything(world)
    sweeps = edsm.metric("edsm_sweeps_total")
    wait_for(lambda: edsm.logs(msg="event received"), PATIENCE, "an event", [edsm.process])
    assert sweeps == 0, "there is nothing to compare"
    assert looks_at(world) == []
    assert world.kube.find("Secret", "db", world.ns) is None

    # The same secret, for somebody who may read it.
    permit("other", namespaces={"names": [other]})
    world.bind("db", namespace=other)
    world.wait_data("db", {"a": b"1"}, namespace=other)
    version = world.put("db", {"a": "2"})
    world.wait_synced("db", version=version, namespace=other)
    world.wait_drained()
    assert world.kube.find("Secret", "db", world.ns) is None
    assert len(world.reads("db")) == 2
    assert len(world.k8s_events("NotAllowed", about="db")) == 1


@pytest.mark.usefixtures("rights")
def test_a_permission_that_goes_stops_syncs_and_one_that_comes_resumes_them(world: World, permit: Permit) -> None:
    permit()
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start(flags=ENFORCE)
    world.wait_data("db", {"a": b"1"})
    world.wait_synced("db")
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 0

    revoke(world)
    world.wait_reason("db", "NotAllowed")
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 1
    world.calls.clear()
    world.put("db", {"a": "2"})
    world.wait_drained()
    touch_everything(world)
    world.kube.patch("Secret", "db", world.ns, {"stringData": {"b": "by hand"}}, manager="somebody")
    edsm.kill9()
    edsm.start()
    edsm.ready(PATIENCE)
    world.wait_drained()
    assert looks_at(world) == [], "neither an event, a person, an edit of the target nor a start reads"
    world.wait_data("db", {"a": b"1", "b": b"by hand"})

    permit()
    world.wait_data("db", {"a": b"2"})
    world.wait_synced("db")
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 0
    assert len(world.reads("db")) == 1


@pytest.mark.usefixtures("rights")
def test_labels_of_the_namespace_decide(world: World, permit: Permit) -> None:
    permit("team", namespaces={"selector": {
        "matchLabels": {"team": world.ns}, "matchExpressions": [{"key": "closed", "operator": "DoesNotExist"}]}})
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start(flags=ENFORCE)
    assert f"none is for namespace {world.ns}" in world.wait_reason("db", "NotAllowed")["message"]

    def label(**labels: str | None) -> None:
        world.kube.patch("Namespace", world.ns, None, {"metadata": {"labels": labels}})

    label(team=world.ns)
    world.wait_synced("db")
    label(closed="yes")
    world.wait_reason("db", "NotAllowed")
    label(closed=None)
    world.wait_synced("db")

    # A namespace that is made together with what is in it is not refused for a moment.
    late = f"{world.ns}-late"
    world.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": late, "labels": {"team": world.ns}}})
    world.namespaces.append(late)
    world.bind("db", namespace=late)
    world.wait_synced("db", namespace=late)
    assert world.k8s_events("NotAllowed", namespace=late) == []


@pytest.mark.usefixtures("rights")
@pytest.mark.parametrize("allowed, field, spec", [
    (True, "", {"paths": ["{name}", "{name}-??????"]}),
    (True, "", {"accounts": ["000000000000"], "regions": ["us-*", REGION]}),
    (False, "spec.paths", {"paths": ["{name}"]}),
    (False, "spec.paths", {"paths": ["{name}-??????"]}),
    (False, "spec.accounts", {"accounts": ["Own"]}),
    (False, "spec.regions", {"regions": ["ap-*"]}),
    (False, "spec.provider", {"provider": "azure"}),
])
def test_an_arn_is_judged_by_all_that_it_says(
        world: World, permit: Permit, allowed: bool, field: str, spec: dict[str, Any]) -> None:
    world.put("db", {"a": "1"})
    name = world.path("db")
    permit(**{key: [each.format(name=name) for each in value] if key == "paths" else value for key, value in spec.items()})
    world.bind("db", path=world.arn("db"))
    world.start(flags=ENFORCE)
    if allowed:
        world.wait_data("db", {"a": b"1"})
    else:
        assert f"{world.ns}-all does not by its {field}" in world.wait_reason("db", "NotAllowed")["message"]
        assert looks_at(world) == []


@pytest.mark.usefixtures("rights")
def test_audit_tells_and_syncs(world: World, permit: Permit) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start(flags=AUDIT)
    world.wait_data("db", {"a": b"1"})
    status = world.wait_synced("db")["status"]
    event = world.wait_k8s_event("NotAllowed", about="db")
    assert event["message"].startswith("only audited, and synced all the same: no SecretAccessPolicy permits")
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 1
    assert len(edsm.logs(msg="binding not allowed", level="warn")) == 1

    permit()
    wait_for(lambda: edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 0, PATIENCE, "it to be allowed",
             [edsm.process])
    revoke(world)
    wait_for(lambda: edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 1, PATIENCE, "it not to be",
             [edsm.process])
    assert world.kube.get("EventDrivenSecret", "db", world.ns)["status"] == status
    version = world.put("db", {"a": "2"})
    world.wait_synced("db", version=version)
    assert len(world.reads("db")) == 2
    assert len(edsm.logs(msg="binding not allowed", level="warn")) == 2, "once for each change"


def test_without_the_rights_it_says_so_and_does_nothing_until_they_come(world: World, permit: Permit) -> None:
    take_rights(world)
    permit()
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.edsm(flags=ENFORCE)
    edsm.wait_log(level="info", tenancy="enforce", manifest="config/optional/tenancy.yaml", timeout=PATIENCE)
    for resource in ("secretaccesspolicies", "namespaces"):
        said = edsm.wait_log(msg="cannot list and watch", resource=resource, timeout=PATIENCE)
        assert said["level"] == "warn" and "ClusterRole" in said["remedy"] and "at the cluster scope" in said["error"]
    assert edsm.health("/readyz") == 503
    assert looks_at(world) == [] and not edsm.logs(msg="working")

    try:
        world.cluster.install([RIGHTS])
        world.wait_data("db", {"a": b"1"}, timeout=60)  # it tries again less and less often
        assert edsm.health("/readyz") == 200
    finally:
        take_rights(world)


def test_off_looks_at_nothing_and_needs_no_rights(world: World) -> None:
    take_rights(world)
    since = now()
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    edsm.terminate()
    asked = {entry.resource for entry in world.cluster.audit(user=USER) if entry.received >= since}
    assert "eventdrivensecrets" in asked and not asked & {"namespaces", "secretaccesspolicies"}


def test_policies_are_shown_by_kubectl(world: World, permit: Permit) -> None:
    permit("shown", namespaces={"names": [world.ns]}, regions=["eu-*"])
    path = f"/apis/secrets.edsm.io/v1alpha1/secretaccesspolicies/{world.ns}-shown"
    kube = Kube(world.kube.url, world.kube.ca, client_cert=world.kube.client_cert,
                headers={"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"})
    table = kube.request("GET", path)
    columns = [column["name"] for column in table["columnDefinitions"]]
    shown = dict(zip(columns, table["rows"][0]["cells"]))
    assert shown["Namespaces"] == f'["{world.ns}"]' and shown["Provider"] == "aws"
    assert shown["Paths"] == f'["{world.ns}/*"]' and shown["Regions"] == '["eu-*"]'
