"""Scripts of tests/sim/scripts/gcp, run on one Google Cloud, with answers that can be compared with another's.

A script is an object: "about" says what it shows, and each of its "steps" is

    {"call": "AccessSecretVersion", "input"}  what the client asks, as the API's JSON; "keep" maps names to paths in
                                              the answer
    {"do": "wait", "seconds"}                 time that passes

Later steps say ${name} for what was kept. Where the bed is known to differ from Google, the step says so: "differs"
has the paths ("at"), the reason ("why"), and perhaps members of the right answer ("but").
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from two_clouds import Json
from two_googles import Google

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# Members whose values are never the same twice.
_MASKED = {"ackId", "messageId", "messageIds", "publishTime", "createTime", "destroyTime", "etag", "timestamp",
           "nextPageToken", "CloudPubSubDeadLetterSourceTopicPublishTime"}
# What the bed's fake says of subscriptions, and the simulation does not know.
_IGNORED = {"messageRetentionDuration", "expirationPolicy", "state", "pushConfig", "messageTransforms"}


class Run:
    """One script on one cloud: keeps values under names, and answers in a form that can be compared."""

    def __init__(self, cloud: Google) -> None:
        self._cloud = cloud
        self._kept: dict[str, str] = {}

    def step(self, step: Json) -> Any:
        if "do" in step:
            self._cloud.wait(step["seconds"])
            return {}
        answer = self._cloud.call(step["call"], self._fill(step.get("input", {})))
        # The service promises no order.
        if "receivedMessages" in answer:
            answer["receivedMessages"].sort(key=_order)
        for name, path in step.get("keep", {}).items():
            self._kept[name] = _at(answer, path)
        ignored = _IGNORED if "Subscription" in step["call"] else set()
        return self._comparable({name: each for name, each in answer.items() if name not in ignored})

    def _fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._fill(each) for each in value]
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda match: self._kept[match[1]], value)
        return value

    def _comparable(self, value: Any, key: str = "") -> Any:
        if key in _MASKED:
            return f"<{len(value)}>" if isinstance(value, list) else f"<{key}>"
        if key == "data" and isinstance(value, str):
            return self._comparable(_decoded(value))
        if isinstance(value, dict):
            return {name: self._comparable(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._comparable(each) for each in value]
        return value


def _order(received: Json) -> str:
    message = received["message"]
    attributes = {name: each for name, each in message.get("attributes", {}).items() if name not in _MASKED}
    return json.dumps([attributes, message.get("data") if not attributes else ""], sort_keys=True)


def _decoded(value: str) -> Any:
    raw = base64.b64decode(value)
    return json.loads(raw) if raw.startswith(b"{") else value


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part) if part.isdigit() else part]
    return value
