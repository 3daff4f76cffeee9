"""Service Bus over HTTP: send, receive with a lock, settle; queues and topics of all namespaces of the bed."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from bed import bus_access
from bed.azure_names import CLOUDS, PUBLIC, Cloud
from bed.azure_server import Answer
from bed.bearers import Bearers
from bed.bus_access import SharedKey, Unauthorized
from bed.bus_entity import Entity, LockLost, Message, entity

_LONGEST = 60  # seconds that a receive waits, and how long it does if it does not say
_OWN_HEADERS = {"host", "authorization", "content-type", "content-length", "user-agent", "connection", "accept",
                "accept-encoding", "accept-language", "brokerproperties", "expect", "transfer-encoding", "date"}


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Topic:
    """What is sent to it goes to all its subscriptions."""

    subscriptions: list[Entity] = field(default_factory=list)
    sent: int = 0


@dataclass
class Namespace:
    """A namespace with its queues and its topics' subscriptions; paths are compared without case."""

    name: str
    cloud: Cloud = PUBLIC
    keys: dict[str, SharedKey] = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    location: str | None = None  # what Location says instead of the lock's URI
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def host(self) -> str:
        return f"{self.name}.{self.cloud.buses}"

    def queue(self, path: str, **fields: Any) -> Entity:
        """A new queue; `fields` are those of Entity."""
        made = entity(path, **fields)
        assert made.dead_letters
        self.entities |= {path.lower(): made, made.dead_letters.path.lower(): made.dead_letters}
        return made

    def topic(self, path: str) -> None:
        """A new topic, without a subscription yet."""
        self.topics[path.lower()] = Topic()

    def subscription(self, topic: str, name: str, **fields: Any) -> Entity:
        """A new subscription of that topic."""
        made = self.queue(f"{topic}/subscriptions/{name}", **fields)
        self.topics[topic.lower()].subscriptions.append(made)
        return made

    def key(self, name: str, *claims: str) -> SharedKey:
        """A new shared access policy."""
        self.keys[name] = SharedKey(name, claims or ("Listen",))
        return self.keys[name]


class ServiceBus:
    """All namespaces of the bed, each under its host name; `clock` is theirs."""

    def __init__(self, bearers: Bearers, clock: Callable[[], float] = time.time) -> None:
        self._bearers, self._clock = bearers, clock
        self._spaces: dict[str, Namespace] = {}
        self._changed = asyncio.Event()  # is replaced at each change
        self.receiving = 0  # receives that wait now

    def make(self, name: str, cloud: Cloud = PUBLIC) -> Namespace:
        """A new namespace, without entities."""
        space = Namespace(name, cloud)
        self._spaces[space.host.lower()] = space
        return space

    def send(self, space: Namespace, path: str, message: Message) -> None:
        """Puts a message into a queue or topic."""
        topic, queue = space.topics.get(path.lower()), space.entities.get(path.lower())
        if topic:
            topic.sent += 1
            copy = replace(message, properties={"MessageId": uuid.uuid4().hex, **message.properties},
                           enqueued_sequence=topic.sent)
            for subscription in topic.subscriptions:
                subscription.add(copy, self._clock())
        elif queue and queue.dead_letters:
            queue.add(message, self._clock())
        else:
            raise _missing()
        self.wake()

    def wake(self) -> None:
        """Receives that wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def serves(self, host: str) -> bool:
        return any(host.endswith(f".{cloud.buses}") for cloud in CLOUDS)

    async def answer(self, request: web.Request, host: str, body: bytes) -> Answer:
        space = self._spaces.get(host)
        try:
            if space is None:
                raise _missing()
            return await self._answered(space, request, body)
        except Unauthorized as error:
            return _error(401, str(error))
        except Refused as error:
            return _error(error.status, str(error))

    async def _answered(self, space: Namespace, request: web.Request, body: bytes) -> Answer:
        words = [unquote(word) for word in request.path.split("/") if word]
        lowered = [word.lower() for word in words]
        if "messages" not in lowered:
            return self._described(space, request, "/".join(words))
        at = lowered.index("messages")
        path, rest = "/".join(words[:at]), lowered[at + 1:]
        claim = "Send" if request.method == "POST" and not rest else "Listen"
        bus_access.check(request.headers.get("Authorization", ""), claim, space.host, path,
                         asked=request.path, cloud=space.cloud, bearers=self._bearers, keys=space.keys)
        if claim == "Send":
            for message in _sent(request, body):
                self.send(space, path, message)
            return _done(space, 201)
        found = space.entities.get(path.lower())
        if found is None:
            raise _missing()
        if rest == ["head"] and request.method in ("POST", "DELETE"):
            return await self._receive(space, found, request)
        if len(rest) == 2 and rest[0].isdigit() and request.method in ("POST", "PUT", "DELETE"):
            return self._settle(space, found, request.method, int(rest[0]), rest[1])
        raise Refused(400, "BadRequest. The request is not one of this service.")

    def _described(self, space: Namespace, request: web.Request, path: str) -> Answer:
        """How an entity is set up, for who may manage it."""
        bus_access.check(request.headers.get("Authorization", ""), "Manage", space.host, path,
                         asked=request.path, cloud=space.cloud, bearers=self._bearers, keys=space.keys)
        found = space.entities.get(path.lower())
        if found is None or not found.dead_letters or request.method != "GET":
            raise _missing()
        return Answer(200, _entry(space, found, self._clock()).encode(),
                      {**_headers(space), "Content-Type": "application/atom+xml;type=entry;charset=utf-8"}, chunked=True)

    async def _receive(self, space: Namespace, found: Entity, request: web.Request) -> Answer:
        if found.sessions:
            raise Refused(400, "It is not possible for an entity that requires sessions to create a non-sessionful "
                          "message receiver.")
        locks = request.method == "POST"
        take = found.receive if locks else found.take
        message = await self._next(found, _seconds(request.query.get("timeout")), take)
        if message is None:
            return Answer(204, headers=_headers(space))
        headers = {"BrokerProperties": json.dumps(message.broker_properties(locked=locks), separators=(",", ":")),
                   **message.custom}
        if message.content_type:
            headers["Content-Type"] = message.content_type
        if locks:
            headers["Location"] = space.location or (
                f"https://{space.host}/{found.path}/messages/{message.sequence}/{message.lock}")
        return Answer(201 if locks else 200, message.body, {**_headers(space), **headers}, chunked=True)

    async def _next(self, found: Entity, seconds: float, take: Callable[[float], Message | None]) -> Message | None:
        """A message as soon as there is one, or None after that time. Who leaves meanwhile locks nothing."""
        ends = time.monotonic() + seconds
        self.receiving += 1
        try:
            while True:
                changed = self._changed
                now = self._clock()
                message, left = take(now), ends - time.monotonic()
                if message or left <= 0:
                    return message
                unlocks = found.next_change(now)
                try:
                    await asyncio.wait_for(changed.wait(), left if unlocks is None else min(left, unlocks + 0.001))
                except TimeoutError:
                    pass
        finally:
            self.receiving -= 1

    def _settle(self, space: Namespace, found: Entity, method: str, sequence: int, lock: str) -> Answer:
        settle = {"POST": found.renew, "PUT": found.unlock, "DELETE": found.complete}[method]
        try:
            settle(sequence, lock, self._clock())
        except LockLost:
            raise Refused(found.lost_status, "The lock supplied is invalid. Either the lock expired, or the message "
                          "has already been removed from the queue.") from None
        self.wake()
        return _done(space, 200)


def _seconds(text: str | None) -> float:
    if text is None:
        return _LONGEST
    try:
        return max(0, min(float(text), _LONGEST))
    except ValueError:
        raise Refused(400, f"The specified timeout '{text}' is not valid.") from None


def _sent(request: web.Request, body: bytes) -> list[Message]:
    """The messages of a request: one, or a batch."""
    if request.content_type == "application/vnd.microsoft.servicebus.json":
        return [Message(each["Body"].encode(), None, each.get("BrokerProperties") or {},
                        {name: json.dumps(value) for name, value in (each.get("UserProperties") or {}).items()})
                for each in json.loads(body)]
    custom = {name: value for name, value in request.headers.items()
              if name.lower() not in _OWN_HEADERS and not name.lower().startswith(("x-ms-", "trace"))}
    properties = json.loads(request.headers.get("BrokerProperties") or "{}")
    return [Message(body, request.headers.get("Content-Type"), properties, custom)]


def _headers(space: Namespace) -> dict[str, str]:
    ticks = (space.created + 62135596800) * 10_000_000
    return {"ETag": str(ticks), "Server": "Microsoft-HTTPAPI/2.0", "Strict-Transport-Security": "max-age=31536000"}


def _done(space: Namespace, status: int) -> Answer:
    return Answer(status, b"", {**_headers(space), "Content-Type": "application/xml; charset=utf-8"}, chunked=True)


def _entry(space: Namespace, found: Entity, now: float) -> str:
    """The Atom entry of a queue, or of a topic's subscription."""
    assert found.dead_letters
    kind = "SubscriptionDescription" if "/subscriptions/" in found.path.lower() else "QueueDescription"
    minutes, seconds = divmod(int(found.lock_seconds), 60)
    counts = {"ActiveMessageCount": found.waiting(now) + len(found.locked(now)),
              "DeadLetterMessageCount": found.dead_letters.waiting(now)}
    fields = {"LockDuration": "PT" + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds or not minutes else ""),
              "RequiresSession": str(found.sessions).lower(), "MaxDeliveryCount": found.max_deliveries,
              "MessageCount": sum(counts.values()), "Status": found.status}
    if kind == "QueueDescription":
        fields |= {"RequiresDuplicateDetection": str(found.detects_duplicates).lower(),
                   "EnablePartitioning": str(found.partitioned).lower()}
    text = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    inner = "".join(f"<d2p1:{name}>{value}</d2p1:{name}>" for name, value in counts.items())
    services = "http://schemas.microsoft.com/netservices"
    return (f'<entry xmlns="http://www.w3.org/2005/Atom"><id>https://{space.host}/{found.path}</id>'
            f'<title type="text">{found.path.rpartition("/")[2]}</title><updated>2026-11-29T12:00:00Z</updated>'
            f'<author><name>{space.name}</name></author><content type="application/xml">'
            f'<{kind} xmlns="{services}/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">{text}'
            f'<CountDetails xmlns:d2p1="{services}/2011/06/servicebus">{inner}</CountDetails></{kind}></content></entry>')


def _missing() -> Refused:
    return Refused(404, "No service is hosted at the specified address.")


def _error(status: int, text: str) -> Answer:
    now = time.gmtime()
    detail = (f"{text}.TrackingId:{uuid.uuid4()}_G0,TimeStamp:{now.tm_mon}/{now.tm_mday}/"
              f"{time.strftime('%Y %I:%M:%S %p', now)}")
    body = f"<Error><Code>{status}</Code><Detail>{escape(detail)}</Detail></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml; charset=utf-8",
                  "Server": "Microsoft-HTTPAPI/2.0", "Strict-Transport-Security": "max-age=31536000"}, chunked=True)
