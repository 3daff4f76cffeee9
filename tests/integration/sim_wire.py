"""A program of the simulation as the network of a client that uses requests."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from two_clouds import Script


class SimulatedWire(Script, HTTPAdapter):
    """What its sessions send, the program answers. Time passes in long polls and in waits, and costs none."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__()
        self._start = start or datetime.now(UTC)
        self._raw = ""  # body of the last answer

    def wait(self, seconds: float) -> None:
        self.step({"do": "wait", "seconds": seconds})

    def session(self) -> requests.Session:
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, self)
        return session

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = request.body or b""
        answer = self.step({"request": {
            "method": request.method, "url": request.url, "headers": {
                name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()},
            "body": body if isinstance(body, str) else body.decode()}})
        self._raw = answer["body"]
        return self.build_response(request, HTTPResponse(
            BytesIO(self._raw.encode()), answer["headers"], answer["status"], preload_content=False))
