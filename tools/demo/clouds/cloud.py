"""What the demo needs to know of a cloud."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bed.exchange import Exchange, Recorder
from bed.process import Process
from demo.terminal import Terminal

MANIFESTS = Path(__file__).parents[1] / "manifests"


class Cloud(ABC):
    """An emulator, the way of its events into a queue, an identity for the controller, and a wire between
    that and the cloud, on which the demo sees what is asked; the demo's own calls go around it."""

    store: str            # where secrets are: "Secrets Manager"
    source: str           # the secret's path, as the EventDrivenSecret has it
    manifest: Path        # the EventDrivenSecret
    change: str           # the call with which people change a value: "PutSecretValue"
    identity: str         # whom the controller is in the cloud, and what it may do
    delay: str            # what is the emulator's part in a time; empty: nothing worth a word
    rotate: Path          # a program that gives the secret another value
    reads: frozenset[str]  # the operations that read values

    @abstractmethod
    def start(self, stack: ExitStack, terminal: Terminal, recorder: Recorder) -> None:
        """Starts it, telling what it does; it ends with the stack. `recorder` gets the wire."""

    @abstractmethod
    def controller_env(self) -> dict[str, str]:
        """The environment that leads the controller to it."""

    @abstractmethod
    def admin_env(self) -> dict[str, str]:
        """The environment of somebody who may do everything there, for `rotate`."""

    @abstractmethod
    def processes(self) -> list[Process]:
        """What must be running."""

    @abstractmethod
    def put(self, value: Mapping[str, str]) -> str:
        """Creates or changes the secret, as an administrator; the new version."""

    # -- the wire -------------------------------------------------------------------

    @abstractmethod
    def operation(self, exchange: Exchange) -> str:
        """What was called: "GetSecretValue"."""

    @abstractmethod
    def received(self, exchange: Exchange) -> dict[str, str]:
        """Of an answered exchange: the receipts of the events that it brought, by the version that each tells of."""

    @abstractmethod
    def deleted(self, exchange: Exchange) -> set[str]:
        """Of an answered exchange: the receipts that it took off the queue."""
