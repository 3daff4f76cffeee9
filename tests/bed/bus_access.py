"""Who may do what with Service Bus: Entra's bearers, and shared access signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote

from bed.azure_names import Cloud
from bed.bearers import Bearers
from bed.entra import may


class Unauthorized(Exception):
    """A refusal with 401, and why."""


@dataclass(frozen=True)
class SharedKey:
    """A shared access policy of a namespace: its key, and its claims (Listen, Send, Manage)."""

    name: str
    claims: tuple[str, ...] = ("Listen",)
    key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    def signature(self, uri: str, lifetime: float = 3600) -> str:
        """The Authorization header for that URI and all below it."""
        resource, ends = quote(uri.lower(), safe=""), int(time.time() + lifetime)
        return (f"SharedAccessSignature sr={resource}&sig={quote(self.sign(resource, str(ends)), safe='')}"
                f"&se={ends}&skn={self.name}")

    def sign(self, resource: str, ends: str) -> str:
        digest = hmac.new(self.key.encode(), f"{resource}\n{ends}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def check(authorization: str, claim: str, host: str, path: str, *, asked: str, cloud: Cloud, bearers: Bearers,
          keys: dict[str, SharedKey]) -> None:
    """Unauthorized unless that header gives the claim on the entity at `path`; `asked` is the request's path."""
    scheme, _, rest = authorization.partition(" ")
    if not rest:
        raise Unauthorized("MissingToken: The authorization header was not found.")
    if scheme == "Bearer":
        _check_bearer(rest, claim, host, path, cloud, bearers)
    elif scheme == "SharedAccessSignature":
        _check_signature(rest, claim, f"{host}{asked}", keys, time.time())
    else:
        raise Unauthorized("MalformedToken: The authorization header is of no known scheme.")


def _check_bearer(token: str, claim: str, host: str, path: str, cloud: Cloud, bearers: Bearers) -> None:
    bearer = bearers.find(token)
    if bearer is None:
        raise Unauthorized("ExpiredToken: The token is expired, or was never issued.")
    if token != bearers.admin and not {cloud.bus_audience, f"https://{cloud.buses}"} & set(bearer.scopes):
        raise Unauthorized("InvalidAudience: The authorization header contains a token with an invalid audience.")
    if not may(bearer.grants, claim, f"{host.partition('.')[0]}/{path}"):
        raise Unauthorized(f"Unauthorized access. '{claim}' claim(s) are required to perform this operation. "
                           f"Resource: 'sb://{host}/{path}'.")


def _check_signature(text: str, claim: str, resource: str, keys: dict[str, SharedKey], now: float) -> None:
    parts = {name: values[0] for name, values in parse_qs(text).items()}
    raw = dict(part.partition("=")[::2] for part in text.split("&"))
    if not {"sr", "sig", "se", "skn"} <= parts.keys() or not parts["se"].isdigit():
        raise Unauthorized("MalformedToken: The token is malformed.")
    key = keys.get(parts["skn"])
    if key is None or not hmac.compare_digest(key.sign(raw["sr"], parts["se"]), parts["sig"].replace(" ", "+")):
        raise Unauthorized("InvalidSignature: The token has an invalid signature.")
    if int(parts["se"]) <= now:
        ends = datetime.fromtimestamp(int(parts["se"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise Unauthorized(f"ExpiredToken: The token is expired. Expiration time: '{ends}'.")
    scope = parts["sr"].partition("://")[2].lower().partition("?")[0].replace(":443/", "/").rstrip("/")
    if not f"{resource.lower()}/".startswith(f"{scope}/"):
        raise Unauthorized("InvalidAudience: The token is not for this resource.")
    if claim not in key.claims:
        raise Unauthorized(f"Unauthorized access. '{claim}' claim(s) are required to perform this operation.")
