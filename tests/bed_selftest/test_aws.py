"""The AWS emulators do what the tests of EDSM rely on."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from bed.aws import Credentials, Depth, Ministack, Moto

READ_A = [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
           "Resource": "arn:aws:secretsmanager:*:*:secret:a-*"}]


@pytest.fixture(scope="module")
def ministack() -> Iterator[Ministack]:
    with Ministack() as server:
        yield server


def read(server: Ministack | Moto, credentials: Credentials, name: str = "a") -> str:
    client = server.client("secretsmanager", credentials)
    return client.get_secret_value(SecretId=name)["SecretString"]


def refusal(server: Ministack | Moto, credentials: Credentials, name: str = "a") -> str:
    with pytest.raises(ClientError) as refused:
        read(server, credentials, name)
    return refused.value.response["Error"]["Code"]


def test_native_event_arrives(ministack: Ministack) -> None:
    queue = ministack.make_queue("events")
    ministack.route_native_events(queue)
    ministack.put_secret("native", "1")
    version = ministack.put_secret("native", {"password": "2"})
    (message,) = ministack.receive(queue)
    detail = json.loads(message["Body"])["detail"]
    assert detail == {"name": "native", "labelUpdated": "AWSCURRENT", "versionId": version}
    assert ministack.queue_depth(queue) == Depth(visible=0, in_flight=1)


def test_poison_message_ends_in_the_dead_letter_queue(ministack: Ministack) -> None:
    dead = ministack.make_queue("dead")
    queue = ministack.make_queue("poisoned", visibility=0, dlq=dead, max_receives=1)
    ministack.send(queue, "poison")
    assert [message["Body"] for message in ministack.receive(queue, wait=1)] == ["poison"]
    assert ministack.receive(queue, wait=1) == []
    assert [message["Body"] for message in ministack.receive(dead)] == ["poison"]


def test_restart_is_empty_at_the_same_address(ministack: Ministack) -> None:
    url = ministack.url
    ministack.put_secret("a", "1")
    ministack.restart()
    assert ministack.url == url
    assert ministack.client("secretsmanager").list_secrets()["SecretList"] == []


def test_auth_and_clock() -> None:
    with Ministack(auth=True, clock=True) as server:
        server.put_secret("a", "1")
        server.put_secret("b", "1")
        user = server.create_user_with_policy("reader", READ_A)
        assert read(server, user) == "1"
        assert refusal(server, user, "b") == "AccessDeniedException"
        assert refusal(server, Credentials(user.access_key, "wrong")) == "InvalidSignatureException"
        server.set_clock(+1000)
        assert refusal(server, user) == "InvalidSignatureException"
        server.set_clock(0)
        assert read(server, user) == "1"


def test_moto_enforces() -> None:
    with Moto() as server:
        server.put_secret("a", "1")
        user = server.create_user_with_policy("reader", [{**READ_A[0], "Resource": "*"}])
        lister = server.create_user_with_policy("lister", [
            {"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}])
        server.enforce_auth()
        assert read(server, user) == "1"
        # Its errors are XML whatever the protocol: boto3 finds no code in them.
        for credentials, code in [(lister, "AccessDenied"),
                                  (Credentials(user.access_key, "wrong"), "SignatureDoesNotMatch"),
                                  (Credentials("AKIAUNKNOWN", "wrong"), "InvalidClientTokenId")]:
            with pytest.raises(ClientError, match=f"<Code>{code}</Code>"):
                read(server, credentials)
