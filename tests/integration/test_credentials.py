"""Credentials that AWS does not take are said clearly, and once they are right, work goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import cloudtrail
from bed.aws import ROOT_USER, Credentials, Ministack, Moto
from bed.controlplane import ControlPlane
from bed.process import wait_for
from bed.scratch import work_dir
from conftest import short_name
from world import World

SQS = {"Effect": "Allow", "Resource": "*", "Action": [
    "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]}
SECRETS = {"Effect": "Allow", "Resource": "*", "Action": [
    "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecrets"]}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


class Keys:
    """A shared credentials file, such as a Secret that is mounted into the pod."""

    def __init__(self, credentials: Credentials) -> None:
        self.path = work_dir("keys") / "credentials"
        self.write(credentials)
        self.env = NO_KEYS | {"AWS_SHARED_CREDENTIALS_FILE": str(self.path)}

    def write(self, credentials: Credentials) -> None:
        lines = ["[default]", f"aws_access_key_id = {credentials.access_key}",
                 f"aws_secret_access_key = {credentials.secret_key}"]
        if credentials.token:
            lines.append(f"aws_session_token = {credentials.token}")
        new = self.path.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.rename(self.path)


@pytest.fixture(scope="module")
def guarded() -> Iterator[Ministack]:
    """A ministack that verifies signatures and policies, and whose clock can be moved."""
    with Ministack(auth=True, clock=True) as server:
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """A moto that does so too; `user` may do everything."""
    with Moto() as server:
        server.user = server.create_user_with_policy("admin", [EVERYTHING])
        server.enforce_auth()
        yield server


@pytest.fixture(params=["guarded", "moto"])
def world(request: pytest.FixtureRequest, cluster: ControlPlane) -> Iterator[World]:
    """Each test runs against both emulators, unless it names one."""
    with ExitStack() as stack:
        server = request.getfixturevalue(request.param)
        world = World(cluster, server, short_name(request.node.name), stack)
        stack.callback(world.clean_up)
        if isinstance(server, Ministack) and request.param == "guarded":
            stack.callback(server.set_clock, 0)
        yield world
    world.check_sanitizers()


only_ministack = pytest.mark.parametrize("world", ["guarded"], indirect=True)
unguarded = pytest.mark.parametrize("world", ["aws"], indirect=True)


def user(world: World, *statements: dict[str, Any]) -> Credentials:
    return world.aws.create_user_with_policy(world.ns, statements)


def allow(world: World, *statements: dict[str, Any]) -> None:
    world.aws.client("iam").put_user_policy(UserName=world.ns, PolicyName="bed", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": list(statements)}))


def changes_arrive(world: World, value: str) -> None:
    world.put("db", {"x": value})
    world.send(cloudtrail.put_secret_value(world.path("db")))  # moto sends no native event
    world.wait_data("db", {"x": value.encode()})
    world.wait_empty(world.queue)


def bound(world: World) -> None:
    world.put("db", {"x": "1"})
    world.bind("db")


def test_signed_calls_are_taken(world: World) -> None:
    bound(world)
    world.start(env=Keys(user(world, SQS, SECRETS)).env)
    world.wait_synced("db")
    changes_arrive(world, "2")


@pytest.mark.parametrize("wrong", ["secret", "id"])
def test_wrong_key_is_said_and_the_right_one_taken_without_restart(world: World, wrong: str) -> None:
    bound(world)
    right = user(world, SQS, SECRETS)
    keys = Keys(Credentials(right.access_key, "wrong" * 8) if wrong == "secret" else
                Credentials("AKIAUNKNOWNUNKNOWN00", right.secret_key))
    edsm = world.start(env=keys.env)

    said = world.wait_reason("db", "CredentialsRejected")
    assert "secretsmanager" in said["message"] and "wrong" not in said["message"]
    edsm.wait_log(msg="queue cannot be read")

    keys.write(right)
    world.wait_data("db", {"x": b"1"})
    changes_arrive(world, "2")


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


def test_denied_batch_read_falls_back_to_single_reads(world: World) -> None:
    single = SECRETS | {"Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]}
    for name in ("db", "other"):
        world.put(name, {"x": "1"})
        world.bind(name)
    world.start(env=Keys(user(world, SQS, single)).env)
    for name in ("db", "other"):
        world.wait_data(name, {"x": b"1"})
        world.wait_synced(name)


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
        given = world.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="s", DurationSeconds=900)
        return Credentials(*(given["Credentials"][key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
    keys = Keys(session())
    edsm = world.start(env=keys.env)
    world.wait_synced("db")

    world.aws.set_clock(1000)
    world.put("db", {"x": "2"})
    world.kube.patch("EventDrivenSecret", "db", world.ns, {"metadata": {"annotations": {"edsm.io/last-updated": "1"}}})
    said = world.wait_reason("db", "CredentialsRejected")
    assert "Expired" in said["message"] or "expired" in said["message"]
    edsm.wait_log(msg="queue cannot be read")

    keys.write(session())
    world.wait_data("db", {"x": b"2"})
    changes_arrive(world, "3")


def profile(world: World, role: str, **settings: object) -> dict[str, str]:
    """The environment for a profile that assumes the role as this world's user."""
    assuming = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    keys = user(world, assuming)
    config = work_dir("aws-config") / "config"
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    config.write_text(f"[profile base]\naws_access_key_id = {keys.access_key}\n"
                      f"aws_secret_access_key = {keys.secret_key}\n\n"
                      f"[profile edsm]\nsource_profile = base\nrole_arn = {role}\n{lines}")
    return NO_KEYS | {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "edsm"}


def role_with_external_id(world: World) -> str:
    return world.aws.create_role(world.ns, [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": "agreed-upon"}}}], [SQS, SECRETS])


@only_ministack
def test_profile_assumes_a_role_with_an_external_id_and_renews_it(world: World) -> None:
    bound(world)
    world.start(env=profile(world, role_with_external_id(world), external_id="agreed-upon", duration_seconds=900))
    world.wait_synced("db")
    changes_arrive(world, "2")

    world.aws.set_clock(1000)  # the session has expired, as AWS sees it
    changes_arrive(world, "3")


@only_ministack
def test_wrong_external_id_is_refused_and_said(world: World) -> None:
    bound(world)
    role = role_with_external_id(world)
    world.start(env=profile(world, role, external_id="guessed"))
    ready = world.kube.wait("EventDrivenSecret", "db", world.ns, lambda seen: (
        seen["status"].get("reason") in ("AccessDenied", "CredentialsRejected")), "refused", 30)
    assert "AssumeRole" in ready["status"]["message"] and role in ready["status"]["message"]


ISSUER = "oidc.example.com/id/1"


def jwt(subject: str) -> str:
    parts = ({"alg": "RS256"}, {"iss": f"https://{ISSUER}", "sub": subject, "aud": "sts.amazonaws.com"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"


@only_ministack
def test_web_identity_is_taken_once_the_token_file_is_right(world: World) -> None:
    bound(world)
    provider = world.aws.client("iam").create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    role = world.aws.create_role(world.ns, [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider},
        "Condition": {"StringEquals": {f"{ISSUER}:sub": "system:serviceaccount:edsm:edsm",
                                       f"{ISSUER}:aud": "sts.amazonaws.com"}}}], [SQS, SECRETS])
    token: Path = work_dir("identity") / "token"
    token.write_text(jwt("system:serviceaccount:edsm:somebody"))
    edsm = world.start(env=NO_KEYS | {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": role})
    edsm.wait_log(msg="queue cannot be read")
    text = edsm.process.log.read_text()
    assert "AssumeRoleWithWebIdentity" in text and jwt("system:serviceaccount:edsm:somebody") not in text

    token.write_text(jwt("system:serviceaccount:edsm:edsm"))

    world.wait_data("db", {"x": b"1"}, timeout=60)
    changes_arrive(world, "2")


@unguarded
def test_container_credentials_are_taken(world: World) -> None:
    bound(world)
    token = work_dir("pod-identity") / "token"
    token.write_text("pod-token")
    world.start(env=NO_KEYS | {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": world.aws_wire.url + "/v2/credentials/edsm",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)})
    world.wait_synced("db")
    changes_arrive(world, "2")
    asked = world.calls.find(path="/v2/credentials/edsm")
    assert [call.headers["authorization"] for call in asked] == ["pod-token"]
    for call in world.calls.find(target="GetSecretValue"):
        assert "Credential=test/" not in call.headers["authorization"]


@unguarded
def test_instance_credentials_are_taken(world: World) -> None:
    bound(world)
    world.start(env=NO_KEYS | {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": world.aws_wire.url})
    world.wait_synced("db")
    changes_arrive(world, "2")
    assert world.calls.count(method="PUT", path="/latest/api/token") == 1


@unguarded
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
def test_endpoint_variables_are_taken(world: World, variable: str) -> None:
    bound(world)
    world.start(env={"AWS_ENDPOINT": "", variable: world.aws_wire.url, **ROOT_USER.env()})
    world.wait_synced("db")
    wait_for(lambda: world.calls.count(target="ReceiveMessage"), 10, "a poll")
