"""ministack, as a measurement needs it: `python -m bench.emulator` in the place of `python -m ministack`.

Its long poll looks every 100 ms whether there is a message. Here a message that is sent wakes the polls, so
that the delay of an event is the program's and not the emulator's. The answer to SendMessage tells when the
message was put on the queue, and GET /_bench/calls how often each operation was asked for.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any

import ministack.app
from ministack.services import sqs

class Polls:
    """Stands in for the module asyncio (its sleep) and for the event `esm_wake` (its set) inside of sqs."""

    def __init__(self, original: Any) -> None:
        self._original = original
        self._sleeping: set[asyncio.Future[None]] = set()
        self.queued = 0  # nanoseconds since the epoch

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        alarm = loop.call_later(seconds, _end, sleeper)
        self._sleeping.add(sleeper)
        try:
            await sleeper
        finally:
            alarm.cancel()
            self._sleeping.discard(sleeper)

    def set(self) -> None:
        """A message was put on a queue."""
        self.queued = time.time_ns()
        self._original.set()
        for sleeper in list(self._sleeping):
            sleeper.get_loop().call_soon_threadsafe(_end, sleeper)


def _end(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


class Server:
    """The emulator, and beside it what is counted."""

    def __init__(self, app: Any, polls: Polls) -> None:
        self._app, self._polls = app, polls
        self._calls: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == "/_bench/calls":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(self._calls).encode()})
            return
        operation = _operation(scope)
        self._calls[operation] += 1

        async def send_with_time(message: Any) -> None:
            if operation == "SendMessage" and message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-bench-queued", str(self._polls.queued).encode())]
            await send(message)
        await self._app(scope, receive, send_with_time)


def _operation(scope: Any) -> str:
    targets = [value for name, value in scope.get("headers", ()) if name == b"x-amz-target"]
    return targets[0].decode().rpartition(".")[2] if targets else ""


if __name__ == "__main__":
    polling = Polls(sqs.esm_wake)
    sqs.asyncio = sqs.esm_wake = polling
    ministack.app.app = Server(ministack.app.app, polling)
    ministack.app.main()
