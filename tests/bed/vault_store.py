"""The secrets of one Key Vault: what is kept, and in which state. It knows no HTTP; time comes as an argument."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_LARGEST = 25 * 1024  # bytes of a value
_DAYS = 90  # that a deleted secret can be recovered
_LEVEL = "Recoverable+Purgeable"


class VaultError(Exception):
    """A refusal: HTTP status, code and text, and the inner code if there is one."""

    def __init__(self, status: int, code: str, text: str, inner: str = "") -> None:
        super().__init__(text)
        self.status, self.code, self.inner = status, code, inner


@dataclass
class Version:
    """One version of a secret. Times are seconds since 1970; `updated` also moves with the attributes."""

    id: str
    value: str
    created: int
    updated: int
    content_type: str | None = None
    enabled: bool = True
    nbf: int | None = None
    exp: int | None = None
    tags: dict[str, str] | None = None
    managed: bool = False  # it is a certificate's
    kid: str | None = None


@dataclass
class Secret:
    """A secret; the newest version stands last."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: float | None = None
    recovered: float = 0

    @property
    def newest(self) -> Version:
        return self.versions[-1]

    def version(self, wanted: str) -> Version:
        """That version, or the newest for "". VaultError: there is none."""
        found = self.newest if not wanted else next((each for each in self.versions if each.id == wanted), None)
        if found is None:
            raise absent(f"{self.name}/{wanted}")
        return found


class VaultStore:
    """The vault `name`, under `url`. Names of secrets are compared without case. What was deleted or recovered is
    there only `settling` seconds later, as in the real service (recordings: up to a minute). `on_new` is told of
    each new version."""

    def __init__(self, name: str, url: str, clock: Callable[[], float]) -> None:
        self.name, self.url, self._clock = name, url, clock
        self.settling: float = 0
        self.on_new: Callable[[Secret, Version], None] = lambda *_: None
        self._secrets: dict[str, Secret] = {}

    # -- reading --------------------------------------------------------------

    def secret(self, name: str) -> Secret:
        """A secret that is there. VaultError: it is not."""
        found = self._secrets.get(name.lower())
        if found is None or found.deleted is not None or self._clock() < found.recovered + self.settling:
            raise absent(name)
        return found

    def deleted(self, name: str) -> Secret:
        """A secret that was deleted and not purged. VaultError: it is none."""
        found = self._secrets.get(name.lower())
        if found is None or found.deleted is None or self._clock() < found.deleted + self.settling:
            raise VaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")
        return found

    def all(self, *, deleted: bool = False) -> list[Secret]:
        """Those that are there, or were deleted, by name."""
        return [each for _, each in sorted(self._secrets.items()) if (each.deleted is not None) == deleted]

    def read(self, name: str, wanted: str) -> dict[str, Any]:
        """The answer to GET of a version: not-yet-valid and expired ones are given away, disabled ones are not."""
        secret = self.secret(name)
        version = secret.version(wanted)
        if not version.enabled:
            raise VaultError(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
        return self.bundle(secret, version)

    def bundle(self, secret: Secret, version: Version, *, value: bool = True) -> dict[str, Any]:
        """A version as the service shows it."""
        return ({"value": version.value} if value else {}) | _kind(version) | {
            "id": f"{self.url}/secrets/{secret.name}/{version.id}"} | _rest(version)

    def item(self, secret: Secret) -> dict[str, Any]:
        """A secret as a list shows it: without version."""
        return _kind(secret.newest) | {"id": f"{self.url}/secrets/{secret.name}"} | _rest(secret.newest)

    def deleted_bundle(self, secret: Secret) -> dict[str, Any]:
        """A deleted secret as the service shows it."""
        when = math.floor(secret.deleted or 0)
        return {"recoveryId": f"{self.url}/deletedsecrets/{secret.name}", "deletedDate": when,
                "scheduledPurgeDate": when + _DAYS * 86400} | self.bundle(secret, secret.newest, value=False)

    # -- writing --------------------------------------------------------------

    def put(self, name: str, body: Mapping[str, Any], *, managed: bool = False,
            kid: str | None = None) -> dict[str, Any]:
        """A new version, and before it perhaps a new secret; as the service shows it."""
        value = body.get("value")
        if not _NAME.fullmatch(name):
            raise _bad(f"The request URI contains an invalid name: {name}")
        if not isinstance(value, str):
            raise _bad("The parameter is incorrect: 'value' must be specified.")
        if len(value.encode()) > _LARGEST:
            raise _bad(f"Secret value length ({len(value.encode())}) must be less than {_LARGEST}.")
        secret = self._secrets.get(name.lower())
        if secret and secret.deleted is not None:
            raise VaultError(409, "Conflict", f"Secret {name} is currently in a deleted but recoverable state, and its "
                             "name cannot be reused; in this state, the secret can only be recovered or purged.",
                             "ObjectIsDeletedButRecoverable")
        now = math.floor(self._clock())
        version = Version(secrets.token_hex(16), value, now, now, managed=managed, kid=kid)
        _set(version, body)
        if secret is None:
            secret = self._secrets[name.lower()] = Secret(name)
        secret.versions.append(version)
        self.on_new(secret, version)
        return self.bundle(secret, version)

    def patch(self, name: str, wanted: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Sets what the body names: attributes, contentType, tags."""
        secret = self.secret(name)
        version = secret.version(wanted)
        _set(version, body)
        version.updated = math.floor(self._clock())
        return self.bundle(secret, version, value=False)

    def delete(self, name: str) -> dict[str, Any]:
        secret = self.secret(name)
        secret.deleted = self._clock()
        return self.deleted_bundle(secret)

    def recover(self, name: str) -> dict[str, Any]:
        secret = self.deleted(name)
        secret.deleted, secret.recovered = None, self._clock()
        return self.bundle(secret, secret.newest, value=False)

    def purge(self, name: str) -> None:
        self.deleted(name)
        del self._secrets[name.lower()]


def absent(name: str) -> VaultError:
    return VaultError(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault. If you "
                      "recently deleted this secret you may be able to recover it using the correct recovery command. "
                      "For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182")


def _bad(text: str) -> VaultError:
    return VaultError(400, "BadParameter", text)


def _set(version: Version, body: Mapping[str, Any]) -> None:
    attributes = body.get("attributes") or {}
    version.enabled = attributes.get("enabled", version.enabled)
    version.nbf, version.exp = attributes.get("nbf", version.nbf), attributes.get("exp", version.exp)
    version.content_type = body.get("contentType", version.content_type)
    version.tags = body.get("tags", version.tags)


def _kind(version: Version) -> dict[str, Any]:
    return {} if version.content_type is None else {"contentType": version.content_type}


def _rest(version: Version) -> dict[str, Any]:
    times = {name: value for name, value in (("nbf", version.nbf), ("exp", version.exp)) if value is not None}
    attributes = {"enabled": version.enabled, **times, "created": version.created, "updated": version.updated,
                  "recoveryLevel": _LEVEL, "recoverableDays": _DAYS}
    shown: dict[str, Any] = {"managed": True} if version.managed else {}
    shown["attributes"] = attributes
    if version.tags is not None:
        shown["tags"] = version.tags
    return shown | ({"kid": version.kid} if version.kid else {})
