"""Credentials that AWS does not take are said clearly, and once they are right, work goes on."""

from __future__ import annotations

import json

import pytest

from bed.aws import Credentials
from iam import SECRETS, SQS, Keys, allow, both_emulators, bound, changes_arrive, only_ministack, user
from world import World


@both_emulators
def test_signed_calls_are_taken(world: World) -> None:
    bound(world)
    world.start(env=Keys(user(world, SQS, SECRETS)).env)
    world.wait_synced("db")
    changes_arrive(world, "2")


@pytest.mark.timeout(150)
@pytest.mark.parametrize(("world", "wrong"), [("guarded", "secret"), ("moto", "secret"), ("moto", "id")],
                         indirect=["world"])
def test_wrong_key_is_said_and_the_right_one_taken_without_restart(world: World, wrong: str) -> None:
    bound(world)
    right = user(world, SQS, SECRETS)
    keys = Keys(Credentials(right.access_key, "wrong" * 8) if wrong == "secret" else
                Credentials("AKIAUNKNOWNUNKNOWN00", right.secret_key))
    edsm = world.start(env=keys.env)

    said = world.wait_reason("db", "CredentialsRejected")
    assert "secretsmanager" in said["message"] and "wrongwrong" not in said["message"]
    edsm.wait_log(msg="queue cannot be read")

    keys.write(right)
    # A file whose keys were refused is read again after half a minute.
    world.wait_data("db", {"x": b"1"}, timeout=75)
    changes_arrive(world, "2")


@both_emulators
def test_denied_read_names_the_permission_and_an_event_tries_again(world: World) -> None:
    bound(world)
    edsm = world.start(env=Keys(user(world, SQS)).env)

    said = world.wait_reason("db", "AccessDenied")
    assert "secretsmanager:GetSecretValue" in said["message"] or "secretsmanager:BatchGetSecretValue" in said["message"]
    assert world.path("db") in said["message"]
    assert edsm.health("/healthz") == 200

    allow(world, SQS, SECRETS)
    changes_arrive(world, "2")
    world.wait_synced("db")


@both_emulators
def test_denied_batch_read_falls_back_to_single_reads(world: World) -> None:
    single = SECRETS | {"Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]}
    for name in ("db", "other"):
        world.put(name, {"x": "1"})
        world.bind(name)
    world.start(env=Keys(user(world, SQS, single)).env)
    for name in ("db", "other"):
        world.wait_data(name, {"x": b"1"})
        world.wait_synced(name)


@both_emulators
def test_denied_queue_names_the_permission_and_is_taken_up_later(world: World) -> None:
    bound(world)
    edsm = world.start(env=Keys(user(world, SECRETS)).env)
    world.wait_synced("db")

    refusal = edsm.wait_log(msg="queue cannot be read")
    assert "sqs:" in refusal["error"] and world.queue.name in json.dumps(refusal)

    allow(world, SQS, SECRETS)
    changes_arrive(world, "2")


@only_ministack
@pytest.mark.parametrize("offset", [600, -600])
def test_clock_ten_minutes_off_is_corrected(world: World, offset: int) -> None:
    bound(world)
    world.aws.set_clock(offset)  # to it, ours is off the other way
    world.start(env=Keys(user(world, SQS, SECRETS)).env)
    world.wait_synced("db")
    changes_arrive(world, "2")

    world.aws.set_clock(0)  # and now ours is right
    changes_arrive(world, "3")


@only_ministack
def test_expired_session_token_is_said_and_the_next_taken(world: World) -> None:
    bound(world)
    role = world.aws.create_role(world.ns, [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {
        "AWS": "*"}}], [SQS, SECRETS])

    def session() -> Credentials:
        given = world.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="edsm", DurationSeconds=900)
        return Credentials(*(given["Credentials"][key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
    keys = Keys(session())
    edsm = world.start(env=keys.env)
    world.wait_synced("db")

    world.aws.set_clock(1000)
    world.put("db", {"x": "2"})
    refused = edsm.wait_log(msg="queue cannot be read", timeout=25)
    assert "ExpiredToken" in refused["error"]
    said = world.wait_reason("db", "CredentialsRejected", timeout=60)  # not said while it may pass by itself
    assert "credentials" in said["message"]

    keys.write(session())
    world.wait_data("db", {"x": b"2"}, timeout=60)
    changes_arrive(world, "3")
