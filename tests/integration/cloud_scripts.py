"""Scripts of tests/sim/scripts/aws, run on one cloud, with answers that can be compared with another's.

A script is an object: "about" says what it shows, "queue" configures its queue, and each of its "steps" is

    {"do": "put", "name": …}             somebody's deed (tests/sim/aws/aws_script.hpp); "keep" names its result
    {"call": "GetSecretValue", "input"}  what the client asks; "keep" maps names to paths in the answer

Later steps say ${name}, or ${name[:-7]} for less of it, for what was kept; ${queue} and ${dead} are the URLs.
Where the emulator is known to differ from AWS, the step says so: "differs" has the paths ("at"), the reason
("why"), and perhaps members of the right answer ("but").
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from two_clouds import Cloud, Json

_PLACEHOLDER = re.compile(r"\$\{(\w+)(?:\[:(-\d+)\])?\}")
# Members whose values are never the same twice.
_MASKED = {"ReceiptHandle", "SentTimestamp", "ApproximateFirstReceiveTimestamp", "SenderId", "NextToken", "time"}
# What the emulator shows of secrets that never had any, where AWS shows nothing.
_EMPTY: Json = {"Description": "", "Tags": [], "RotationEnabled": False}
_PATTERNS = [(re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
             (re.compile(r"(:secret:[\w/+=.@-]+)-[A-Za-z0-9]{6}\b"), r"\1-<suffix>"),
             (re.compile(r"AQEB[0-9a-f]{32}"), "<handle>")]


class Run:
    """One script on one cloud: keeps values under names, and answers in a form that can be compared."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._kept: dict[str, str] = {"queue": cloud.queue_url, "dead": cloud.dead_url}

    def step(self, step: Json) -> Any:
        if "do" in step:
            meta = ("keep", "differs")
            result = self._cloud.act(self._fill({key: each for key, each in step.items() if key not in meta}))
            if "keep" in step:
                self._kept[step["keep"]] = result
            return self.comparable(result)
        answer = self._cloud.call(step["call"], self._fill(step.get("input", {})))
        for name, path in step.get("keep", {}).items():
            self._kept[name] = _at(answer, path)
        return self.comparable(answer)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._fill(each) for each in value]
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda match: self._kept[match[1]][:int(match[2]) if match[2] else None], value)
        return value

    def comparable(self, value: Any, key: str = "") -> Any:
        if key in _MASKED:
            return f"<{key}>"
        if isinstance(value, dict):
            return {self.comparable(name): self.comparable(each, name) for name, each in value.items()
                    if name not in _EMPTY or each != _EMPTY[name]}
        if isinstance(value, list):
            return [self.comparable(each) for each in value]
        if isinstance(value, datetime):
            return "<date>"
        if isinstance(value, bytes):
            return "base64:" + base64.b64encode(value).decode()
        if not isinstance(value, str):
            return value
        if key in ("message", "Message"):
            return "<words>"  # clients go by codes
        if key == "Body" and value.startswith("{"):
            return self.comparable(json.loads(value))
        if key == "MD5OfBody":
            return f"<{len(value)} digits>"
        if key == "RedrivePolicy":
            return self.comparable(json.loads(value))
        for name, kept in self._kept.items():
            if kept:
                value = value.replace(kept, f"<{name}>")
        for pattern, mask in _PATTERNS:
            value = pattern.sub(mask, value)
        return value


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part) if part.isdigit() else part]
    return value


def differences(one: Any, other: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Where they differ: path -> both values; "answer" if not even the status is the same. A member
    that is missing is None."""
    if isinstance(one, dict) and isinstance(other, dict) and one.get("status") == other.get("status"):
        return {where: what for key in sorted(one.keys() | other.keys())
                for where, what in differences(one.get(key), other.get(key), f"{path}.{key}" if path else key).items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return {where: what for index, pair in enumerate(zip(one, other, strict=True))
                for where, what in differences(*pair, f"{path}.{index}" if path else str(index)).items()}
    return {} if one == other else {path or "answer": (one, other)}


class Player(Protocol):
    """A script's steps on one cloud."""

    def step(self, step: Json) -> Any: ...


def play(steps: Sequence[Json], simulated: Player, other: Player) -> None:
    """Step by step the same answers, except where a step says where and why the other cloud differs from the real one
    ("differs"), and what the answer is instead ("but"). It then has to differ."""
    for number, step in enumerate(steps):
        mine = simulated.step(step)
        found = differences(mine, other.step(step))
        said = step.get("differs", {"at": []})
        assert found.keys() == set(said["at"]), f"step {number}: {json.dumps(step)}\n{json.dumps(found, indent=2)}"
        for name, value in said.get("but", {}).items():
            assert mine.get(name) == value, f"step {number}: {name} of {mine}"
