"""Scripts of tests/sim/scripts/azure, run on one Azure, with answers that can be compared with another's.

A script is an object: "about" says what it shows, and each of its "steps" is

    {"secrets": "set_secret", "input"}        a call of Microsoft's client of Key Vault; "keep" names the version that
                                              the answer is about
    {"bus": "receive", "queue", "timeout", "as"}, {"bus": "delete", "message"}, {"bus": "send", "queue", "body"}
                                              calls of Microsoft's client of Service Bus; "as" names a message
    {"raw": "GET", "url", "input"}            what no client of Microsoft's would ask
    {"do": "wait", "seconds"}                 time that passes, and other deeds (tests/sim/azure/azure_script.hpp)

Later steps say ${name} for what was kept. Where the bed is known to differ from Azure, the step says so: "differs"
has the paths ("at"), the reason ("why"), and perhaps members of the right answer ("but").
"""

from __future__ import annotations

import json
import re
from typing import Any

import requests

from two_azures import Azure, Client, bodies
from two_clouds import Json

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# Members whose values are never the same twice. Texts of errors are for people: clients go by codes.
_MASKED = {"created", "updated", "deletedDate", "scheduledPurgeDate", "MessageId", "EnqueuedTimeUtc", "LockedUntilUtc",
           "time", "eventTime", "message"}
_PATTERNS = [(re.compile(r"\.TrackingId:[^<]*"), ".<tracking>"),
             (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
             (re.compile(r"\b[0-9a-f]{32}\b"), "<version>"),
             (re.compile(r"skiptoken=[^&]*"), "skiptoken=<token>"),
             (re.compile(r"resourceGroups/[^/]*"), "resourceGroups/<group>")]
_HEADERS = ("www-authenticate", "retry-after", "location", "deadletterreason", "deadlettererrordescription")


class Run:
    """One script on one Azure: keeps values under names, and answers in a form that can be compared."""

    def __init__(self, azure: Azure) -> None:
        self._azure, self._client = azure, Client(azure)
        self._kept: dict[str, str] = {}

    def step(self, step: Json) -> Json:
        if "do" in step:
            self._azure.act({name: value for name, value in step.items() if name != "differs"})
            return {"status": 200}
        answers = self._client.call(self._fill(step))
        if "keep" in step:
            self._kept[step["keep"]] = list(bodies(answers))[-1]["id"].rpartition("/")[2]
        # Of a client that asked more than once the last answer's status is that of the call.
        return {"status": answers[-1].status_code,
                "answers": [self._comparable(answer, body)
                            for answer, body in zip(answers, bodies(answers), strict=True)]}

    def _fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._fill(each) for key, each in value.items()}
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda match: self._kept[match[1]], value)
        return value

    def _comparable(self, answer: requests.Response, body: Any) -> Json:
        headers = {name.lower(): value for name, value in answer.headers.items()
                   if name.lower() in _HEADERS or name.lower().startswith("aeg-")}
        shown = {"asked": f"{answer.request.method} {answer.request.url}", "status": answer.status_code,
                 "headers": headers, "body": body}
        if "BrokerProperties" in answer.headers:
            shown |= {"properties": json.loads(answer.headers["BrokerProperties"]),
                      "type": answer.headers.get("Content-Type")}
        return _masked(shown)


def _masked(value: Any, key: str = "") -> Any:
    if key in _MASKED:
        return f"<{key}>"
    if isinstance(value, dict):
        return {name: _masked(each, name) for name, each in value.items()}
    if isinstance(value, list):
        # Versions are listed in the order of their ids, which are chance.
        return sorted((_masked(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(value, str):
        for pattern, mask in _PATTERNS:
            value = pattern.sub(mask, value)
    return value
