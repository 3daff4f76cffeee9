"""What is wrong is said where it is wrong; everything else goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

import cloudtrail
import manifests
from world import World, condition

GOOD = {"password": b"good"}


@pytest.fixture
def good(world: World) -> Iterator[World]:
    """A world with one good binding, which is still served when the test is over."""
    world.put("good", {"password": "old"})
    world.bind("good")
    yield world
    world.put("good", {"password": "good"})
    world.wait_data("good", GOOD)
    assert all(program.process.returncode is None for program in world.programs)


# -- messages ---------------------------------------------------------------------

MESSAGES: dict[str, str] = {
    "no JSON": "hello",
    "cut off": json.dumps(cloudtrail.put_secret_value("x"))[:-10],
    "an array": "[1, 2, 3]",
    "a number": "12345678901234567890",
    "a string": '"text"',
    "null": "null",
    "an empty object": "{}",
    "no detail": json.dumps({"source": "aws.secretsmanager", "detail-type": "AWS API Call via CloudTrail"}),
    "detail is text": json.dumps({"source": "aws.secretsmanager", "detail": "text"}),
    "names are numbers": json.dumps({"detail": {"awsRegion": 1, "eventName": 2, "requestParameters": {"secretId": 3}}}),
    "members twice": '{"detail":{"eventName":"PutSecretValue"},"detail":{}}',
    "bytes that are no text": "\x7f\u0085\ufffd\ue000\U0010fffd" * 50,
    "deep": "[" * 50_000 + "]" * 50_000,
    "deep objects": '{"detail":' * 5_000 + "1" + "}" * 5_000,
    "large": json.dumps({"detail": "x" * 900_000}),
    "large and cut off": '{"detail":"' + "x" * 250_000,
    "SNS around nonsense": json.dumps({"Type": "Notification", "Message": "nonsense"}),
    "SNS around SNS": json.dumps(cloudtrail.in_sns(cloudtrail.in_sns(cloudtrail.by_hand("x")))),
}


def test_senseless_messages_disturb_nobody_and_end_with_the_dead_letters(good: World) -> None:
    dead = good.aws.make_queue(f"{good.ns}-dead")
    queue = good.new_queue(visibility=1, dlq=dead, max_receives=2)
    good.start(queue=queue)
    good.wait_synced("good")

    for body in MESSAGES.values():
        good.send(body, queue)
    version = good.put("good", {"password": "between"})

    good.wait_synced("good", version=version)
    received: dict[str, str] = {}
    while len(received) < len(MESSAGES):
        found = good.aws.receive(dead, wait=20)
        assert found, sorted(name for name, body in MESSAGES.items() if body not in received.values())
        received |= {message["MessageId"]: message["Body"] for message in found}
    assert sorted(received.values()) == sorted(MESSAGES.values())
    good.wait_empty(queue)


def test_foreign_events_are_acknowledged_without_a_call(good: World) -> None:
    good.start()
    good.wait_synced("good")
    others = [
        cloudtrail.put_secret_value("somebody/elses"),
        cloudtrail.native("somebody/elses", "arn:aws:secretsmanager:eu-west-1:000000000000:secret:x-abcdef", "v" * 32),
        cloudtrail.put_secret_value(good.arn("good").replace("eu-west-1", "us-east-1")),
        cloudtrail.put_secret_value(good.arn("good").replace(":000000000000:", ":999999999999:")),
        cloudtrail.put_secret_value(good.path("good") + "-but-longer"),
    ]

    for event in others:
        good.send(event)
    good.wait_drained()

    assert len(good.reads()) <= 2, "an account that is not known yet may cost one read, nothing else may"


# -- specs ------------------------------------------------------------------------

def test_unknown_provider_and_missing_region_are_said(good: World) -> None:
    good.put("x", {"a": "1"})
    good.bind("nebula", path=good.path("x"), cloudProvider="nebula")
    good.bind("placeless", path=good.path("x"), cloudProviderOptions=None)
    # A queue whose URL tells its region: so nothing tells the region of secrets.
    url = f"https://sqs.eu-west-1.amazonaws.com/000000000000/{good.queue.name}"
    good.start(env={"AWS_REGION": "", "SQS_QUEUE_URL": url})

    unknown = good.wait_reason("nebula", "UnknownProvider")
    missing = good.wait_reason("placeless", "MissingRegion")

    assert "nebula" in unknown["message"] and "aws" in unknown["message"]
    assert "region" in missing["message"]
    for name in ("nebula", "placeless"):
        seen = good.kube.get("EventDrivenSecret", name, good.ns)
        assert condition(seen, "Stalled")["status"] == "True"
        assert seen["status"]["observedGeneration"] == 1
        assert good.kube.find("Secret", name, good.ns) is None
    good.kube.patch("EventDrivenSecret", "placeless", good.ns, {
        "spec": {"cloudProviderOptions": {"region": "eu-west-1"}}})
    good.wait_synced("placeless")


def test_arn_needs_no_region(good: World) -> None:
    good.put("x", {"a": "1"})
    good.bind("placeless", path=good.arn("x"), cloudProviderOptions=None)
    good.start()
    good.wait_data("placeless", {"a": b"1"})
    good.put("x", {"a": "2"})
    good.wait_data("placeless", {"a": b"2"})


def test_two_bindings_of_one_target_the_older_has_it(good: World) -> None:
    for name in ("first", "second"):
        good.put(name, {"from": name})
    good.bind("first", target="shared")
    good.wait_next_second()
    good.bind("second", target="shared")
    good.start()

    good.wait_synced("first")
    conflict = good.wait_reason("second", "TargetConflict")
    assert f"{good.ns}/first" in conflict["message"]
    good.put("second", {"from": "second again"})
    version = good.put("first", {"from": "first again"})
    good.wait_synced("first", version=version)
    good.wait_drained()
    good.wait_data("shared", {"from": b"first again"})

    good.kube.delete("EventDrivenSecret", "first", good.ns)

    good.wait_synced("second")
    secret = good.wait_data("shared", {"from": b"second again"})
    owners = [owner["name"] for owner in secret["metadata"]["ownerReferences"]]
    assert owners == ["second"]


# -- targets ----------------------------------------------------------------------

def test_target_of_somebody_else_is_not_touched_until_handed_over(good: World) -> None:
    good.put("x", {"a": "1"})
    theirs = good.kube.create(manifests.secret("x", good.ns, {"theirs": b"1"}))
    good.bind("x")
    good.start()

    good.wait_reason("x", "TargetNotOurs")
    good.put("x", {"a": "2"})
    good.wait_drained()
    assert good.kube.get("Secret", "x", good.ns)["metadata"]["resourceVersion"] == theirs["metadata"]["resourceVersion"]

    good.kube.patch("Secret", "x", good.ns, {"metadata": {"labels": {manifests.LABEL: "true"}}})
    good.wait_data("x", {"a": b"2"})
    good.wait_synced("x")


def test_target_with_another_owner_is_not_touched(good: World) -> None:
    good.put("x", {"a": "1"})
    owner = good.kube.create({"apiVersion": "v1", "kind": "ConfigMap",
                              "metadata": {"name": "boss", "namespace": good.ns}})
    theirs = manifests.secret("x", good.ns, {"theirs": b"1"}, labels={manifests.LABEL: "true"})
    theirs["metadata"]["ownerReferences"] = [{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "boss", "uid": owner["metadata"]["uid"], "controller": True}]
    good.kube.create(theirs)
    good.bind("x")
    good.start()

    refused = good.wait_reason("x", "TargetNotOurs")

    assert "ConfigMap boss" in refused["message"]
    good.wait_data("x", {"theirs": b"1"})


def test_secret_of_an_earlier_installation_is_adopted(good: World) -> None:
    good.put("x", {"a": "1"})
    good.kube.create(manifests.secret("x", good.ns, {"old": b"1"}, labels={manifests.LABEL: "true"}))
    good.bind("x")
    good.start()
    good.wait_data("x", {"a": b"1"})
