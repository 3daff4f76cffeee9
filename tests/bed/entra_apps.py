"""Who gets Microsoft Entra's tokens: applications with their credentials, and managed identities."""

from __future__ import annotations

import hashlib
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from bed.bearers import Grants

FEDERATED_AUDIENCE = "api://AzureADTokenExchange"


class EntraError(Exception):
    """A refusal: its code (AADSTS...), OAuth's word for it, and the HTTP status."""

    def __init__(self, code: int, error: str, text: str, status: int = 400) -> None:
        super().__init__(f"AADSTS{code}: {text}")
        self.code, self.error, self.status = code, error, status


@dataclass(frozen=True)
class Federation:
    """A federated credential: the application takes tokens of that issuer for that subject; `key` (a public
    one) verifies them."""

    issuer: str
    subject: str
    key: Any
    audience: str = FEDERATED_AUDIENCE


@dataclass
class App:
    """An application of the tenant. `grants` is what it may do: roles of AZURE_ROLES by scope (None:
    everything); `secrets` are its client secrets."""

    name: str
    grants: Grants | None = None
    secrets: list[str] = field(default_factory=list)
    expired_secrets: list[str] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    federations: list[Federation] = field(default_factory=list)
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def check_secret(self, secret: str) -> None:
        if secret in self.expired_secrets:
            raise EntraError(7000222, "invalid_client", f"The provided client secret keys for app '{self.client_id}' "
                             "are expired.", 401)
        if secret not in self.secrets:
            raise EntraError(7000215, "invalid_client", "Invalid client secret provided. Ensure the secret being sent "
                             "in the request is the client secret value, not the client secret ID, for a secret added "
                             f"to app '{self.client_id}'.", 401)

    def check_assertion(self, assertion: str, audiences: Sequence[str]) -> None:
        """A client assertion: signed by one of the certificates, or another issuer's token."""
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.DecodeError:
            raise EntraError(50027, "invalid_client", "JWT token is invalid or malformed.", 401) from None
        if claims.get("iss") == self.client_id:
            self._check_certificate(assertion, header, audiences)
        else:
            self._check_federation(assertion, claims)

    def _check_certificate(self, assertion: str, header: Mapping[str, Any], audiences: Sequence[str]) -> None:
        for certificate in self.certificates:
            if _names(header, certificate):
                claims = _verified(assertion, certificate.public_key(), audiences)
                if claims["sub"] != self.client_id:
                    raise EntraError(700021, "invalid_client", "Client assertion application identifier doesn't match "
                                     "'client_id' parameter.", 401)
                return
        raise EntraError(700027, "invalid_client", f"The certificate with identifier used to sign the client assertion "
                         "is not registered on application. [Reason - The key was not found., Thumbprint of key used "
                         f"by client: '{header.get('x5t', header.get('kid'))}']", 401)

    def _check_federation(self, assertion: str, claims: Mapping[str, Any]) -> None:
        issuer, subject, audience = claims.get("iss"), claims.get("sub"), claims.get("aud")
        of_issuer = [each for each in self.federations if each.issuer == issuer]
        if not of_issuer:
            raise EntraError(700211, "invalid_client", f"No matching federated identity record found for presented "
                             f"assertion issuer '{issuer}'.", 401)
        of_subject = [each for each in of_issuer if each.subject == subject]
        if not of_subject:
            raise EntraError(700213, "invalid_client", f"No matching federated identity record found for presented "
                             f"assertion subject '{subject}'.", 401)
        named = audience if isinstance(audience, list) else [audience]
        matching = [each for each in of_subject if each.audience in named]
        if not matching:
            raise EntraError(700212, "invalid_client", f"No matching federated identity record found for presented "
                             f"assertion audience '{audience}'.", 401)
        _verified(assertion, matching[0].key, [matching[0].audience])


@dataclass
class ManagedIdentity:
    """What the metadata server of a machine gives tokens of: its own identity, or one that was assigned."""

    name: str
    grants: Grants | None = None
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    object_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resource_id: str = ""


def _names(header: Mapping[str, Any], certificate: x509.Certificate) -> bool:
    """Whether a JWT's header names that certificate: by SHA-1, or by SHA-256."""
    digests = {name: certificate.fingerprint(algorithm)
               for name, algorithm in (("x5t", hashes.SHA1()), ("x5t#S256", hashes.SHA256()))}
    named = {name: header[name] for name in digests if name in header}
    return bool(named) and all(
        value.rstrip("=") == urlsafe_b64encode(digests[name]).decode().rstrip("=") for name, value in named.items())


def _verified(assertion: str, key: Any, audiences: Sequence[str]) -> dict[str, Any]:
    """The claims, if key, time and audience are right."""
    try:
        return jwt.decode(assertion, key, algorithms=["RS256", "PS256", "ES256"], audience=list(audiences),
                          options={"require": ["exp", "sub", "aud"]})
    except jwt.InvalidSignatureError:
        digest = hashlib.sha1(assertion.encode(), usedforsecurity=False).hexdigest()[:8]
        raise EntraError(700027, "invalid_client", "Client assertion failed signature validation. [Reason - The key "
                         f"was found, but the signature is not its own., assertion {digest}]", 401) from None
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise EntraError(700024, "invalid_client", "Client assertion is not within its valid time range.",
                         401) from None
    except jwt.InvalidAudienceError:
        raise EntraError(700023, "invalid_client", "Client assertion audience claim does not match Realm issuer.",
                         401) from None
    except jwt.InvalidTokenError as error:
        raise EntraError(50027, "invalid_client", f"JWT token is invalid or malformed. {error}", 401) from None
