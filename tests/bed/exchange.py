"""What the proxy records, and the faults that it can be told to inject."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bed.process import wait_for


@dataclass
class Exchange:
    """One request and its reply.

    `began` and `ended` are numbers of one count that every proxy of a recorder
    shares: a.ended < b.began says that a was answered before b was asked.
    """

    proxy: str
    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    began: int
    began_at: float = field(default_factory=time.monotonic)
    ended: int = 0  # 0: under way
    ended_at: float = 0
    status: int | None = None  # what the client got; None: no reply (yet)
    upstream_status: int | None = None  # None: it was not forwarded, or failed
    reply: bytes = b""
    reply_headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case; of what was forwarded
    fault: str = ""

    @property
    def target(self) -> str:
        """The AWS operation: "secretsmanager.GetSecretValue"."""
        return self.headers.get("x-amz-target", "")


Condition = Callable[[Exchange], bool]


def matches(method: str | None = None, path: str | None = None, target: str | None = None,
            status: int | None = None, proxy: str | None = None) -> Condition:
    """A condition on exchanges. `path` is a regular expression to be found in
    path and query, `target` the whole X-Amz-Target or what follows its dot."""
    pattern = re.compile(path) if path else None

    def met(exchange: Exchange) -> bool:
        return ((method is None or exchange.method == method)
                and (pattern is None or pattern.search(exchange.path) is not None)
                and (target is None or target in (exchange.target, exchange.target.rpartition(".")[2]))
                and (status is None or exchange.status == status)
                and (proxy is None or exchange.proxy == proxy))
    return met


class Recorder:
    """Collects the exchanges of any number of proxies, in the order they began.
    Bodies (and with them secrets) are kept only on request."""

    def __init__(self, *, bodies: bool = False) -> None:
        self.bodies = bodies
        self._count = itertools.count(1)
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def begin(self, **request: Any) -> Exchange:
        with self._lock:
            exchange = Exchange(began=next(self._count), **request)
            self._exchanges.append(exchange)
        return exchange

    def end(self, exchange: Exchange) -> None:
        with self._lock:
            exchange.ended, exchange.ended_at = next(self._count), time.monotonic()
            if not self.bodies:
                exchange.body = exchange.reply = b""

    def find(self, condition: Condition | None = None, **filters: Any) -> list[Exchange]:
        """The exchanges that meet a condition or the filters of matches()."""
        condition = condition or matches(**filters)
        with self._lock:
            return [exchange for exchange in self._exchanges if condition(exchange)]

    def count(self, condition: Condition | None = None, **filters: Any) -> int:
        """How many: count(target="GetSecretValue")."""
        return len(self.find(condition, **filters))

    def wait(self, number: int = 1, timeout: float = 10, **filters: Any) -> list[Exchange]:
        """Waits until that many matching exchanges have ended."""
        def found() -> list[Exchange]:
            ended = [exchange for exchange in self.find(**filters) if exchange.ended]
            return ended if len(ended) >= number else []
        return wait_for(found, timeout, f"{number} exchanges with {filters}")

    def clear(self) -> None:
        """Forgets what was recorded."""
        with self._lock:
            self._exchanges.clear()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a request. The parts happen in this order: `delay`,
    `held` until that is set, then one of `status` (an answer of our own), `hang`
    and `cut_before`, or the request is forwarded; then `cut_after` (the reply is
    lost) or `truncate` (only so many bytes of the reply's body arrive)."""

    name: str
    delay: float = 0
    held: threading.Event | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang: bool = False
    cut_before: bool = False
    cut_after: bool = False
    truncate: int | None = None


def answer(status: int, body: bytes | str = b"", headers: Mapping[str, str] | None = None) -> Fault:
    """Answers itself; the server never hears of the request."""
    data = body.encode() if isinstance(body, str) else body
    return Fault("answer", status=status, body=data, headers=dict(headers or {}))


def aws_error(code: str, status: int = 400, message: str = "injected", **headers: str) -> Fault:
    """An error as AWS's JSON services send it."""
    return answer(status, f'{{"__type":"{code}","message":"{message}"}}',
                  {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code, **headers})


def google_error(code: int, status: str, message: str = "injected", **headers: str) -> Fault:
    """An error as Google's services send it; a header's name has _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return answer(code, json.dumps({"error": {"code": code, "message": message, "status": status}}),
                  {"Content-Type": "application/json; charset=UTF-8", **named})


def kube_error(code: int, reason: str, **headers: str) -> Fault:
    """An error as the API server sends it; a header's name has _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return answer(code, json.dumps({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason, "code": code,
        "message": "injected"}), {"Content-Type": "application/json", **named})


def delay(seconds: float) -> Fault:
    """Forwards later."""
    return Fault("delay", delay=seconds)


def hold(until: threading.Event) -> Fault:
    """Forwards when the event is set."""
    return Fault("hold", held=until)


def hang() -> Fault:
    """Never answers, until the client leaves."""
    return Fault("hang", hang=True)


def cut_before() -> Fault:
    """Cuts the connection; the server never hears of the request."""
    return Fault("cut before", cut_before=True)


def cut_after() -> Fault:
    """The server does what it is asked, but its reply is lost."""
    return Fault("cut after", cut_after=True)


def truncate(size: int) -> Fault:
    """Cuts the connection after so many bytes of the reply's body."""
    return Fault("truncate", truncate=size)


@dataclass
class Rule:
    """A fault for the requests that meet a condition, `count` times (None: always)."""

    when: Condition
    fault: Fault
    count: int | None = 1
    used: int = 0

    def take(self, exchange: Exchange) -> Fault | None:
        """The fault, if it is this rule's turn."""
        if (self.count is not None and self.used >= self.count) or not self.when(exchange):
            return None
        self.used += 1
        return self.fault
