"""A queue of Service Bus, or a topic's subscription: messages, locks, deliveries, dead letters. It knows no HTTP;
time comes as an argument, in seconds since 1970."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

FOREVER = 922337203685.47754  # seconds: the default time to live
DEAD_LETTERS = "$deadletterqueue"


class LockLost(Exception):
    """Nobody holds that lock (any more)."""


@dataclass
class Message:
    """A message; `properties` are BrokerProperties as sent, `custom` the sender's own headers."""

    body: bytes
    content_type: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)
    sequence: int = 0
    enqueued_sequence: int = 0
    enqueued: float = 0
    deliveries: int = 0
    lock: str = ""
    locked_until: float = 0

    @property
    def id(self) -> str:
        return self.properties["MessageId"]

    def broker_properties(self, *, locked: bool = True) -> dict[str, Any]:
        """The header of its delivery."""
        shown = {"DeliveryCount": self.deliveries, "EnqueuedSequenceNumber": self.enqueued_sequence,
                 "EnqueuedTimeUtc": _rfc1123(self.enqueued)}
        if locked:
            shown |= {"LockToken": self.lock, "LockedUntilUtc": _rfc1123(self.locked_until)}
        shown |= {"SequenceNumber": self.sequence, "State": "Active", "TimeToLive": FOREVER}
        return dict(sorted((shown | self.properties).items()))


@dataclass
class Entity:
    """`path` is its name below the namespace: QUEUE, or TOPIC/subscriptions/SUB. `lost_status` is what settling by
    a lost lock is answered with: 404 or 410."""

    path: str
    lock_seconds: float = 60
    max_deliveries: int = 10
    detects_duplicates: bool = False
    sessions: bool = False
    partitioned: bool = False  # only told
    status: str = "Active"  # only told
    lost_status: int = 404
    dead_letters: Entity | None = None  # None: it is a dead-letter queue itself
    sent: int = 0
    _messages: list[Message] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def add(self, message: Message, now: float) -> None:
        """Takes a message in, unless it is a duplicate and these are detected."""
        properties = {"MessageId": uuid.uuid4().hex, **message.properties}
        if self.detects_duplicates and properties["MessageId"] in self._seen:
            return
        self._seen.add(properties["MessageId"])
        self.sent += 1
        self._messages.append(replace(message, properties=properties, sequence=self.sent, enqueued=now, deliveries=0,
                                      lock="", locked_until=0))

    def receive(self, now: float) -> Message | None:
        """Locks the oldest free message; None: there is none."""
        message = self._free(now)
        if message:
            message.deliveries += 1
            message.lock, message.locked_until = str(uuid.uuid4()), now + self.lock_seconds
        return message

    def take(self, now: float) -> Message | None:
        """Removes the oldest free message."""
        message = self._free(now)
        if message:
            message.deliveries += 1
            self._messages.remove(message)
        return message

    def complete(self, sequence: int, lock: str, now: float) -> None:
        self._messages.remove(self._held(sequence, lock, now))

    def unlock(self, sequence: int, lock: str, now: float) -> None:
        self._release(self._held(sequence, lock, now), now)

    def renew(self, sequence: int, lock: str, now: float) -> None:
        self._held(sequence, lock, now).locked_until = now + self.lock_seconds

    def next_change(self, now: float) -> float | None:
        """Seconds until a lock ends; None: nothing is locked."""
        ends = [message.locked_until - now for message in self._messages if message.lock]
        return max(0.0, min(ends)) if ends else None

    def waiting(self, now: float) -> int:
        """How many could be received."""
        self._expire(now)
        return sum(not message.lock for message in self._messages)

    def locked(self, now: float) -> list[Message]:
        """Those that somebody works on."""
        self._expire(now)
        return [message for message in self._messages if message.lock]

    def _free(self, now: float) -> Message | None:
        self._expire(now)
        return next((message for message in self._messages if not message.lock), None)

    def _held(self, sequence: int, lock: str, now: float) -> Message:
        self._expire(now)
        for message in self._messages:
            if message.sequence == sequence and message.lock and message.lock == lock.lower():
                return message
        raise LockLost

    def _expire(self, now: float) -> None:
        for message in list(self._messages):
            if message.lock and message.locked_until <= now:
                self._release(message, now)

    def _release(self, message: Message, now: float) -> None:
        message.lock = ""
        if self.dead_letters and message.deliveries >= self.max_deliveries:
            self._messages.remove(message)
            reasons = {"DeadLetterReason": '"MaxDeliveryCountExceeded"',
                       "DeadLetterErrorDescription": f'"Message could not be consumed after {self.max_deliveries} '
                                                     'delivery attempts."'}
            self.dead_letters.add(replace(message, custom={**message.custom, **reasons}), now)


def entity(path: str, **fields: Any) -> Entity:
    """An entity with its dead-letter queue; `fields` are those of Entity."""
    return Entity(path, dead_letters=Entity(f"{path}/{DEAD_LETTERS}"), **fields)


def _rfc1123(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)
