"""What gives Google's access tokens: token endpoint, STS, IAM credentials and metadata server, on one port.

The paths of the four do not meet, so a client may be led here under all of their names. Tokens are verified
by PyJWT. What was issued stands in `bearers`, for gcpbed.
"""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bed import aws_subject
from bed.bearers import CLOUD_PLATFORM, Bearers, Grants
from bed.certs import KeyPair
from bed.gcp import NUMBER, PROJECT

TOKEN_URL = "https://oauth2.googleapis.com/token"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
_METADATA = "/computeMetadata/v1/"
_CLIENT = "764086051850-bed.apps.googleusercontent.com"
_HOUR = 3600


@dataclass
class Account:
    """A service account: `grants` is what it may do, `impersonators` are the principals that get its tokens."""

    email: str
    grants: Grants | None = None
    impersonators: Sequence[str] = ()
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)
    key_id: str = "0123456789abcdef0123456789abcdef01234567"

    def key_file(self, token_uri: str = TOKEN_URL) -> dict[str, str]:
        """Its key as Google hands it out, for GOOGLE_APPLICATION_CREDENTIALS."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return {"type": "service_account", "project_id": PROJECT, "private_key_id": self.key_id, "private_key": pem,
                "client_email": self.email, "client_id": "100000000000000000001", "token_uri": token_uri,
                "universe_domain": "googleapis.com"}


@dataclass(frozen=True)
class User:
    """A person who has logged in by gcloud: what is granted, and what stays in the file."""

    grants: Grants | None
    client_secret: str = "client-secret"
    refresh_token: str = field(default_factory=lambda: "1//bed-" + secrets.token_urlsafe(24))

    def file(self) -> dict[str, str]:
        """gcloud's application_default_credentials.json."""
        return {"type": "authorized_user", "client_id": _CLIENT, "client_secret": self.client_secret,
                "refresh_token": self.refresh_token}


@dataclass
class Pool:
    """A workload identity provider: it takes subject tokens that `key` (a public one) verifies, or callers
    whom the AWS emulator at `aws` knows, and grants what is said of their subject (a caller's is its ARN)."""

    name: str
    key: Any = None
    algorithm: str = "RS256"
    issuer: str | None = None
    aws: str | None = None
    grants: Mapping[str, Grants] = field(default_factory=dict)

    @property
    def audience(self) -> str:
        return f"//iam.googleapis.com/{self.path}/providers/{self.name}"

    @property
    def path(self) -> str:
        return f"projects/{NUMBER}/locations/global/workloadIdentityPools/{self.name}"

    def principal(self, subject: str) -> str:
        """What a subject is called in IAM."""
        return f"principal://iam.googleapis.com/{self.path}/subject/{subject}"

    def external_account(self, token_file: str, **fields: Any) -> dict[str, Any]:
        """The configuration of a workload whose token is in that file."""
        return self._configuration(_JWT, {"file": token_file}) | fields

    def aws_account(self, **fields: Any) -> dict[str, Any]:
        """The configuration of a workload on AWS."""
        return self._configuration(aws_subject.TOKEN_TYPE, {
            "environment_id": "aws1", "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}) | fields

    def _configuration(self, token_type: str, source: dict[str, str]) -> dict[str, Any]:
        return {"type": "external_account", "audience": self.audience, "subject_token_type": token_type,
                "token_url": "https://sts.googleapis.com/v1/token", "credential_source": source}

    def subject_of(self, token: str, token_type: str) -> str:
        """Who the bearer of a subject token is. ValueError: nobody."""
        if token_type == aws_subject.TOKEN_TYPE and self.aws:
            return aws_subject.caller(token, self.audience, self.aws)
        if token_type not in (_JWT, _ID_TOKEN) or not self.key:
            raise ValueError(f"the provider takes no {token_type}")
        try:
            claims = jwt.decode(token, self.key, algorithms=[self.algorithm], issuer=self.issuer,
                                audience=[self.audience, f"https:{self.audience}"],
                                options={"require": ["exp", "sub", "aud"]})
        except jwt.InvalidTokenError as error:
            raise ValueError(str(error)) from None
        return claims["sub"]


class Refused(Exception):
    """An answer that is no success: its status and its body."""

    def __init__(self, status: int, body: Mapping[str, Any] | str) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class GoogleIdentity:
    """All four services, from `with` to the end of its block. `lifetime` is that of the tokens to come;
    `served` counts the answers by service and status: served["token", 200]."""

    def __init__(self, bearers: Bearers, *, tls: KeyPair | None = None) -> None:
        self.bearers, self._tls = bearers, tls
        self.lifetime: float = _HOUR
        self.served: Counter[tuple[str, int]] = Counter()
        self.attached: Account | None = None  # the account that the metadata server gives away
        self._accounts: dict[str, Account] = {}
        self._pools: dict[str, Pool] = {}
        self._users: dict[str, User] = {}

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if self._tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self._tls.cert, self._tls.key)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)  # not in the accepting thread
        self.port = self._server.server_address[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, name="gidentity", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def account(self, name: str, *, grants: Grants | None = None, impersonators: Sequence[str] = ()) -> Account:
        """A new service account of PROJECT."""
        made = Account(f"{name}@{PROJECT}.iam.gserviceaccount.com", grants, impersonators)
        self._accounts[made.email] = made
        return made

    def user(self, grants: Grants | None = None) -> User:
        """Somebody who has just logged in."""
        made = User(grants)
        self._users[made.refresh_token] = made
        return made

    def pool(self, name: str, key: Any = None, **fields: Any) -> Pool:
        """A new workload identity provider; `fields` are those of Pool."""
        made = Pool(name, key, **fields)
        self._pools[made.audience] = made
        return made

    def impersonation_url(self, account: Account) -> str:
        """Where IAM gives tokens of that account, under its real name."""
        return ("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
                f"{account.email}:generateAccessToken")

    # -- the services -----------------------------------------------------------

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """oauth2.googleapis.com/token, for an assertion that a service account's key signed, or for a user."""
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(form)
        if form.get("grant_type") != _JWT_BEARER:
            raise Refused(400, _oauth("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}"))
        assertion = form.get("assertion", "")
        try:
            issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
        except jwt.DecodeError:
            raise Refused(400, _oauth("invalid_grant", "Invalid JWT: could not be decoded.")) from None
        account = self._accounts.get(issuer)
        if account is None:
            raise Refused(400, _oauth("invalid_grant", "Invalid grant: account not found"))
        claims = self._verified(assertion, account)
        return self._issued(account.email, account.grants, claims.get("scope", "").split())

    def _refreshed(self, form: Mapping[str, str]) -> dict[str, Any]:
        user = self._users.get(form.get("refresh_token", ""))
        if user is None:
            raise Refused(400, _oauth("invalid_grant", "Bad Request"))
        if (form.get("client_id"), form.get("client_secret")) != (_CLIENT, user.client_secret):
            raise Refused(401, _oauth("invalid_client", "Unauthorized"))
        return self._issued("user", user.grants, [CLOUD_PLATFORM])

    def _verified(self, assertion: str, account: Account) -> dict[str, Any]:
        """Google's clients always sign for TOKEN_URL, wherever they send it."""
        try:
            claims = jwt.decode(assertion, account.key.public_key(), algorithms=["RS256"],
                                audience=[TOKEN_URL, f"{self.url}/token"], options={"require": ["iat", "exp", "aud"]})
        except jwt.InvalidSignatureError:
            raise Refused(400, _oauth("invalid_grant", "Invalid JWT Signature.")) from None
        except jwt.InvalidAudienceError:
            raise Refused(400, _oauth("invalid_grant", "Invalid JWT: Failed audience check.")) from None
        except jwt.InvalidTokenError as error:
            raise Refused(400, _oauth("invalid_grant", f"Invalid JWT: {error}")) from None
        if claims["exp"] - claims["iat"] > _HOUR:
            raise Refused(400, _oauth("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) "
                                      "and in a reasonable timeframe. Check your iat and exp values in the JWT claim."))
        if not claims.get("scope"):
            raise Refused(400, _oauth("invalid_scope", "Invalid OAuth scope or ID token audience provided."))
        return claims

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """sts.googleapis.com/v1/token, for the token of another identity provider."""
        if form.get("grant_type") != _EXCHANGE or form.get("requested_token_type") != _ACCESS_TOKEN:
            raise Refused(400, _oauth("invalid_request", "Only an exchange for an access token is possible."))
        pool = self._pools.get(form.get("audience", ""))
        if pool is None:
            raise Refused(400, _oauth("invalid_target", "The target service indicated by the \"audience\" parameters "
                                      "is invalid. This might either be because the pool or provider is disabled or "
                                      "deleted or because it doesn't exist."))
        try:
            subject = pool.subject_of(form.get("subject_token", ""), form.get("subject_token_type", ""))
        except (ValueError, KeyError) as error:
            raise Refused(400, _oauth("invalid_grant", f"The subject token is not valid: {error}")) from None
        issued = self._issued(pool.principal(subject), pool.grants.get(subject, {}), form.get("scope", "").split())
        return {**issued, "issued_token_type": _ACCESS_TOKEN}

    def generate(self, email: str, authorization: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """iamcredentials.googleapis.com: a token of a service account, for one who may impersonate it."""
        caller = self.bearers.find(authorization.removeprefix("Bearer "))
        if caller is None:
            raise Refused(401, _google(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
        account = self._accounts.get(email)
        if account is None or caller.principal not in account.impersonators:
            raise Refused(403, _google(403, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' "
                                       "denied on resource (or it may not exist)."))
        wanted = float(str(body.get("lifetime", "3600s")).removesuffix("s"))
        if not body.get("scope") or not 0 < wanted <= _HOUR:
            raise Refused(400, _google(400, "INVALID_ARGUMENT", "Request contains an invalid argument."))
        seconds = min(wanted, self.lifetime)
        token = self.bearers.issue(account.email, grants=account.grants, scopes=body["scope"], lifetime=seconds)
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        return {"accessToken": token, "expireTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def metadata(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | str:
        """The metadata server's answer for what follows /computeMetadata/v1/."""
        account = self.attached
        plain = {"project/project-id": PROJECT, "project/numeric-project-id": NUMBER,
                 "universe/universe-domain": "googleapis.com"}
        if path in plain:
            return plain[path]
        prefix = "instance/service-accounts/"
        who, _, what = path.removeprefix(prefix).partition("/")
        if not path.startswith(prefix) or account is None or who not in ("default", account.email):
            raise Refused(404, "the metadata server has no such entry")
        if what == "token":
            scopes = query["scopes"].split(",") if query.get("scopes") else [CLOUD_PLATFORM]
            return self._issued(account.email, account.grants, scopes)
        if what == "email":
            return account.email
        if what == "" and query.get("recursive") == "true":
            return {"aliases": ["default"], "email": account.email, "scopes": [CLOUD_PLATFORM]}
        raise Refused(404, "the metadata server has no such entry")

    def _issued(self, principal: str, grants: Grants | None, scopes: Sequence[str]) -> dict[str, Any]:
        token = self.bearers.issue(principal, grants=grants, scopes=scopes, lifetime=self.lifetime)
        return {"access_token": token, "expires_in": int(self.lifetime), "token_type": "Bearer"}


def _oauth(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _google(code: int, status: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status}}


def _handler(identity: GoogleIdentity) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Leads requests to the services, and puts their answers into HTTP."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if self.headers.get("Metadata-Flavor") != "Google" or "X-Forwarded-For" in self.headers:
                self._send("metadata", 403, "Missing required header \"Metadata-Flavor\": \"Google\"")
            elif address.path == "/":
                self._send("metadata", 200, "computeMetadata/\n")
            else:
                path = address.path.removeprefix(_METADATA)
                self._serve("metadata", lambda: identity.metadata(path, query))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path).path
            prefix, suffix = "/v1/projects/-/serviceAccounts/", ":generateAccessToken"
            if path == "/token":
                self._serve("token", lambda: identity.token(_form(body)))
            elif path == "/v1/token":
                self._serve("sts", lambda: identity.exchange(_form(body)))
            elif path.startswith(prefix) and path.endswith(suffix):
                email = path.removeprefix(prefix).removesuffix(suffix)
                self._serve("iam", lambda: identity.generate(
                    email, self.headers.get("Authorization", ""), json.loads(body or b"{}")))
            else:
                self._send("none", 404, _google(404, "NOT_FOUND", "Method not found."))

        def _serve(self, service: str, work: Callable[[], Mapping[str, Any] | str]) -> None:
            try:
                status, body = 200, work()
            except Refused as refused:
                status, body = refused.status, refused.body
            self._send(service, status, body)

        def _send(self, service: str, status: int, body: Mapping[str, Any] | str) -> None:
            identity.served[service, status] += 1
            is_text = isinstance(body, str)
            data = (body if is_text else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/text" if is_text else "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(data)))
            if service == "metadata":
                self.send_header("Metadata-Flavor", "Google")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
            pass  # `served` tells

    return Handler


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}
