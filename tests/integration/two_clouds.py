"""The simulated AWS of tests/sim and an emulator, both asked by AWS's own client, and acted upon alike."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from bed.aws import REGION, ROOT_USER, Credentials, Ministack
from bed.edsm import default_binary

Json = dict[str, Any]

QUEUE, DEAD = "edsm-events", "edsm-events-dead"
QUEUE_OPERATIONS = {"ReceiveMessage", "SendMessage", "GetQueueAttributes", "DeleteMessage", "DeleteMessageBatch",
                    "ChangeMessageVisibility", "ChangeMessageVisibilityBatch"}


def sim_program(name: str) -> Path:
    """aws-script, gcp-script or azure-script, which the build makes beside the controller."""
    program = Path(os.environ.get("EDSM_SIM_DIR", default_binary().resolve().parent / "tests/sim")) / name
    if not program.is_file():
        raise FileNotFoundError(f"{program} is not there: build it, or set EDSM_SIM_DIR")
    return program


class _Body:
    """What botocore reads the body of an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


class Cloud:
    """What a script needs of an AWS."""

    queue_url: str
    dead_url: str

    def client(self, service: str) -> Any:
        raise NotImplementedError

    def act(self, step: Json) -> Any:
        """Does what "do" of a step says; returns a version id, or whether it was possible."""
        raise NotImplementedError

    def call(self, operation: str, parameters: Json) -> Json:
        """The answer as AWS's client understands it: "status", and "code" and "message" of an error."""
        client = self.client("sqs" if operation in QUEUE_OPERATIONS else "secretsmanager")
        try:
            answer = getattr(client, xform_name(operation))(**parameters)
        except ClientError as error:
            return {"status": error.response["ResponseMetadata"]["HTTPStatusCode"],
                    "code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"],
                    "query_code": error.response["Error"].get("QueryErrorCode")}
        return {"status": answer.pop("ResponseMetadata")["HTTPStatusCode"], **answer}


class Script:
    """One of the simulation's programs, which answers a step in a line with a line."""

    _program: str
    _start: datetime

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sim_program(self._program), self._start.strftime("%Y-%m-%dT%H:%M:%SZ")],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        assert self._process.returncode == 0

    def step(self, step: Json) -> Json:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, (step, answer)
        return answer


class Simulated(Script, Cloud):
    """The simulated AWS. Its time passes in long polls and in waits, and costs none."""

    _program = "aws-script"

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime.now(UTC)
        self.queue_url, self.dead_url = (f"http://aws.sim/000000000000/{name}" for name in (QUEUE, DEAD))

    def act(self, step: Json) -> Any:
        return self.step(step)["result"]

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Takes a request where botocore would send it; also a botocore "session"."""
        body = request.body or b""
        answer = self.step({"request": {
            "method": request.method, "url": request.url, "body": body if isinstance(body, str) else body.decode(),
            "headers": {name: value if isinstance(value, str) else value.decode()
                        for name, value in request.headers.items()}}})
        return AWSResponse(request.url, answer["status"], answer["headers"], _Body(answer["body"].encode()))

    def client(self, service: str, user: Credentials = ROOT_USER) -> Any:
        client = boto3.client(service, endpoint_url="http://aws.sim", region_name=REGION,
                              aws_access_key_id=user.access_key, aws_secret_access_key=user.secret_key,
                              aws_session_token=user.token, config=Config(retries={"total_max_attempts": 1}))
        model = client.meta.service_model

        def before_send(request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
            answer = self.send(request)
            if answer.status_code == 200:
                shape = model.operation_model(event_name.rpartition(".")[2]).output_shape
                check_members(json.loads(answer.content), shape)
            return answer

        client.meta.events.register("before-send", before_send)
        return client


def check_members(value: Any, shape: Shape | None) -> None:
    """The answer has no member that AWS's model does not know, which its client would hide."""
    if isinstance(shape, StructureShape):
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{shape.name} has no {unknown}"
        for name, member in value.items():
            check_members(member, shape.members[name])
    elif isinstance(shape, ListShape):
        for each in value:
            check_members(each, shape.member)
    elif isinstance(shape, MapShape):
        for each in value.values():
            check_members(each, shape.value)
    elif shape is None:
        assert not value


class Emulated(Cloud):
    """ministack, where people's deeds are calls of the API."""

    def __init__(self, server: Ministack, *, visibility: int = 30, max_receives: int = 0) -> None:
        server.reset()
        self._server = server
        dead = server.make_queue(DEAD)
        queue = server.make_queue(QUEUE, visibility=visibility, dlq=dead if max_receives else None,
                                  max_receives=max_receives)
        server.route_native_events(queue)
        self.queue_url, self.dead_url = queue.url, dead.url

    def client(self, service: str) -> Any:
        return self._server.client(service)

    def act(self, step: Json) -> Any:
        deed = {key: value for key, value in step.items() if key != "do"}
        try:
            return getattr(self, step["do"])(**deed)
        except ClientError as error:
            # The simulation says without words that something cannot be done.
            assert error.response["Error"]["Code"] in ("InvalidRequestException", "ResourceNotFoundException"), error
            return "" if step["do"] in ("put", "update", "stage", "rotate", "rollback", "recreate") else False

    @property
    def _secrets(self) -> Any:
        return self.client("secretsmanager")

    @staticmethod
    def _value(value: Json) -> Json:
        if "base64" in value:
            return {"SecretBinary": base64.b64decode(value["base64"])}
        return {"SecretString": value["text"]}

    def _at(self, name: str, stage: str) -> str | None:
        versions = self._secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
        return next((version for version, stages in versions.items() if stage in stages), None)

    def _exists(self, name: str) -> bool:
        try:
            return bool(self._secrets.describe_secret(SecretId=name))
        except self._secrets.exceptions.ResourceNotFoundException:
            return False

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return True

    def put(self, name: str, **value: str) -> str:
        if not self._exists(name):
            return self._secrets.create_secret(Name=name, **self._value(value))["VersionId"]
        return self._secrets.put_secret_value(SecretId=name, **self._value(value))["VersionId"]

    def update(self, name: str, **value: str) -> str:
        return self._secrets.update_secret(SecretId=name, **self._value(value))["VersionId"]

    def stage(self, name: str, text: str) -> str:
        return self._secrets.put_secret_value(SecretId=name, SecretString=text,
                                              VersionStages=["AWSPENDING"])["VersionId"]

    def rotate(self, name: str, text: str) -> str:
        """As a rotating Lambda does it; the emulator's own RotateSecret copies the value."""
        version = self.stage(name, text)
        self.move_current(name, version)
        return version

    def rollback(self, name: str) -> str:
        version = self._at(name, "AWSPREVIOUS")
        return version if version and self.move_current(name, version) else ""

    def move_current(self, name: str, version: str) -> bool:
        return self.label(name, version, "AWSCURRENT")

    def label(self, name: str, version: str, label: str) -> bool:
        holder = self._at(name, label)
        source = {"RemoveFromVersionId": holder} if holder else {}
        self._secrets.update_secret_version_stage(SecretId=name, VersionStage=label, MoveToVersionId=version, **source)
        return True

    def remove(self, name: str) -> bool:
        self._secrets.delete_secret(SecretId=name)
        return True

    def restore(self, name: str) -> bool:
        self._secrets.restore_secret(SecretId=name)
        return True

    def purge(self, name: str) -> bool:
        self._secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        return True

    def recreate(self, name: str, **value: str) -> str:
        self.purge(name)
        return self._secrets.create_secret(Name=name, **self._value(value))["VersionId"]
