"""A watch that runs in the background: what happened to objects, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import requests
import urllib3

from bed.kube import Kube, WatchEvent, read_watch
from bed.process import Hopeless, wait_for


class Watching:
    """Collects `events` from the moment of `with` (preceded by what exists then,
    as ADDED) to the end of its block.

    If the server ends the watch, or the connection breaks, `ended` is set and
    wait() fails: a test would otherwise take a gap for silence.
    """

    def __init__(self, kube: Kube, kind: str, namespace: str | None = None, **params: Any) -> None:
        self._kube, self._kind, self._namespace, self._params = kube, kind, namespace, params
        self.events: list[WatchEvent] = []
        self.ended = ""

    def __enter__(self) -> Self:
        self._answer = self._kube.open_watch(self._kind, self._namespace, seconds=3600, **self._params)
        self._thread = threading.Thread(target=self._read, name=f"watch-{self._kind}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError, OSError, RuntimeError):  # it is over already
            self._answer.raw.shutdown()
        self._thread.join(timeout=10)
        self._answer.close()

    def _read(self) -> None:
        try:
            for event in read_watch(self._answer):
                self.events.append(event)
            self.ended = "the server ended it"
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self.ended = repr(error)

    def wait(self, condition: Callable[[WatchEvent], Any], timeout: float = 10) -> WatchEvent:
        """The first event, past or to come, that meets the condition."""
        def found() -> WatchEvent | None:
            ended = self.ended  # looked at first: the list is complete if it is set
            for event in list(self.events):
                if condition(event):
                    return event
            if ended:
                raise Hopeless(f"the watch of {self._kind} is over: {ended}")
            return None
        return wait_for(found, timeout, f"an event of {self._kind} {self._namespace or ''}")
