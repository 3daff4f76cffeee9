"""A value that cannot be had or used leaves the target exactly as it is, and says why."""

from __future__ import annotations

import json

import pytest

import cloudtrail
import manifests
from world import World, condition

# What the binding adds, the value that does not fit it, and what is said.
UNUSABLE: dict[str, tuple[dict, str | bytes, str]] = {
    "text where JSON is selected": ({"data": [{"secretKey": "a"}]}, "just text", "NotJSON"),
    "binary where JSON is selected": ({"data": [{"secretKey": "a"}]}, b"\0\1", "NotJSON"),
    "text where JSON is demanded": ({"format": "JSON"}, "just text", "NotJSON"),
    "an array where JSON is demanded": ({"format": "JSON"}, "[1]", "NotJSON"),
    "broken JSON": ({}, '{"a": "canary-5d1c",}', "NotJSON"),
    "JSON and more": ({}, '{"a": "canary-5d1c"} trailing', "NotJSON"),
    "JSON cut off": ({}, '{"a": "canary-5d1c', "NotJSON"),
    "half an emoji": ({}, r'{"a": "\ud83d canary-5d1c"}', "NotJSON"),
    "binary where text is demanded": ({"format": "Text"}, b"\0\1", "NotText"),
    "a selected member is missing": ({"data": [{"secretKey": "a", "property": "a.b"}]}, '{"a": {"c": 1}}',
                                     "MissingProperty"),
    "a name that is no key": ({}, '{"a": "1", "white space canary-5d1c": "2"}', "InvalidKey"),
    "a type that needs other keys": ({"how": {"type": "kubernetes.io/tls"}, "data": [
        {"secretKey": "tls.crt", "property": "a"}]}, '{"a": "1"}', "WrongType"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_value_makes_no_secret(world: World, case: str) -> None:
    spec, value, reason = UNUSABLE[case]
    world.put("bad", value)
    world.bind("bad", **spec)
    world.start()

    said = world.wait_reason("bad", reason)

    assert "canary" not in said["message"] and len(said["message"]) > 20
    assert condition(world.kube.get("EventDrivenSecret", "bad", world.ns), "Stalled")["status"] == "True"
    assert world.kube.find("Secret", "bad", world.ns) is None
    assert world.wait_k8s_event(reason, about="bad")["type"] == "Warning"


@pytest.mark.parametrize("bad", ['{"a": "2",}', '{"a": "2"} x', '{"": "2"}', '{"a\\u0000": "2"}'])
def test_bad_value_after_a_good_one_leaves_the_target_untouched(world: World, bad: str) -> None:
    queue = world.new_queue(visibility=2)
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start(queue=queue)
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    good = world.kube.get("Secret", "db", world.ns)

    world.put("db", bad)
    world.wait_reason("db", "InvalidKey" if '"": ' in bad or "u0000" in bad else "NotJSON")
    assert world.kube.get("Secret", "db", world.ns) == good

    version = world.put("db", {"a": "3"})
    world.wait_synced("db", version=version)
    world.wait_drained(queue)
    world.wait_data("db", {"a": b"3"})
    assert world.restarts("web") == before + 1
    assert condition(world.kube.get("EventDrivenSecret", "db", world.ns), "Stalled")["status"] == "False"


def test_absent_secret_is_said_and_found_by_its_creation_event(world: World) -> None:
    world.bind("late")
    world.start()
    said = world.wait_reason("late", "SourceGone")
    assert world.path("late") in said["message"]

    world.put("late", {"a": "1"})  # creation sends no native event
    world.send(cloudtrail.create_secret(world.path("late")))

    world.wait_data("late", {"a": b"1"}, timeout=4)
    world.wait_synced("late")


def test_absent_secret_is_found_without_any_event(world: World) -> None:
    world.bind("late")
    world.start()
    world.wait_reason("late", "SourceGone")

    world.put("late", {"a": "1"})

    world.wait_data("late", {"a": b"1"})


def test_deleted_secret_keeps_the_target_and_its_restoration_is_seen(world: World) -> None:
    manager = world.aws.client("secretsmanager")
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    good = world.kube.get("Secret", "db", world.ns)

    manager.delete_secret(SecretId=world.path("db"))
    world.send(cloudtrail.api_call("DeleteSecret", {"secretId": world.path("db"), "recoveryWindowInDays": 30}, {
        "name": world.path("db"), "deletionDate": "May 3, 2018 5:51:02 PM", "aRN": good["metadata"]["name"]}))
    said = world.wait_reason("db", "SourceGone")
    assert "keeps its last value" in said["message"]
    assert world.kube.get("Secret", "db", world.ns) == good

    manager.restore_secret(SecretId=world.path("db"))
    world.send(cloudtrail.api_call("RestoreSecret", {"secretId": world.path("db")}))
    world.wait_synced("db")


def test_secret_made_anew_under_another_arn_is_followed(world: World) -> None:
    manager = world.aws.client("secretsmanager")
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start()
    world.wait_synced("db")

    manager.delete_secret(SecretId=world.path("db"), ForceDeleteWithoutRecovery=True)
    world.put("db", {"a": "2"})
    world.send(cloudtrail.create_secret(world.path("db")))
    world.wait_data("db", {"a": b"2"})
    world.put("db", {"a": "3"})
    world.wait_data("db", {"a": b"3"})


def test_one_bad_secret_of_a_batch_holds_nobody_up(world: World) -> None:
    names = [f"s{number}" for number in range(10)]
    for name in names:
        world.bind(name)
        if name != "s5":
            world.put(name, json.dumps({"x": name}))
    world.start()
    for name in names:
        if name != "s5":
            world.wait_data(name, {"x": name.encode()})
    world.wait_reason("s5", "SourceGone")


def test_target_of_another_type_is_said_and_not_touched(world: World) -> None:
    world.put("db", {"username": "u"})
    world.kube.create(manifests.secret("db", world.ns, {"username": b"old"}, type="kubernetes.io/basic-auth",
                                       labels={manifests.LABEL: "true"}))
    world.bind("db")
    world.start()
    said = world.wait_reason("db", "TargetTypeMismatch")
    assert "kubernetes.io/basic-auth" in said["message"]
    world.wait_data("db", {"username": b"old"})
    world.kube.delete("Secret", "db", world.ns)
    world.wait_data("db", {"username": b"u"})
