"""The access tokens of Google's that count in the bed: one file, which gcpbed reads at every request."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"

Grants = Mapping[str, Sequence[str]]
"""Roles of ROLES, or permissions, by the resource on which they are granted: "projects/P", or one below it, or with
a final * all whose names begin so."""

# What Google's IAM lists for the roles that EDSM's users grant, as far as the bed serves it.
ROLES: dict[str, list[str]] = {
    "roles/pubsub.subscriber": ["pubsub.subscriptions.consume", "pubsub.topics.attachSubscription"],
    "roles/pubsub.viewer": ["pubsub.subscriptions.get", "pubsub.subscriptions.list", "pubsub.topics.get",
                            "pubsub.topics.list"],
    "roles/secretmanager.secretAccessor": ["secretmanager.versions.access"],
    "roles/secretmanager.viewer": ["secretmanager.secrets.get", "secretmanager.secrets.list",
                                   "secretmanager.versions.get", "secretmanager.versions.list"],
}


@dataclass(frozen=True)
class Bearer:
    """Whose token it is, and what that one may do (None: everything)."""

    principal: str
    scopes: Sequence[str]
    expires: float  # seconds since 1970
    grants: Grants | None
    tenant: str = ""  # of Azure's, that issued it; empty: any


class Bearers:
    """The tokens that were issued; `admin` may do everything."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "bearers.json"
        self._known: dict[str, Bearer] = {}
        self._lock = threading.Lock()
        self.admin = self.issue("admin", lifetime=1e6)

    def issue(self, principal: str, *, grants: Grants | None = None, lifetime: float = 3600,
              scopes: Sequence[str] = (CLOUD_PLATFORM,), tenant: str = "") -> str:
        """A new token, which counts for `lifetime` seconds."""
        token = "ya29.bed-" + secrets.token_urlsafe(48)
        with self._lock:
            self._known[token] = Bearer(principal, tuple(scopes), time.time() + lifetime, grants, tenant)
            self._write()
        return token

    def revoke(self, token: str) -> None:
        """It counts no longer."""
        with self._lock:
            del self._known[token]
            self._write()

    def revoke_all(self, principal: str) -> None:
        """What was issued to that one counts no longer."""
        with self._lock:
            self._known = {token: bearer for token, bearer in self._known.items() if bearer.principal != principal}
            self._write()

    def find(self, token: str) -> Bearer | None:
        """Whose it is, if it counts."""
        with self._lock:
            bearer = self._known.get(token)
        return bearer if bearer and time.time() < bearer.expires else None

    def _write(self) -> None:
        new = self.file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps({token: _as_json(bearer) for token, bearer in self._known.items()}))
        new.rename(self.file)  # never seen half written


def _as_json(bearer: Bearer) -> dict[str, Any]:
    return {"expires": bearer.expires, "scopes": list(bearer.scopes), "grants": _permissions(bearer.grants)}


def _permissions(grants: Grants | None) -> dict[str, list[str]] | None:
    if grants is None:
        return None
    return {resource: [permission for role in granted for permission in ROLES.get(role, [role])]
            for resource, granted in grants.items()}
