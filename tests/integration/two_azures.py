"""The simulated Azure of tests/sim and the bed's, both asked by Microsoft's own clients.

The bed is ours, and Microsoft's clients and recordings of the real services have judged it (docs/decisions/
azure-stand-in.md). People's deeds are calls of the API in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import requests
from azure.common import AzureHttpError
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets._shared import http_challenge_cache
from azure.servicebus.control_client import Message as Sent
from azure.servicebus.control_client import ServiceBusService

from bed.azure import NEAR_EXPIRY
from bed.azure import Azure as AzureBed
from bed.azure_events import Schema
from bed.bus_access import SharedKey
from sim_wire import SimulatedWire
from two_clouds import Json

VAULT, SPACE, QUEUE = "script-kv", "script-bus", "edsm-events"

_TIMES = ("not_before", "expires_on")


class _Token:
    """A credential that has a token already."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self._token, 1 << 40)


class Azure:
    """What a script needs of an Azure."""

    _key: SharedKey
    _token: str

    def session(self) -> requests.Session:
        raise NotImplementedError

    def act(self, step: Json) -> None:
        """Does what "do" of a step says."""
        raise NotImplementedError

    def secrets(self, session: requests.Session) -> SecretClient:
        return SecretClient(f"https://{VAULT}.vault.azure.net", _Token(self._token), retry_total=0,
                            transport=RequestsTransport(session=session, session_owner=False))

    def bus(self, session: requests.Session) -> ServiceBusService:
        return ServiceBusService(SPACE, shared_access_key_name=self._key.name, shared_access_key_value=self._key.key,
                                 request_session=session)


class Client:
    """Microsoft's clients of one Azure; everything that they are answered is noted."""

    def __init__(self, azure: Azure) -> None:
        self._session = azure.session()
        self._session.hooks["response"].append(self._note)
        self._secrets, self._bus = azure.secrets(self._session), azure.bus(self._session)
        self._held: dict[str, Any] = {}
        self._answers: list[requests.Response] = []

    def _note(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self._answers.append(response)

    def call(self, step: Json) -> list[requests.Response]:
        """All answers, in order: a client may ask more than once."""
        self._answers = []
        http_challenge_cache.clear()  # which all clients of the process share
        try:
            if "secrets" in step:
                self._of_secrets(step["secrets"], step.get("input", {}))
            elif "raw" in step:
                self._session.request(step["raw"], step["url"], **step.get("input", {}))
            else:
                self._of_bus(step["bus"], step)
        except (HttpResponseError, AzureHttpError):
            pass  # the answer is noted
        return self._answers

    def _of_secrets(self, operation: str, parameters: Json) -> None:
        fields = {name: datetime.fromtimestamp(value, UTC) if name in _TIMES else value
                  for name, value in parameters.items()}
        if operation.startswith("begin_"):
            fields["_polling_interval"] = 0
        made = getattr(self._secrets, operation)(**fields)
        if operation.startswith("begin_"):
            made.wait()
        elif operation.startswith("list_"):
            for page in made.by_page():
                list(page)

    def _of_bus(self, operation: str, step: Json) -> None:
        if operation == "send":
            self._bus.send_queue_message(step["queue"], Sent(step["body"].encode(),
                                                             custom_properties=step.get("custom"),
                                                             broker_properties=step.get("properties")))
        elif operation in ("receive", "receive_and_delete"):
            received = self._bus.receive_queue_message(step["queue"], peek_lock=operation == "receive",
                                                       timeout=step.get("timeout", 0))
            if "as" in step and received.body is not None:
                self._held[step["as"]] = received
        else:
            getattr(self._held[step["message"]], operation)()


class Simulated(SimulatedWire, Azure):
    """The simulated Azure. It takes any token but none, and any signature."""

    _program = "azure-script"
    _key = SharedKey("judge")
    _token = "any"

    def act(self, step: Json) -> None:
        self.step(step)


class Bed(Azure):
    """tests/bed's, with a vault, a queue and an event subscription of its own."""

    _deeds: ClassVar = {"wait", "queue", "warn", "set"}

    def __init__(self, azure: AzureBed) -> None:
        self._azure = azure
        self._vault, self._space = azure.vault(VAULT), azure.namespace(SPACE)
        self._space.queue(QUEUE)
        self._key = self._space.key("judge", "Listen", "Send")
        self._token = azure.bearers.admin
        self._events = azure.subscribe(self._vault, self._space, QUEUE)

    def session(self) -> requests.Session:
        return requests.Session()  # whose environment leads to the bed

    def act(self, step: Json) -> None:
        assert step["do"] in self._deeds, step
        getattr(self, f"_{step['do']}")(**{name: value for name, value in step.items() if name != "do"})

    def _wait(self, seconds: float) -> None:
        self._azure.pass_time(seconds)

    def _queue(self, path: str, lock: float = 60, deliveries: int = 10, lost: int = 404) -> None:
        self._space.queue(path, lock_seconds=lock, max_deliveries=deliveries, lost_status=lost)

    def _warn(self, name: str) -> None:
        self._azure.tell(self._vault, NEAR_EXPIRY, name)

    def _set(self, *, cloud_events: bool) -> None:
        self._events.schema = Schema.CLOUD_EVENTS if cloud_events else Schema.EVENT_GRID


def scripts(root: Path) -> list[Path]:
    return sorted((root / "tests/sim/scripts/azure").glob("*.json"))


def bodies(answers: list[requests.Response]) -> Iterator[Any]:
    """What the answers have, as JSON or text."""
    for answer in answers:
        text = answer.content.decode()
        yield json.loads(text) if text.startswith(("{", "[")) else text
