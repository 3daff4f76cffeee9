"""AWS: ministack with IAM enforced; EventBridge to SQS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import version as package_version
from pathlib import Path

from bed.aws import REGION, ROOT_USER, Ministack
from bed.exchange import Exchange, Recorder
from bed.process import Process
from bed.wire import WireProxy
from demo.clouds.cloud import MANIFESTS, Cloud
from demo.terminal import Terminal

# What the controller may do in the cloud, and nothing else.
# (In AWS the actions without "Batch" cover those with it; ministack wants both named.)
_POLICY = [
    {"Effect": "Allow", "Resource": f"arn:aws:sqs:{REGION}:*:edsm-events",
     "Action": ["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage", "sqs:DeleteMessageBatch",
                "sqs:ChangeMessageVisibility", "sqs:ChangeMessageVisibilityBatch"]},
    {"Effect": "Allow", "Resource": f"arn:aws:secretsmanager:{REGION}:*:secret:prod/*",
     "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]},
    {"Effect": "Allow", "Resource": "*",
     "Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"]},
]
_DELETES = frozenset({"DeleteMessage", "DeleteMessageBatch"})


class Aws(Cloud):
    """Secrets Manager, whose own events come by EventBridge and SQS."""

    store, source, change = "Secrets Manager", "prod/shop/db", "PutSecretValue"
    manifest = MANIFESTS / "eventdrivensecret-aws.yaml"
    identity = "an IAM user that may read prod/* and its queue"
    delay = "(Up to 100 ms before the event are the emulator's, which looks that often.)"
    rotate = Path(__file__).with_name("rotate_aws.py")
    reads = frozenset({"GetSecretValue", "BatchGetSecretValue"})

    def start(self, stack: ExitStack, terminal: Terminal, recorder: Recorder) -> None:
        with terminal.doing("AWS emulator") as tell:
            self._emulator = stack.enter_context(Ministack(auth=True))
            tell(f"ministack {package_version('ministack')}, enforces signatures and IAM policies")
        with terminal.doing("Event route") as tell:
            self._queue = self._emulator.make_queue("edsm-events")
            self._emulator.route_native_events(self._queue)
            self._credentials = self._emulator.create_user_with_policy("edsm", _POLICY)
            tell('EventBridge "Secret Label Updated" -> SQS edsm-events')
        self._wire = stack.enter_context(WireProxy(self._emulator.url, recorder=recorder, name="aws"))

    def controller_env(self) -> dict[str, str]:
        return {"SQS_QUEUE_URL": self._wire.through(self._queue.url), "AWS_ENDPOINT_URL": self._wire.url,
                "AWS_REGION": REGION, **self._credentials.env()}

    def admin_env(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": self._emulator.url, "AWS_DEFAULT_REGION": REGION, **ROOT_USER.env()}

    def processes(self) -> list[Process]:
        return [self._emulator.process]

    def put(self, value: Mapping[str, str]) -> str:
        return self._emulator.put_secret(self.source, json.dumps(value))

    def operation(self, exchange: Exchange) -> str:
        return exchange.target.rpartition(".")[2]

    def received(self, exchange: Exchange) -> dict[str, str]:
        if self.operation(exchange) != "ReceiveMessage":
            return {}
        messages = json.loads(exchange.reply or b"{}").get("Messages") or []
        return {json.loads(message["Body"]).get("detail", {}).get("versionId"): message["ReceiptHandle"]
                for message in messages}

    def deleted(self, exchange: Exchange) -> set[str]:
        if self.operation(exchange) not in _DELETES or exchange.status != 200:
            return set()
        body = json.loads(exchange.body)
        return {entry["ReceiptHandle"] for entry in body.get("Entries", [body])}
