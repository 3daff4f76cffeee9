"""The server that Azure's stand-ins share: it leads each request to the one whose host name was asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from aiohttp import web

from bed.azure_names import is_azure
from bed.scratch import free_port


@dataclass
class Answer:
    """What a stand-in answers. Nothing but these headers and Date is sent, besides the body's length or,
    with `chunked`, its encoding. No body and no type: an answer without content."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False


class Service(Protocol):
    """A stand-in: which hosts are its own, and its answers."""

    def serves(self, host: str) -> bool: ...

    async def answer(self, request: web.Request, host: str, body: bytes) -> Answer: ...


class AzureServer:
    """HTTP on loopback, in a thread of its own, from `with` to the end of its block; `work` also begins there.

    `at_road` is asked for the port that https connections to Azure's hosts are to be led to: `road` is the URL
    of a proxy (HTTPS_PROXY) that leads them there, and nothing else anywhere.
    """

    def __init__(self, *services: Service, at_road: Callable[[], int]) -> None:
        self._services, self._at_road = services, at_road
        self.connects: list[str] = []  # the hosts that the road was asked for

    def __enter__(self) -> Self:
        self.port, road_port = free_port(), free_port()
        self.url, self.road = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{road_port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="azure", daemon=True)
        self._thread.start()
        self.run(self._start(road_port))
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Does the work in the server's thread, where nothing else is done meanwhile but at its awaits."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _start(self, road_port: int) -> None:
        app = web.Application(client_max_size=4 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(_only_own_headers)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self._pipes: set[asyncio.Task[None]] = set()
        self._road = await asyncio.start_server(self._connect, "127.0.0.1", road_port)

    async def _stop(self) -> None:
        self._road.close()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        await self._runner.cleanup()

    # -- requests -----------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower()
        body = await request.read()
        service = next((each for each in self._services if each.serves(host)), None)
        answer = await service.answer(request, host, body) if service else Answer(421, b"no such host here")
        reply = web.Response(status=answer.status, body=answer.body or None, headers=answer.headers)
        if answer.chunked:
            reply.enable_chunked_encoding()
        return reply

    # -- the road -----------------------------------------------------------------

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._pipes.add(task)
        try:
            await self._lead(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either end has gone, or the server stops
        finally:
            self._pipes.discard(task)
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode().split(" ")
        host, _, port = target.lower().rpartition(":")
        self.connects.append(host)
        if method != "CONNECT" or port != "443" or not is_azure(host):
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._at_road())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await _first(_pipe(reader, there_writer), _pipe(there_reader, writer))
        finally:
            there_writer.close()


async def _only_own_headers(request: web.Request, response: web.StreamResponse) -> None:
    """aiohttp says who it is, and of which type nothing is: the real services do not."""
    del request
    if response.headers.get("Server", "").startswith("Python/"):
        del response.headers["Server"]
    if response.headers.get("Content-Type") == "application/octet-stream":
        del response.headers["Content-Type"]


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def _first(*works: Awaitable[None]) -> None:
    """Until one of them has ended; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
