"""Microsoft Entra's token endpoint, and the metadata server of Azure's machines.

Assertions are verified by PyJWT. What was issued stands in `bearers`; its scope is the audience.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from bed.azure_names import CLOUDS, TENANT
from bed.azure_server import Answer
from bed.bearers import Bearers, Grants
from bed.entra_apps import App, EntraError, ManagedIdentity

_DAY = 86399
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_IMDS = "/metadata/identity/oauth2/token"

# What Azure's roles allow, as far as the bed serves it.
AZURE_ROLES: dict[str, tuple[str, ...]] = {
    "Key Vault Secrets User": ("secrets/get", "secrets/list"),
    "Key Vault Reader": ("secrets/list",),
    "Key Vault Secrets Officer": ("secrets/get", "secrets/list", "secrets/set", "secrets/delete"),
    "Azure Service Bus Data Receiver": ("Listen",),
    "Azure Service Bus Data Sender": ("Send",),
    "Azure Service Bus Data Owner": ("Listen", "Send", "Manage"),
}


def may(grants: Grants | None, action: str, resource: str) -> bool:
    """Whether the grants cover the action on "VAULT/secrets/NAME", say: a scope covers all that is below."""
    if grants is None:
        return True
    return any(action in AZURE_ROLES.get(role, (role,))
               for scope, roles in grants.items() for role in roles
               if f"{resource.lower()}/".startswith(f"{scope.lower()}/"))


class Entra:
    """The token endpoint of TENANT (and of what else is in `tenants`) in all clouds. `lifetime` is that of the tokens
    to come; `served` counts the answers: served[200], served["AADSTS700027"]."""

    def __init__(self, bearers: Bearers) -> None:
        self.bearers = bearers
        self.lifetime: float = _DAY
        self.tenants = {TENANT}
        self.served: Counter[int | str] = Counter()
        self._apps: dict[str, App] = {}

    def app(self, name: str, **fields: Any) -> App:
        """A new application; `fields` are those of App."""
        made = App(name, **fields)
        self._apps[made.client_id] = made
        return made

    def serves(self, host: str) -> bool:
        return any(host == cloud.login for cloud in CLOUDS)

    async def answer(self, request: web.Request, host: str, body: bytes) -> Answer:
        tenant, _, path = request.path.strip("/").partition("/")
        try:
            answer = _answered(200, self._served(request, host, tenant, path, body))
        except EntraError as error:
            answer = _answered(error.status, _refusal(error))
            self.served[f"AADSTS{error.code}"] += 1
        self.served[answer.status] += 1
        return answer

    def _served(self, request: web.Request, host: str, tenant: str, path: str, body: bytes) -> dict[str, Any]:
        if request.path == "/common/discovery/instance":
            return _instances(host)
        if tenant not in self.tenants:
            raise EntraError(90002, "invalid_request", f"Tenant '{tenant}' not found. Check to make sure you have the "
                             "correct tenant ID and are signing into the correct cloud.")
        if path == "v2.0/.well-known/openid-configuration":
            return _openid(host, tenant)
        if path == "oauth2/v2.0/token" and request.method == "POST":
            return self._token(host, tenant, {name: values[0] for name, values in parse_qs(body.decode()).items()})
        raise EntraError(900144, "invalid_request", f"There is no '{path}' here.", 404)

    def _token(self, host: str, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("grant_type") != "client_credentials":
            raise EntraError(70003, "unsupported_grant_type", "The app requested an unsupported grant type "
                             f"'{form.get('grant_type')}'.")
        audience = _audience(host, form.get("scope", ""))
        app = self._apps.get(form.get("client_id", ""))
        if app is None:
            raise EntraError(700016, "unauthorized_client", f"Application with identifier '{form.get('client_id')}' "
                             f"was not found in the directory '{tenant}'.")
        if form.get("client_assertion_type") == _ASSERTION:
            url = f"https://{host}/{tenant}"
            app.check_assertion(form.get("client_assertion", ""), [f"{url}/oauth2/v2.0/token", f"{url}/v2.0"])
        elif "client_secret" in form:
            app.check_secret(form["client_secret"])
        else:
            raise EntraError(7000218, "invalid_client", "The request body must contain the following parameter: "
                             "'client_assertion' or 'client_secret'.", 401)
        token = self.bearers.issue(app.name, grants=app.grants, scopes=[audience], lifetime=self.lifetime,
                                   tenant=tenant)
        seconds = int(self.lifetime)
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


class MetadataServer:
    """The metadata server of a machine in Azure, at the bed's plain URL. `system` is the machine's own identity,
    `assigned` are others. `faults` are statuses that it answers with first."""

    def __init__(self, bearers: Bearers) -> None:
        self.bearers = bearers
        self.lifetime: float = _DAY
        self.system: ManagedIdentity | None = None
        self.assigned: list[ManagedIdentity] = []
        self.faults: list[int] = []
        self.asked: list[dict[str, str]] = []  # the queries

    def serves(self, host: str) -> bool:
        return host in ("127.0.0.1", "localhost", "169.254.169.254")

    async def answer(self, request: web.Request, host: str, body: bytes) -> Answer:
        query = dict(request.query)
        if request.path != _IMDS or request.method != "GET":
            return _plain(404, {"error": "not_found", "error_description": "there is nothing here"})
        if request.headers.get("Metadata") != "true" or "X-Forwarded-For" in request.headers:
            return _plain(400, {"error": "invalid_request",
                                "error_description": "Required metadata header not specified"})
        self.asked.append(query)
        if self.faults:
            return _plain(self.faults.pop(0), {"error": "server_error", "error_description": "injected"})
        if query.get("api-version", "") < "2018-02-01":
            return _plain(400, {"error": "bad_request_102", "error_description": "Required API version not specified"})
        identity = self._chosen(query)
        if identity is None:
            return _plain(400, {"error": "invalid_request", "error_description": "Identity not found"})
        resource = query.get("resource", "").rstrip("/")
        if not any(resource in cloud.audiences for cloud in CLOUDS):
            return _plain(400, {"error": "invalid_resource", "error_description": "AADSTS500011: The resource "
                                f"principal named {resource} was not found in the tenant."})
        return _plain(200, self._issued(identity, resource))

    def _chosen(self, query: Mapping[str, str]) -> ManagedIdentity | None:
        by = {"client_id": "client_id", "object_id": "object_id", "msi_res_id": "resource_id",
              "mi_res_id": "resource_id"}
        for name, attribute in by.items():
            if name in query:
                known = [*self.assigned, *([self.system] if self.system else [])]
                return next((each for each in known if getattr(each, attribute) == query[name]), None)
        if self.system:
            return self.system
        return self.assigned[0] if len(self.assigned) == 1 else None

    def _issued(self, identity: ManagedIdentity, resource: str) -> dict[str, str]:
        now, seconds = int(time.time()), int(self.lifetime)
        token = self.bearers.issue(identity.name, grants=identity.grants, scopes=[resource], lifetime=self.lifetime)
        return {"access_token": token, "client_id": identity.client_id, "expires_in": str(seconds),
                "expires_on": str(now + seconds), "ext_expires_in": str(seconds), "not_before": str(now - 300),
                "resource": resource, "token_type": "Bearer"}


def _audience(host: str, scope: str) -> str:
    """What a scope asks for: scopes of applications end in /.default."""
    resource = scope.removesuffix("/.default").rstrip("/")
    if not scope.endswith("/.default"):
        raise EntraError(1002012, "invalid_scope", f"The provided value for scope {scope} is not valid. Client "
                         "credential flows must have a scope value with /.default suffixed to the resource identifier.")
    cloud = next(cloud for cloud in CLOUDS if cloud.login == host)
    if resource not in cloud.audiences:
        raise EntraError(500011, "invalid_resource", f"The resource principal named {resource} was not found in the "
                         f"tenant named {TENANT}.")
    return resource


def _openid(host: str, tenant: str) -> dict[str, Any]:
    base = f"https://{host}/{tenant}"
    return {"token_endpoint": f"{base}/oauth2/v2.0/token", "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize", "jwks_uri": f"{base}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "response_types_supported": ["code", "id_token"], "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"], "tenant_region_scope": "EU"}


def _instances(host: str) -> dict[str, Any]:
    return {"tenant_discovery_endpoint": f"https://{host}/{TENANT}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1", "metadata": [
                {"preferred_network": cloud.login, "preferred_cache": cloud.login, "aliases": [cloud.login]}
                for cloud in CLOUDS]}


def _refusal(error: EntraError) -> dict[str, Any]:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return {"error": error.error, "error_description": f"{error} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {when}", "error_codes": [error.code], "timestamp": when, "trace_id": trace,
            "correlation_id": correlation, "error_uri": f"https://login.microsoftonline.com/error?code={error.code}"}


def _answered(status: int, body: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(body).encode(), {
        "Cache-Control": "no-store, no-cache", "Content-Type": "application/json; charset=utf-8", "Expires": "-1",
        "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"', "Pragma": "no-cache",
        "Set-Cookie": "fpc=bed; path=/; secure; HttpOnly; SameSite=None",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff",
        "x-ms-ests-server": "2.1.0 - BED ProdSlices", "x-ms-request-id": str(uuid.uuid4()), "X-XSS-Protection": "0"})


def _plain(status: int, body: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8"})
