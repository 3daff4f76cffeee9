"""The simulated Google Cloud of tests/sim and the bed's, both asked by Google's own clients.

What the bed is made of, and so who judges what: Pub/Sub is Google's own fake (pstest); of Secret Manager the wire
is Google's definitions, and what it does was held against recordings of the real service (docs/decisions/
google-stand-in.md). People's deeds are calls of the API in both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
    SecretManagerServiceRestTransport)
from google.protobuf import json_format
from google.pubsub_v1 import types as pubsub_types
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports.rest import PublisherRestTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports.rest import SubscriberRestTransport

from bed.gcp import GoogleCloud
from sim_wire import SimulatedWire
from two_clouds import Json

# Which client has the call, and the messages that it takes where they are not called …Request.
_PUBLISHER = {"CreateTopic": pubsub_types.Topic, "Publish": pubsub_types.PublishRequest}
_SUBSCRIBER = {"CreateSubscription": pubsub_types.Subscription,
               "GetSubscription": pubsub_types.GetSubscriptionRequest, "Pull": pubsub_types.PullRequest,
               "Acknowledge": pubsub_types.AcknowledgeRequest,
               "ModifyAckDeadline": pubsub_types.ModifyAckDeadlineRequest}


def snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


class Google:
    """What a script needs of a Google Cloud."""

    def transport(self, kind: Any) -> Any:
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        raise NotImplementedError

    def check(self, answer: Any) -> None:
        """Looks at an answer that the client has taken."""

    def client(self, operation: str) -> Any:
        if operation in _PUBLISHER:
            return PublisherClient(transport=self.transport(PublisherRestTransport))
        if operation in _SUBSCRIBER:
            return SubscriberClient(transport=self.transport(SubscriberRestTransport))
        return secretmanager_v1.SecretManagerServiceClient(transport=self.transport(SecretManagerServiceRestTransport))

    def call(self, operation: str, parameters: Json) -> Json:
        """The answer as Google's client understands it: "status", and the code of an error."""
        kind = {**_PUBLISHER, **_SUBSCRIBER}.get(operation) or getattr(secretmanager_v1, operation + "Request")
        request = kind.from_json(json.dumps(parameters))
        try:
            answer = getattr(self.client(operation), snake(operation))(request=request, retry=None, timeout=120)
        except GoogleAPICallError as error:
            assert error.response is not None, error
            return {"status": int(error.code), "code": error.response.json()["error"]["status"]}
        if hasattr(answer, "pages"):
            answer = next(iter(answer.pages))
        if answer is None:
            return {"status": 200}
        self.check(answer)
        return {"status": 200, **json_format.MessageToDict(type(answer).pb(answer))}


class Simulated(SimulatedWire, Google):
    """The simulated Google Cloud."""

    _program = "gcp-script"

    def transport(self, kind: Any) -> Any:
        made = kind(host="google.sim", url_scheme="http", credentials=AnonymousCredentials())
        made._session.mount("http://", self)
        return made

    def check(self, answer: Any) -> None:
        """It had no member that Google's definitions do not know, which the client would hide."""
        json_format.Parse(self._raw, type(answer).pb(answer).__class__(), ignore_unknown_fields=False)


class Bed(Google):
    """tests/bed/gcpbed, empty."""

    def __init__(self, server: GoogleCloud) -> None:
        server.restart()
        self._server, self._passed = server, 0.0

    def transport(self, kind: Any) -> Any:
        scheme, _, host = self._server.url.partition("://")
        return kind(host=host, url_scheme=scheme, credentials=AnonymousCredentials())

    def wait(self, seconds: float) -> None:
        self._passed += seconds
        self._server.set_clock(self._passed)


def scripts(root: Path) -> list[Path]:
    return sorted((root / "tests/sim/scripts/gcp").glob("*.json"))
