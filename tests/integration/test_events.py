"""An event about a cloud secret brings its new value into the cluster, whatever the event's form."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import cloudtrail
from world import World

# Each makes the event that tells of a change, from the secret's name, its ARN and the new version.
CLOUDTRAIL_EVENTS: dict[str, Callable[[str, str, str], cloudtrail.Event]] = {
    "put by ARN": lambda name, arn, version: cloudtrail.put_secret_value(arn, arn=arn, version=version),
    "put by partial ARN": lambda name, arn, version: cloudtrail.put_secret_value(arn.rpartition("-")[0]),
    "put by name": lambda name, arn, version: cloudtrail.put_secret_value(name),
    "put with aRN of old records": lambda name, arn, version: cloudtrail.api_call(
        "PutSecretValue", {"secretId": name}, {"aRN": arn}),
    "put through a role": lambda name, arn, version: cloudtrail.api_call(
        "PutSecretValue", {"secretId": name}, userIdentity={
            "type": "AssumedRole", "arn": "arn:aws:sts::000000000000:assumed-role/r/s",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "r"}}}),
    "stage moved": lambda name, arn, version: cloudtrail.api_call(
        "UpdateSecretVersionStage", {"secretId": name, "versionStage": "AWSCURRENT", "moveToVersionId": version}),
    "service event of a rotation": lambda name, arn, version: cloudtrail.rotation_succeeded(arn, version),
    "name that nobody knows yet": lambda name, arn, version: cloudtrail.api_call(
        "ChangeSecretInSomeNewWay", {"secretId": name}),
    "made by hand": lambda name, arn, version: cloudtrail.by_hand(name),
    "wrapped by SNS": lambda name, arn, version: cloudtrail.in_sns(cloudtrail.put_secret_value(arn, arn=arn)),
}


def bound_to_one_value(world: World, **options: str) -> None:
    world.put("db", {"password": "old"})
    world.bind("db")
    world.start(**options)
    world.wait_synced("db")


def test_native_event_updates_the_target(world: World) -> None:
    bound_to_one_value(world)
    version = world.put("db", {"password": "new", "user": "admin"})
    secret = world.wait_data("db", {"password": b"new", "user": b"admin"})
    assert secret["metadata"]["labels"]["eventdrivensecretsmanaged"] == "true"
    assert secret["metadata"]["annotations"]["secrets.edsm.io/version"] == version
    binding = world.wait_synced("db", version=version)
    assert secret["metadata"]["ownerReferences"][0]["uid"] == binding["metadata"]["uid"]
    assert world.reads("db") == [world.path("db")] * 2


@pytest.mark.parametrize("kind", CLOUDTRAIL_EVENTS)
def test_cloudtrail_event_updates_the_target(world: World, kind: str) -> None:
    # A queue to which only this event comes, not the native one.
    queue = world.aws.make_queue(f"{world.ns}-cloudtrail")
    world.put("db", {"password": "old"})
    world.bind("db")
    world.start(queue=queue)
    world.wait_synced("db")

    version = world.put("db", {"password": "new"})
    world.send(CLOUDTRAIL_EVENTS[kind](world.path("db"), world.arn("db"), version), queue)

    world.wait_data("db", {"password": b"new"})
    world.wait_empty(queue)
    assert len(world.reads("db")) == 2


def test_reads_and_failed_calls_read_no_value(world: World) -> None:
    bound_to_one_value(world)
    name, arn = world.path("db"), world.arn("db")

    for event in (cloudtrail.read(arn), cloudtrail.batch_read(name), cloudtrail.api_call(
            "DescribeSecret", {"secretId": name}), cloudtrail.api_call("ListSecrets", {"maxResults": 100}),
            cloudtrail.failed(cloudtrail.put_secret_value(name)), cloudtrail.failed(cloudtrail.create_secret(name))):
        world.send(event)
    world.wait_drained()

    assert len(world.reads()) == 1


def test_event_with_the_applied_version_costs_no_call(world: World) -> None:
    bound_to_one_value(world)
    version = world.put("db", {"password": "new"})
    world.wait_synced("db", version=version)
    world.wait_drained()

    for _ in range(3):
        world.send(cloudtrail.native(world.path("db"), world.arn("db"), version))
    world.wait_drained()

    assert len(world.reads("db")) == 2


def test_rollback_to_an_older_version_is_a_change(world: World) -> None:
    bound_to_one_value(world)
    manager = world.aws.client("secretsmanager")
    old = manager.get_secret_value(SecretId=world.path("db"))["VersionId"]
    new = world.put("db", {"password": "new"})
    world.wait_data("db", {"password": b"new"})

    manager.update_secret_version_stage(SecretId=world.path("db"), VersionStage="AWSCURRENT",
                                        MoveToVersionId=old, RemoveFromVersionId=new)

    world.wait_data("db", {"password": b"old"})
    world.wait_synced("db", version=old)


def test_value_after_an_empty_one_arrives(world: World) -> None:
    bound_to_one_value(world)
    for value in ("{}", '{"a":"1"}'):
        version = world.put("db", value)
        world.wait_synced("db", version=version)
    world.wait_data("db", {"a": b"1"})


def test_queues_of_one_program_are_all_heard(world: World) -> None:
    first, second = (world.aws.make_queue(f"{world.ns}-{name}") for name in ("first", "second"))
    world.put("db", {"password": "old"})
    world.bind("db")
    world.start(env={"SQS_QUEUE_URL": f"{first.url},{second.url}"})
    world.wait_synced("db")

    for queue, value in ((first, "1"), (second, "2")):
        world.put("db", {"password": value})
        world.send(cloudtrail.put_secret_value(world.path("db")), queue)
        world.wait_data("db", {"password": value.encode()})


# What is stored in the cloud (text or bytes), what else the binding says, what the Secret must hold.
VALUES: dict[str, tuple[str | bytes, dict, dict[str, bytes]]] = {
    "text beyond ASCII": (
        '{"a":"Zürich – 北京","emoji":"🔐👩‍🚀","escaped":"\\ud83d\\ude00 \\u00e9\\t\\"\\\\"}', {},
        {"a": "Zürich – 北京".encode(), "emoji": "🔐👩‍🚀".encode(), "escaped": '😀 é\t"\\'.encode()}),
    "NUL in a JSON string": ('{"a":"x\\u0000y"}', {}, {"a": b"x\0y"}),
    "numbers keep their digits": (
        '{"big":12345678901234567890,"huge":1e400,"precise":0.10000000000000000055,"minus":-0.0,"exp":1E+2}', {},
        {"big": b"12345678901234567890", "huge": b"1e400", "precise": b"0.10000000000000000055", "minus": b"-0.0",
         "exp": b"1E+2"}),
    "nested values keep their text": (
        '{"object": {"b": [1, 2.50 , {"c": null}], "a":"\\u00e9"}, "list":[ ] ,"yes":true,"nothing":null}', {},
        {"object": '{"b": [1, 2.50 , {"c": null}], "a":"\\u00e9"}'.encode(), "list": b"[ ]", "yes": b"true",
         "nothing": b""}),
    "plain text": ("no JSON\r\nat all\n", {}, {"value": b"no JSON\r\nat all\n"}),
    "JSON that is no object": ("[1, 2]", {}, {"value": b"[1, 2]"}),
    "JSON taken as text": ('{"a": 1}', {"format": "Text", "rawKey": "config.json"}, {"config.json": b'{"a": 1}'}),
    "binary with NUL bytes": (bytes(range(256)) * 4, {}, {"value": bytes(range(256)) * 4}),
    "binary under its own key": (b"\0\xff\0", {"format": "Binary", "rawKey": "key.p12"}, {"key.p12": b"\0\xff\0"}),
    "64 KiB of text": ("é" * 32768, {}, {"value": ("é" * 32768).encode()}),
    "64 KiB of bytes": (b"\x80" * 65536, {}, {"value": b"\x80" * 65536}),
    "64 KiB in one member": (json.dumps({"a": "x" * 65527}), {}, {"a": b"x" * 65527}),
    "selected and renamed": (
        '{"db":{"password":"p","port":5432},"db.password":"dotted","unused":"u"}',
        {"data": [{"secretKey": "PORT", "property": "db.port"}, {"secretKey": "DOTTED", "property": "db.password"},
                  {"secretKey": "unused"}]},
        {"PORT": b"5432", "DOTTED": b"dotted", "unused": b"u"}),
}


def test_values_arrive_byte_for_byte(world: World) -> None:
    names = {case: f"value-{number}" for number, case in enumerate(VALUES)}
    for case, (value, spec, _) in VALUES.items():
        world.put(names[case], '{"before":"1"}' if spec.get("data") is None else value)
        world.bind(names[case], **spec)
    world.start()
    for name in names.values():
        world.wait_synced(name)

    versions = {case: world.put(names[case], value) for case, (value, *_) in VALUES.items()}

    for case, (_, _, expected) in VALUES.items():
        try:
            world.wait_data(names[case], expected)
        except TimeoutError as error:
            raise AssertionError(case) from error
        world.wait_synced(names[case], version=versions[case])
