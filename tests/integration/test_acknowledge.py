"""A message is gone from its queue only after its effect."""

from __future__ import annotations

import json

import pytest

import cloudtrail
from bed.aws import Depth
from bed.exchange import Exchange, answer, aws_error, cut_after, delay
from bed.kube import KubeError, Object
from bed.process import wait_for
from world import USER, World

ROLE = "edsm-controller"


def prepared(world: World, **options: object) -> int:
    """A synced binding and a recorded Deployment; its restarts so far."""
    world.put("db", {"x": "old"})
    world.bind("db")
    world.start(**options)
    world.wait_synced("db")
    world.workload("web", ["db"])
    return world.wait_recorded("web")


def test_message_is_deleted_after_the_write_and_the_rollout(world: World) -> None:
    prepared(world, wired=True)
    world.wait_drained()
    world.calls.clear()
    # Slow enough that a delete that does not wait would come first.
    world.api_wire.fault(delay(0.5), count=None, method="PATCH", path="/secrets/db|/deployments/web")

    world.put("db", {"x": "new"})
    world.wait_empty(world.queue)

    writes = world.calls.find(proxy="api", method="PATCH", path=f"/namespaces/{world.ns}/(secrets/db|deployments/web)")
    assert sorted(call.path.split("?")[0].rsplit("/", 2)[1] for call in writes) == ["deployments", "secrets"]
    assert [call.status for call in writes] == [200, 200]
    (deletion,) = world.acknowledgements()
    assert all(call.ended < deletion.began for call in writes)


def test_message_waits_for_every_binding_that_it_concerns(world: World) -> None:
    namespaces = [world.new_namespace() for _ in range(5)]
    world.put("db", {"x": "old"})
    for namespace in namespaces:
        world.bind("db", namespace=namespace)
    world.start(wired=True)
    for namespace in namespaces:
        world.wait_synced("db", namespace=namespace)
    world.wait_drained()
    world.calls.clear()
    world.api_wire.fault(delay(1), method="PATCH", path=f"/namespaces/{namespaces[3]}/secrets/db")

    world.put("db", {"x": "new"})
    world.wait_empty(world.queue)

    writes = world.calls.find(proxy="api", method="PATCH", path="/secrets/db")
    (deletion,) = world.acknowledgements()
    assert len(writes) == len(namespaces)
    assert all(call.ended < deletion.began for call in writes)


def test_message_stays_while_permissions_are_missing(world: World) -> None:
    queue = world.new_queue(visibility=2)
    before = prepared(world, queue=queue)
    role = world.kube.get("ClusterRole", ROLE)
    rules = [rule for rule in role["rules"] if "secrets" not in rule["resources"]]
    reading = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]}
    world.kube.patch("ClusterRole", ROLE, None, {"rules": [*rules, reading]})
    try:
        world.put("db", {"x": "new"})
        said = world.wait_reason("db", "Forbidden")
        assert "secrets" in said["message"]
        wait_for(lambda: world.aws.queue_depth(queue) == Depth(visible=1, in_flight=0)
                 or receive_count(world) > 1, 20, "the message to come back")
        assert not world.acknowledgements()
        world.wait_data("db", {"x": b"old"})
    finally:
        world.kube.patch("ClusterRole", ROLE, None, {"rules": role["rules"]})

    world.wait_data("db", {"x": b"new"})
    world.wait_synced("db")
    world.wait_empty(queue)
    assert world.restarts("web") == before + 1


def receive_count(world: World) -> int:
    """The highest number of receipts of one message, as the queue told EDSM."""
    counts = [0]
    for call in world.calls.find(target="ReceiveMessage", status=200):
        for message in json.loads(call.reply or b"{}").get("Messages", []):
            counts.append(int(message["Attributes"]["ApproximateReceiveCount"]))
    return max(counts)


@pytest.fixture
def policy(world: World) -> Object:
    """An admission policy that keeps EDSM from changing the target `db`, once it is bound."""
    name = f"deny-{world.ns}"
    made = world.kube.create({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name}, "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}]},
            "validations": [{"expression": f"object.metadata.namespace != '{world.ns}' || "
                             f"request.userInfo.username != '{USER}'", "message": "not today"}]}})
    return made


def test_message_stays_while_an_admission_policy_refuses(world: World, policy: Object) -> None:
    queue = world.new_queue(visibility=2)
    prepared(world, queue=queue)
    name = policy["metadata"]["name"]
    bound = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    world.kube.request("POST", bound, {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}})
    wait_for(lambda: refuses(world), 20, "the policy to be in force")
    try:
        world.put("db", {"x": "new"})
        said = world.wait_reason("db", "TargetRefused")
        # The policy's own words could quote the data; there must be others.
        assert f"{world.ns}/db" in said["message"] and "refused" in said["message"]
        wait_for(lambda: receive_count(world) > 1, 20, "the message to come back")
        assert not world.acknowledgements()
        world.wait_data("db", {"x": b"old"})
    finally:
        world.kube.request("DELETE", f"{bound}/{name}")

    world.wait_data("db", {"x": b"new"})
    world.wait_empty(queue)


def refuses(world: World) -> bool:
    """Whether the API server refuses what EDSM would write (a dry run)."""
    someone = world.kube.as_user(USER)
    try:
        someone.request("PATCH", f"/api/v1/namespaces/{world.ns}/secrets/db", {"metadata": {"labels": {"try": "it"}}},
                        params={"dryRun": "All"}, content_type="application/merge-patch+json")
    except KubeError as error:
        return "not today" in str(error)
    return False


def test_message_is_held_while_the_work_takes_long(world: World) -> None:
    queue = world.new_queue(visibility=3)
    before = prepared(world, queue=queue, wired=True)
    world.wait_drained(queue)
    slow = world.api_wire.fault(delay(7), method="PATCH", path="/secrets/db")

    world.put("db", {"x": "new"})
    world.wait_data("db", {"x": b"new"})
    world.wait_empty(queue)

    assert slow.used == 1
    held = [call for call in world.calls.find(proxy="aws", status=200) if "ChangeMessageVisibility" in call.target]
    assert len(held) >= 2
    assert receive_count(world) == 1, "nobody else would have received it"
    assert world.restarts("web") == before + 1


def test_failed_rollout_keeps_the_message(world: World) -> None:
    queue = world.new_queue(visibility=2)
    before = prepared(world, queue=queue, wired=True)
    world.wait_drained(queue)
    world.calls.clear()
    refusal = world.api_wire.fault(answer(403, json.dumps({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "deployments.apps \"web\" is forbidden"}), {"Content-Type": "application/json"}),
        count=None, method="PATCH", path="/deployments/web")

    world.put("db", {"x": "new"})
    world.wait_k8s_event("RolloutFailed", about="web")
    wait_for(lambda: receive_count(world) > 1, 20, "the message to come back")
    assert not world.acknowledgements()
    refusal.count = refusal.used

    world.wait_restarts("web", before + 1)
    world.wait_empty(queue)
    assert world.restarts("web") == before + 1


def test_reply_to_a_delete_lost_does_nothing_twice(world: World) -> None:
    queue = world.new_queue(visibility=2)
    before = prepared(world, queue=queue)
    world.wait_drained(queue)
    reads = len(world.reads())
    world.aws_wire.fault(cut_after(), when=lambda call: "DeleteMessage" in call.target)

    world.put("db", {"x": "new"})
    world.wait_data("db", {"x": b"new"})
    world.wait_drained(queue)

    assert world.restarts("web") == before + 1
    assert len(world.reads()) == reads + 1


def test_unanswered_delete_is_repeated_when_the_message_returns(world: World) -> None:
    queue = world.new_queue(visibility=2)
    before = prepared(world, queue=queue)
    world.wait_drained(queue)
    reads = len(world.reads())
    world.aws_wire.fault(aws_error("InternalError", 500), count=4, when=lambda call: "DeleteMessage" in call.target)

    world.put("db", {"x": "new"})
    world.send(cloudtrail.put_secret_value(world.path("db")), queue)
    world.wait_data("db", {"x": b"new"})
    world.wait_drained(queue)

    assert world.restarts("web") == before + 1
    assert reads < len(world.reads()) <= reads + 3
