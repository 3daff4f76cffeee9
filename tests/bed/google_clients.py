"""Google's own clients for a bed: they judge what stands in for Google."""

from __future__ import annotations

from typing import Protocol

from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
    SecretManagerServiceRestTransport)
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports.rest import PublisherRestTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports.rest import SubscriberRestTransport


class Served(Protocol):
    """A bed, or a proxy before it."""

    url: str


def publisher(google: Served, credentials: object = None) -> PublisherClient:
    return PublisherClient(transport=PublisherRestTransport(**_at(google, credentials)))


def subscriber(google: Served, credentials: object = None) -> SubscriberClient:
    return SubscriberClient(transport=SubscriberRestTransport(**_at(google, credentials)))


def secret_manager(google: Served, credentials: object = None) -> SecretManagerServiceClient:
    return SecretManagerServiceClient(transport=SecretManagerServiceRestTransport(**_at(google, credentials)))


def _at(google: Served, credentials: object) -> dict[str, object]:
    scheme, _, host = google.url.partition("://")
    return {"host": host, "url_scheme": scheme, "credentials": credentials or AnonymousCredentials()}
