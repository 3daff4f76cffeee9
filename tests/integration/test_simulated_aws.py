"""The simulated AWS answers as an AWS does that we did not write, to AWS's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.utils import ContainerMetadataFetcher

import cloudtrail
from bed import ROOT
from bed.aws import Credentials, Ministack
from cloud_scripts import Run, play
from two_clouds import Emulated, Simulated

SCRIPTS = sorted((ROOT / "tests/sim/scripts/aws").glob("*.json"))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Ministack]:
    """One of our own: every script begins with nothing in it."""
    with Ministack() as server:
        yield server


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_answers_as_the_emulator_does(path: Path, emulator: Ministack) -> None:
    script = json.loads(path.read_text())
    settings = script.get("queue", {})
    with Simulated() as cloud:
        cloud.act({"do": "set", **settings})
        play(script["steps"], Run(cloud), Run(Emulated(emulator, **settings)))


def code_of(call: Any, **parameters: Any) -> tuple[int, str]:
    """What the client says about a call that fails."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_refuses_keys_and_clocks_as_the_emulator_does(guarded: Ministack) -> None:
    """An unknown key, and a signature of ten minutes ago."""
    key = guarded.create_user_with_policy("u", [{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    unknown = Credentials("AKIAUNKNOWN000000000", "secret")
    queue = guarded.make_queue("keys")
    with Simulated(datetime.now(UTC) + timedelta(minutes=10)) as late, Simulated() as cloud:
        for service, call in (("secretsmanager", "list_secrets"), ("sqs", "receive_message")):
            mine, theirs = ({"QueueUrl": url} if service == "sqs" else {} for url in (cloud.queue_url, queue.url))
            assert (code_of(getattr(cloud.client(service, unknown), call), **mine)
                    == code_of(getattr(guarded.client(service, unknown), call), **theirs))
            # The emulator's SQS looks at no clock; to AWS it is one more signature that does not match.
            asked = guarded.client(service, key if service != "sqs" else Credentials(key.access_key, "wrong"))
            guarded.set_clock(600)
            try:
                refused = code_of(getattr(asked, call), **theirs)
            finally:
                guarded.set_clock(0)
            assert code_of(getattr(late.client(service), call), **mine) == refused


def test_hands_out_keys_that_the_client_takes() -> None:
    """The client reads the container endpoint's answer, and its keys are good until they expire."""
    with Simulated() as cloud:
        keys = ContainerMetadataFetcher(session=cloud).retrieve_full_uri("http://169.254.170.23/v1/credentials")
        expiry = datetime.fromisoformat(keys["Expiration"])
        assert timedelta(minutes=59) < expiry - datetime.now(UTC) <= timedelta(hours=1)
        role = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["Token"])
        secrets, messages = cloud.client("secretsmanager", role), cloud.client("sqs", role)
        assert secrets.list_secrets()["SecretList"] == []
        cloud.act({"do": "expire"})
        assert code_of(secrets.list_secrets) == (400, "ExpiredTokenException")
        assert code_of(messages.receive_message, QueueUrl=cloud.queue_url) == (403, "ExpiredToken")


def test_lists_are_late() -> None:
    """What no emulator does: a list shows what was five minutes ago."""
    with Simulated() as cloud:
        client = cloud.client("secretsmanager")
        cloud.act({"do": "set", "list_lag": 300})
        cloud.act({"do": "put", "name": "a", "text": "1"})
        assert client.list_secrets()["SecretList"] == []
        assert client.describe_secret(SecretId="a")["Name"] == "a"


def test_records_of_cloudtrail_have_the_members_of_real_ones() -> None:
    """What the emulator does not send. The models are the bed's, after published records."""
    arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:a-abcdef"
    with Simulated() as cloud:
        cloud.act({"do": "set", "trail": True})
        for do in ("put", "put", "rotate", "remove", "restore"):
            cloud.act({"do": do, "name": "a", "text": "1"})
        messages = cloud.client("sqs").receive_message(QueueUrl=cloud.queue_url, MaxNumberOfMessages=10)["Messages"]
    names = []
    for event in (json.loads(message["Body"]) for message in messages):
        detail = event["detail"]
        names.append(detail.get("eventName", event["detail-type"]))
        detail.pop("sessionCredentialFromConsole", None)
        model = (cloudtrail.native("a", arn, "v") if "eventName" not in detail
                 else cloudtrail.rotation_succeeded(arn, "v") if detail["eventType"] == "AwsServiceEvent"
                 else cloudtrail.api_call(detail["eventName"], {}, {}))
        assert event.keys() == model.keys()
        assert event["detail-type"] == model["detail-type"]
        assert detail.keys() == model["detail"].keys(), names[-1]
        assert detail.get("userIdentity", {}).keys() == model["detail"].get("userIdentity", {}).keys()
    assert names == ["CreateSecret", "PutSecretValue", "Secret Label Updated", "RotateSecret", "PutSecretValue",
                     "UpdateSecretVersionStage", "Secret Label Updated", "RotationSucceeded", "DeleteSecret",
                     "RestoreSecret"]
