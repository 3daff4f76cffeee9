"""Credentials that come from somewhere: roles, web identity, containers, instances."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from bed.aws import ROOT_USER
from bed.process import wait_for
from bed.scratch import work_dir
from iam import NO_KEYS, SECRETS, SQS, bound, changes_arrive, only_ministack, user
from world import World


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
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


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

    edsm.wait_log(msg="listening", timeout=30)
    changes_arrive(world, "2")


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


def test_instance_credentials_are_taken(world: World) -> None:
    bound(world)
    world.start(env=NO_KEYS | {"AWS_EC2_METADATA_DISABLED": "",
                               "AWS_EC2_METADATA_SERVICE_ENDPOINT": world.aws_wire.url})
    world.wait_synced("db")
    changes_arrive(world, "2")
    assert world.calls.count(method="PUT", path="/latest/api/token") == 1


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
def test_endpoint_variables_are_taken(world: World, variable: str) -> None:
    bound(world)
    world.start(env={"AWS_ENDPOINT": "", variable: world.aws_wire.url, **ROOT_USER.env()})
    world.wait_synced("db")
    wait_for(lambda: world.calls.count(target="ReceiveMessage"), 10, "a poll")
