"""Users, keys and permissions for tests whose AWS verifies them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cloudtrail
from bed.aws import Credentials
from bed.scratch import work_dir
from world import World

# For AWS the batch calls need no permission of their own; the emulators look for their names.
SQS = {"Effect": "Allow", "Resource": "*", "Action": [
    "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
    "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"]}
SECRETS = {"Effect": "Allow", "Resource": "*", "Action": [
    "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecrets"]}
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


# Which AWS a test's world has.
both_emulators = pytest.mark.parametrize("world", ["guarded", "moto"], indirect=True)
only_ministack = pytest.mark.parametrize("world", ["guarded"], indirect=True)


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
