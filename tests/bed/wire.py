"""A reverse proxy that records and injects faults, in front of any HTTP server.

It speaks HTTP/1.1 (with or without TLS) and passes bytes through as they come,
so watches and long polls work. The Host header stays what the client sent: AWS
signatures cover it.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from bed.certs import KeyPair
from bed.exchange import Condition, Exchange, Fault, Recorder, Rule, matches
from bed.scratch import free_port

_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
               "upgrade", "expect"}


class WireProxy:
    """A proxy in a thread of its own, from `with` to the end of its block.

    `tls` is its certificate; `upstream_ca` verifies the server behind it.
    Proxies with one `recorder` share one count of exchanges.
    """

    def __init__(self, target_url: str, *, tls: KeyPair | None = None, upstream_ca: Path | None = None,
                 recorder: Recorder | None = None, name: str = "proxy") -> None:
        self.target_url, self.name = target_url.rstrip("/"), name
        self.recorder = recorder or Recorder()
        self.rules: list[Rule] = []
        self._server_tls = self._client_tls = None
        if tls:
            self._server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._server_tls.load_cert_chain(tls.cert, tls.key)
        if upstream_ca:
            self._client_tls = ssl.create_default_context(cafile=str(upstream_ca))

    def __enter__(self) -> Self:
        self.port = free_port()
        self.url = f"{'https' if self._server_tls else 'http'}://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True)
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # -- what tests use -----------------------------------------------------

    def fault(self, fault: Fault, *, count: int | None = 1, when: Condition | None = None,
              **filters: Any) -> Rule:
        """Injects a fault into the next `count` requests (None: all) that meet
        `when` or the filters of matches(). The first rule that applies wins."""
        rule = Rule(when or matches(**filters), fault, count)
        self.rules.append(rule)
        return rule

    def through(self, url: str) -> str:
        """The same URL (of a queue, say) at this proxy."""
        return self.url + url.removeprefix(self.target_url)

    def clear_faults(self) -> None:
        """All well again; also thaws."""
        self.rules.clear()
        self.thaw()

    def cut_open(self, condition: Condition | None = None, **filters: Any) -> int:
        """Cuts the connections of the exchanges that are under way (watches);
        returns how many."""
        condition = condition or matches(**filters)

        async def cut() -> int:
            chosen = [request for exchange, request in self._open if condition(exchange)]
            for request in chosen:
                _cut(request)
            return len(chosen)
        return self._call(cut())

    def freeze(self) -> None:
        """Lets no byte of any reply through, with the connections open: what a
        dead peer looks like."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def thaw(self) -> None:
        """Lets the replies through again."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    # -- the thread's life ----------------------------------------------------

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _start(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: list[tuple[Exchange, web.Request]] = []
        # Connections are not reused, so that a restarted server loses no request.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._client_tls or True),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10), auto_decompress=False)
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._server_tls).start()

    async def _stop(self) -> None:
        for _, request in list(self._open):
            _cut(request)
        await self._runner.cleanup()
        await self._session.close()

    # -- one exchange ---------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        exchange = self.recorder.begin(
            proxy=self.name, method=request.method, path=request.raw_path, body=await request.read(),
            headers={name.lower(): value for name, value in request.headers.items()})
        under_way = (exchange, request)
        self._open.append(under_way)
        try:
            return await self._answer(request, exchange)
        except (aiohttp.ClientError, ConnectionError) as error:
            # The server failed, or the client has gone: either way no more bytes.
            exchange.fault = exchange.fault or f"failed: {error!r}"
            return _cut(request)
        except asyncio.CancelledError:
            exchange.fault = exchange.fault or "client left"
            raise
        finally:
            self._open.remove(under_way)
            self.recorder.end(exchange)

    async def _answer(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        fault = next((found for rule in list(self.rules) if (found := rule.take(exchange))), Fault(""))
        exchange.fault = fault.name
        if fault.delay:
            await asyncio.sleep(fault.delay)
        while fault.held and not fault.held.is_set():
            await asyncio.sleep(0.01)
        if fault.hang:
            await asyncio.Event().wait()
        if fault.cut_before:
            return _cut(request)
        if fault.status is not None:
            exchange.status, exchange.reply = fault.status, fault.body
            return web.Response(status=fault.status, headers=fault.headers, body=fault.body)
        return await self._forward(request, exchange, fault)

    async def _forward(self, request: web.Request, exchange: Exchange, fault: Fault) -> web.StreamResponse:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
        async with self._session.request(
                request.method, URL(self.target_url + request.raw_path, encoded=True), headers=headers,
                data=exchange.body or None, allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type")) as upstream:
            exchange.upstream_status = upstream.status
            exchange.reply_headers = {name.lower(): value for name, value in upstream.headers.items()}
            if fault.cut_after:
                await upstream.read()
                return _cut(request)
            reply = web.StreamResponse(status=upstream.status, reason=upstream.reason)
            for name, value in upstream.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    reply.headers.add(name, value)
            await self._flowing.wait()
            await reply.prepare(request)
            exchange.status = upstream.status
            left = fault.truncate
            async for chunk in upstream.content.iter_any():
                await self._flowing.wait()
                chunk = chunk if left is None else chunk[:left]
                await reply.write(chunk)
                if self.recorder.bodies:
                    exchange.reply += chunk
                if left is not None and (left := left - len(chunk)) == 0:
                    if request.transport:
                        request.transport.close()  # what was written still goes out
                    return reply
            await reply.write_eof()
            return reply


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()  # goes nowhere
