"""AWS on loopback: ministack (native events, IAM, a movable clock) and moto."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import boto3
import requests
from botocore.config import Config

from bed.process import Process, wait_for
from bed.scratch import free_port, work_dir

REGION = "eu-west-1"
_LIBFAKETIME = "faketime/libfaketimeMT.so.1"


@dataclass(frozen=True)
class Credentials:
    """An access key."""

    access_key: str
    secret_key: str
    token: str | None = None

    def env(self) -> dict[str, str]:
        """As the environment variables that every SDK reads."""
        result = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        return result | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


ROOT_USER = Credentials("test", "test")


@dataclass(frozen=True)
class Queue:
    """An SQS queue."""

    name: str
    url: str
    arn: str


@dataclass(frozen=True)
class Depth:
    """How many messages of a queue wait, and how many somebody has received."""

    visible: int
    in_flight: int


class _Server:
    """What both emulators have in common. State is per account and region:
    the helpers below work in REGION, as `user`."""

    name: str
    health: str
    user = ROOT_USER

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str, str, Credentials], Any] = {}

    def __enter__(self) -> Self:
        self.folder = work_dir(self.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _argv(self) -> Sequence[str]:
        raise NotImplementedError

    def _env(self) -> dict[str, str]:
        return {}

    def start(self) -> None:
        """Starts it (again), empty, on its port."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        self.process = Process(self.name, [sys.executable, "-m", *self._argv()],
                               env=env | self._env(), folder=self.folder)
        try:
            wait_for(lambda: requests.get(self.url + self.health, timeout=2).ok, 30, self.name, [self.process])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops it; its state is gone."""
        self.process.stop(grace=2)

    def restart(self) -> None:
        """A new, empty server at the old address."""
        self.stop()
        self.start()

    def client(self, service: str, credentials: Credentials | None = None, *, region: str = REGION,
               url: str | None = None) -> Any:
        """A boto3 client of `user`, if no other is given, that does not retry; `url` is that of a
        proxy before it."""
        url, credentials = url or self.url, credentials or self.user
        key = (service, region, url, credentials)
        if key not in self._clients:
            self._clients[key] = boto3.client(
                service, endpoint_url=url, region_name=region,
                aws_access_key_id=credentials.access_key, aws_secret_access_key=credentials.secret_key,
                aws_session_token=credentials.token,
                config=Config(retries={"total_max_attempts": 1}, proxies={}, connect_timeout=5, read_timeout=30))
        return self._clients[key]

    # -- SQS and EventBridge --------------------------------------------------

    def make_queue(self, name: str, *, visibility: int = 30, dlq: Queue | None = None,
                   max_receives: int = 3, **attributes: str) -> Queue:
        """A queue; messages received `max_receives` times in vain move to `dlq`."""
        attributes["VisibilityTimeout"] = str(visibility)
        if dlq:
            attributes["RedrivePolicy"] = json.dumps(
                {"deadLetterTargetArn": dlq.arn, "maxReceiveCount": max_receives})
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(name, url, arn)

    def route_events(self, queue: Queue, pattern: Mapping[str, Any], *, rule: str | None = None,
                     **target: Any) -> None:
        """Sends the default bus's events that match to the queue; `target`
        takes members of an EventBridge target, such as InputPath."""
        rule = rule or f"to-{queue.name}"
        events = self.client("events")
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        answer = events.put_targets(Rule=rule, Targets=[{"Id": queue.name, "Arn": queue.arn, **target}])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"put_targets: {answer['FailedEntries']}")

    def route_native_events(self, queue: Queue) -> None:
        """Sends Secrets Manager's own "Secret Label Updated" events to the queue."""
        self.route_events(queue, {
            "source": ["aws.secretsmanager"], "detail-type": ["Secret Label Updated"],
            "detail": {"labelUpdated": ["AWSCURRENT"]}}, rule=f"native-to-{queue.name}")

    def send(self, queue: Queue, body: str | Mapping[str, Any]) -> str:
        """Puts a message into the queue; returns its id."""
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client("sqs").send_message(QueueUrl=queue.url, MessageBody=text)["MessageId"]

    def receive(self, queue: Queue, *, wait: int = 5, **params: Any) -> list[dict[str, Any]]:
        """Receives up to ten messages, without deleting them."""
        answer = self.client("sqs").receive_message(
            QueueUrl=queue.url, WaitTimeSeconds=wait, MaxNumberOfMessages=10, **params)
        return answer.get("Messages", [])

    def queue_depth(self, queue: Queue) -> Depth:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)["Attributes"]
        return Depth(*(int(found[name]) for name in names))

    # -- Secrets Manager and IAM ----------------------------------------------

    def put_secret(self, name: str, value: str | bytes | Mapping[str, Any], **params: Any) -> str:
        """Creates the secret or gives it a new version; returns the version id.
        (Creation sends no native event, a new version does.)"""
        manager = self.client("secretsmanager")
        if isinstance(value, bytes):
            params["SecretBinary"] = value
        else:
            params["SecretString"] = value if isinstance(value, str) else json.dumps(value)
        try:
            return manager.put_secret_value(SecretId=name, **params)["VersionId"]
        except manager.exceptions.ResourceNotFoundException:
            return manager.create_secret(Name=name, **params)["VersionId"]

    def create_user_with_policy(self, name: str, statements: Sequence[Mapping[str, Any]]) -> Credentials:
        """An IAM user that may do what the policy statements allow; its key."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="bed", PolicyDocument=_policy(statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def create_role(self, name: str, trust: Sequence[Mapping[str, Any]],
                    statements: Sequence[Mapping[str, Any]]) -> str:
        """An IAM role that the trust statements let others assume; its ARN."""
        iam = self.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="bed", PolicyDocument=_policy(statements))
        return role["Arn"]


class Ministack(_Server):
    """ministack. `auth`: signatures and policies count (ROOT_USER may do
    everything, and its signature is not verified). `clock`: set_clock works."""

    name, health = "ministack", "/_ministack/health"

    def __init__(self, *, auth: bool = False, clock: bool = False) -> None:
        super().__init__()
        self._auth, self._clock = auth, clock

    def _argv(self) -> Sequence[str]:
        return ["ministack"]

    def _env(self) -> dict[str, str]:
        env = {"GATEWAY_PORT": str(self.port), "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1",
               "MINISTACK_REGION": REGION, "LOG_LEVEL": "INFO", "AUTH": str(self._auth).lower()}
        if self._clock:
            self.set_clock(0)
            env |= {"LD_PRELOAD": str(_libfaketime()), "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                    "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return env

    def set_clock(self, offset_seconds: float) -> None:
        """Moves its clock to `offset_seconds` from the true time, at once."""
        if not self._clock:
            raise ValueError("its clock can only be moved with Ministack(clock=True)")
        new = self.folder / "clock.new"
        new.write_text(f"{offset_seconds:+g}\n")
        new.rename(self.folder / "clock")  # never seen half written

    def reset(self) -> None:
        """Forgets everything, without a restart."""
        requests.post(self.url + "/_ministack/reset", timeout=10).raise_for_status()


class Moto(_Server):
    """moto's server: no native events, but a second opinion on signatures.
    `enforce`: from the start; or make users first and call enforce_auth()."""

    name, health = "moto", "/moto-api/data.json"

    def __init__(self, *, enforce: bool = False) -> None:
        super().__init__()
        self._enforce = enforce

    def _argv(self) -> Sequence[str]:
        return ["moto.server", "--host", "127.0.0.1", "--port", str(self.port)]

    def _env(self) -> dict[str, str]:
        return {"INITIAL_NO_AUTH_ACTION_COUNT": "0"} if self._enforce else {}

    def enforce_auth(self) -> None:
        """From now on verifies signatures and policies. That refuses ROOT_USER:
        make everything that is needed before, or a `user` who may. Policies need Resource "*": for
        Secrets Manager it looks at actions only."""
        requests.post(self.url + "/moto-api/reset-auth", data=b"0", timeout=10,
                      headers={"Content-Type": "application/octet-stream"}).raise_for_status()


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _libfaketime() -> Path:
    for library in Path("/usr/lib").glob(f"*/{_LIBFAKETIME}"):
        return library
    raise FileNotFoundError(f"/usr/lib/*/{_LIBFAKETIME} (Debian package libfaketime) is missing")
