"""Key Vault's REST interface: challenge, roles, api-version, pages, throttling, in front of VaultStore."""

from __future__ import annotations

import json
import re
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bed.azure_names import CLOUDS, PUBLIC, TENANT, Cloud
from bed.azure_server import Answer
from bed.bearers import Bearers
from bed.entra import may
from bed.vault_store import VaultError, VaultStore

_API_VERSION = re.compile(r"\d+\.\d+(-preview\.\d+)?|\d{4}-\d\d-\d\d")
_VAULT = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
_PAGE = 25
_ACTIONS = {"GET": "get", "PUT": "set", "PATCH": "set", "DELETE": "delete", "POST": "set"}


@dataclass
class Vault:
    """A vault and its whims. It takes tokens of `tenant` only. `inner` is how its errors spell the inner error's key; `challenge` replaces what it
    challenges with; the next `throttled` requests get 429 (with Retry-After `retry_after`, unless None)."""

    store: VaultStore
    cloud: Cloud
    tenant: str = TENANT
    inner: str = "innererror"
    challenge: str | None = None
    throttled: int = 0
    retry_after: float | None = 1
    next_link: str | None = None  # what nextLink says instead of the next page

    @property
    def host(self) -> str:
        return self.store.url.removeprefix("https://")


class KeyVault:
    """All vaults of the bed, each under its host name; `clock` is theirs."""

    def __init__(self, bearers: Bearers, clock: Callable[[], float] = time.time) -> None:
        self._bearers, self._clock = bearers, clock
        self._vaults: dict[str, Vault] = {}

    def make(self, name: str, cloud: Cloud = PUBLIC) -> Vault:
        """A new, empty vault. ValueError: Azure knows no vaults of such names."""
        if not _VAULT.fullmatch(name):
            raise ValueError(f"{name}: a vault has 3 to 24 letters, digits and hyphens")
        store = VaultStore(name, f"https://{name}.{cloud.vaults}", self._clock)
        made = self._vaults[f"{name}.{cloud.vaults}".lower()] = Vault(store, cloud)
        return made

    def serves(self, host: str) -> bool:
        return any(host.endswith(f".{cloud.vaults}") for cloud in CLOUDS)

    async def answer(self, request: web.Request, host: str, body: bytes) -> Answer:
        vault = self._vaults.get(host)
        if vault is None:
            return Answer(421, b"")  # the real service has no address of that name
        headers: dict[str, str] = {}
        try:
            status, found = self._answered(vault, request, body, headers)
        except VaultError as error:
            inner = {vault.inner: {"code": error.inner}} if error.inner else {}
            status, found = error.status, {"error": {"code": error.code, "message": str(error)} | inner}
        return _sealed(request, status, found, headers)

    def _answered(self, vault: Vault, request: web.Request, body: bytes,
                  headers: dict[str, str]) -> tuple[int, dict[str, Any] | None]:
        if vault.throttled > 0:
            vault.throttled -= 1
            if vault.retry_after is not None:
                headers["Retry-After"] = f"{vault.retry_after:g}"
            raise VaultError(429, "Throttled", "Request was not processed because too many requests were received. "
                             "Reason: VaultRequestTypeLimitReached")
        grants = self._authenticated(vault, request, headers)
        version = request.query.get("api-version", "")
        if not version:
            raise VaultError(400, "BadParameter", "api-version must be specified")
        if not _API_VERSION.fullmatch(version):
            raise VaultError(400, "BadParameter", f"The specified version ({version}) is not recognized.")
        words = [word for word in request.path.split("/") if word]  # a current version is asked for by "NAME/", too
        listing = len(words) == 1 or words[2:] == ["versions"]
        action = "list" if listing else _ACTIONS.get(request.method, "get")
        if not may(grants, f"secrets/{action}", "/".join([vault.store.name, "secrets", *words[1:2]])):
            raise VaultError(403, "Forbidden", f"Caller is not authorized to perform action on resource.\r\nAction: "
                             f"'Microsoft.KeyVault/vaults/secrets/{action}/action'\r\nVault: {vault.store.name}")
        return self._done(vault, request, words, json.loads(body or b"{}"))

    def _done(self, vault: Vault, request: web.Request, words: list[str],
              body: Mapping[str, Any]) -> tuple[int, dict[str, Any] | None]:
        store = vault.store
        match request.method, words:
            case "GET", ["secrets"]:
                return 200, _page(vault, request, [store.item(each) for each in store.all()])
            case "GET", ["secrets", name, "versions"]:
                secret = store.secret(name)
                versions = sorted(secret.versions, key=lambda each: each.id)
                return 200, _page(vault, request, [store.bundle(secret, each, value=False) for each in versions])
            case "GET", ["secrets", name, *version] if len(version) < 2:
                return 200, store.read(name, "".join(version))
            case "PUT", ["secrets", name]:
                return 200, store.put(name, body)
            case "PATCH", ["secrets", name, *version] if len(version) < 2:
                return 200, store.patch(name, "".join(version), body)
            case "DELETE", ["secrets", name]:
                return 200, store.delete(name)
            case "GET", ["deletedsecrets"]:
                return 200, _page(vault, request, [store.deleted_bundle(each) for each in store.all(deleted=True)])
            case "GET", ["deletedsecrets", name]:
                return 200, store.deleted_bundle(store.deleted(name))
            case "POST", ["deletedsecrets", name, "recover"]:
                return 200, store.recover(name)
            case "DELETE", ["deletedsecrets", name]:
                store.purge(name)
                return 204, None
        raise VaultError(404, "NotFound", f"There is no {request.method} {request.path}")

    def _authenticated(self, vault: Vault, request: web.Request, headers: dict[str, str]) -> Any:
        """What the caller may do. VaultError 401: it has to come with another token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        bearer = self._bearers.find(token) if scheme == "Bearer" else None
        wanted = vault.cloud.vault_audience
        own = bearer and bearer.tenant in ("", vault.tenant)
        if bearer and (token == self._bearers.admin or (own and wanted in bearer.scopes)):
            return bearer.grants
        headers["WWW-Authenticate"] = vault.challenge or (
            f'Bearer authorization="https://{vault.cloud.login}/{vault.tenant}", resource="{wanted}"')
        if scheme != "Bearer":
            raise VaultError(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
        if bearer and not own:
            raise VaultError(401, "Unauthorized", f"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/"
                             f"{vault.tenant}/, found https://sts.windows.net/{bearer.tenant}/.")
        if bearer:
            raise VaultError(401, "Unauthorized", f"AKV10022: Invalid audience. Expected {wanted}, found: "
                             f"{', '.join(bearer.scopes)}.")
        raise VaultError(401, "Unauthorized", "AKV10001: Token is not known, or its time is over.")


def _page(vault: Vault, request: web.Request, items: list[dict[str, Any]]) -> dict[str, Any]:
    """At most `maxresults` of the items, from where $skiptoken says, and the link to the next ones. The link names
    the port, as in recordings of the real service."""
    asked = request.query.get("maxresults")
    if asked is not None and not (asked.isdigit() and 1 <= int(asked) <= _PAGE):
        raise VaultError(400, "BadParameter", f"maxresults must be from 1 to {_PAGE}.")
    size, after = int(asked or _PAGE), request.query.get("$skiptoken")
    if after is not None:
        last = _after(after)
        items = [item for item in items if item["id"].lower() > last]
    link = None
    if len(items) > size:
        mark = urlsafe_b64encode(json.dumps({"after": items[size - 1]["id"].lower()}).encode()).decode().rstrip("=")
        query = f"api-version={request.query['api-version']}&$skiptoken={mark}"
        query += f"&maxresults={asked}" if asked else ""
        link = f"https://{vault.host}:443{quote(request.path)}?{query}"
    return {"value": items[:size], "nextLink": vault.next_link if link and vault.next_link else link}


def _after(token: str) -> str:
    try:
        return json.loads(urlsafe_b64decode(token + "==="))["after"]
    except (ValueError, KeyError):
        raise VaultError(400, "BadParameter", "The skip token is not valid.") from None


def _sealed(request: web.Request, status: int, body: dict[str, Any] | None, own: Mapping[str, str]) -> Answer:
    """With the headers of the real service."""
    headers = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1",
               "x-ms-keyvault-region": "westeurope", "x-ms-keyvault-service-version": "1.9.0.1",
               "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
               "x-ms-request-id": str(uuid.uuid4()), "X-Content-Type-Options": "nosniff",
               "Strict-Transport-Security": "max-age=31536000;includeSubDomains", **own}
    if "x-ms-client-request-id" in request.headers:
        headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
    if body is None:
        return Answer(status, headers=headers)
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})
