"""Microsoft's own clients for the bed: they judge what stands in for Azure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from azure.core.credentials import TokenCredential
from azure.keyvault.secrets import SecretClient
from azure.servicebus.control_client import ServiceBusService

from bed.azure import Azure
from bed.bus_access import SharedKey
from bed.key_vault import Vault
from bed.service_bus import Namespace


@contextmanager
def led_to(azure: Azure) -> Iterator[None]:
    """Within it, this process's clients get to the bed under Azure's host names."""
    with patch.dict(os.environ, azure.env() | {"REQUESTS_CA_BUNDLE": str(azure.ca)}):
        yield


def secrets(vault: Vault, credential: TokenCredential, **fields: Any) -> SecretClient:
    return SecretClient(vault.store.url, credential, retry_total=0, **fields)


def queues(space: Namespace, key: SharedKey) -> ServiceBusService:
    return ServiceBusService(space.name, shared_access_key_name=key.name, shared_access_key_value=key.key,
                             host_base=f".{space.cloud.buses}")
