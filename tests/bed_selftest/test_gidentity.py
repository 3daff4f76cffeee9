"""What gives Google's access tokens in the bed: google-auth is the judge, and gcpbed takes what it gives."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import google.auth as google_auth
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions
from google.auth import aws as aws_credentials
from google.auth import identity_pool
from google.auth.compute_engine import _metadata
from google.auth.credentials import CredentialsWithRegionalAccessBoundary
from google.auth.exceptions import OAuthError, RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from bed.aws import Ministack
from bed.bearers import CLOUD_PLATFORM, Bearers
from bed.gcp import NUMBER, PROJECT, GoogleCloud
from bed.gidentity import TOKEN_URL, Account, GoogleIdentity, Pool
from bed.google_clients import secret_manager, subscriber
from bed.scratch import work_dir

READER = {f"projects/{PROJECT}": ["roles/secretmanager.secretAccessor"]}
VALUE = f"projects/{PROJECT}/secrets/a/versions/latest"


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """google-auth asks Google itself in the background where a token may be used; not from here."""
    monkeypatch.setattr(CredentialsWithRegionalAccessBoundary, "_maybe_start_regional_access_boundary_refresh",
                        lambda *_: None)


@pytest.fixture(scope="module")
def bearers() -> Bearers:
    return Bearers(work_dir("bearers"))


@pytest.fixture(scope="module")
def identity(bearers: Bearers) -> Iterator[GoogleIdentity]:
    with GoogleIdentity(bearers) as identity:
        yield identity


@pytest.fixture(scope="module")
def google(bearers: Bearers) -> Iterator[GoogleCloud]:
    with GoogleCloud(bearers=bearers) as cloud:
        cloud.put_secret("a", "1")
        yield cloud


@pytest.fixture(scope="module")
def issuer() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def pool(identity: GoogleIdentity, issuer: rsa.RSAPrivateKey) -> Pool:
    return identity.pool("workloads", issuer.public_key(), issuer="https://issuer.example",
                         grants={"system:serviceaccount:edsm:edsm": READER})


def read(google: GoogleCloud, credentials: Any) -> bytes:
    return secret_manager(google, credentials).access_secret_version(name=VALUE).payload.data


def from_key(identity: GoogleIdentity, account: Account) -> service_account.Credentials:
    return service_account.Credentials.from_service_account_info(
        account.key_file(f"{identity.url}/token"), scopes=[CLOUD_PLATFORM])


# -- service account keys -------------------------------------------------------


def test_a_key_gives_what_its_account_may(identity: GoogleIdentity, google: GoogleCloud) -> None:
    credentials = from_key(identity, identity.account("reader", grants=READER))
    assert read(google, credentials) == b"1"
    with pytest.raises(exceptions.Forbidden, match=r"Permission 'secretmanager\.versions\.get' denied for "
                       rf"resource 'projects/{NUMBER}/secrets/a/versions/latest' \(or it may not exist\)"):
        secret_manager(google, credentials).get_secret_version(name=VALUE)
    with pytest.raises(exceptions.Forbidden, match="User not authorized to perform this action"):
        subscriber(google, credentials).pull(subscription=f"projects/{PROJECT}/subscriptions/s", max_messages=1)


def test_a_foreign_key_is_refused(identity: GoogleIdentity) -> None:
    account = identity.account("robbed")
    thief = Account(account.email)
    with pytest.raises(RefreshError, match=r"invalid_grant: Invalid JWT Signature\."):
        from_key(identity, thief).refresh(Request())
    assert identity.served["token", 400] == 1


@pytest.mark.parametrize("claims, complaint", [
    ({"aud": "https://example.com/token"}, "Failed audience check"),
    ({"exp": -10}, "expired"),
    ({"exp": 3700}, "short-lived token"),
    ({"iss": "nobody@example.com"}, "account not found"),
    ({"scope": ""}, "Invalid OAuth scope"),
])
def test_wrong_claims_are_refused(identity: GoogleIdentity, claims: dict[str, Any], complaint: str) -> None:
    account = identity.account("strict")
    now = int(time.time())
    wanted = {"iss": account.email, "scope": CLOUD_PLATFORM, "aud": TOKEN_URL, "iat": now, "exp": 3600} | claims
    assertion = jwt.encode({**wanted, "exp": now + wanted["exp"]}, account.key, algorithm="RS256")
    answer = requests.post(f"{identity.url}/token", timeout=5, data={
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion})
    assert answer.status_code == 400
    assert complaint in answer.json()["error_description"]


def test_default_credentials_from_a_file(identity: GoogleIdentity, google: GoogleCloud, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps(identity.account("from-file", grants=READER).key_file(f"{identity.url}/token")))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    credentials, project = google_default()
    assert project == PROJECT
    assert read(google, credentials) == b"1"


def google_default() -> tuple[Any, str | None]:
    return google_auth.default(scopes=[CLOUD_PLATFORM])


def test_a_user_who_has_logged_in(identity: GoogleIdentity, google: GoogleCloud) -> None:
    def logged_in(**changes: str) -> user_credentials.Credentials:
        info = identity.user(READER).file() | changes
        return user_credentials.Credentials(None, token_uri=f"{identity.url}/token", client_id=info["client_id"],
                                            client_secret=info["client_secret"], refresh_token=info["refresh_token"])

    assert read(google, logged_in()) == b"1"
    with pytest.raises(RefreshError, match="invalid_grant"):
        logged_in(refresh_token="1//other").refresh(Request())
    with pytest.raises(RefreshError, match="invalid_client"):
        logged_in(client_secret="other").refresh(Request())


# -- metadata server --------------------------------------------------------------


def test_default_credentials_from_the_metadata_server(identity: GoogleIdentity, google: GoogleCloud, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    host = identity.url.removeprefix("http://")
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))  # where no credentials of the developer are
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", host)
    identity.attached = identity.account("attached", grants=READER)
    credentials, project = google_default()
    assert project == PROJECT
    assert read(google, credentials) == b"1"
    assert credentials.service_account_email == identity.attached.email


def test_the_metadata_server_wants_its_header(identity: GoogleIdentity) -> None:
    url = f"{identity.url}/computeMetadata/v1/project/project-id"
    flavor = {"Metadata-Flavor": "Google"}
    assert requests.get(url, timeout=5).status_code == 403
    assert requests.get(url, headers={**flavor, "X-Forwarded-For": "127.0.0.1"}, timeout=5).status_code == 403
    answer = requests.get(url, headers=flavor, timeout=5)
    assert (answer.text, answer.headers["Metadata-Flavor"]) == (PROJECT, "Google")
    assert requests.get(f"{identity.url}/computeMetadata/v1/none", headers=flavor, timeout=5).status_code == 404


# -- workload identity federation ---------------------------------------------------


def workload(pool: Pool, identity: GoogleIdentity, issuer: rsa.RSAPrivateKey, folder: Path,
             *, issued_by: str = "https://issuer.example", **fields: Any) -> identity_pool.Credentials:
    token = jwt.encode({"iss": issued_by, "sub": "system:serviceaccount:edsm:edsm",
                        "aud": f"https:{pool.audience}", "exp": int(time.time()) + 600}, issuer, algorithm="RS256")
    (folder / "token").write_text(token)
    configuration = pool.external_account(str(folder / "token"), **fields) | {"token_url": f"{identity.url}/v1/token"}
    return identity_pool.Credentials.from_info(configuration, scopes=[CLOUD_PLATFORM])


def test_a_workload_is_what_its_token_says(identity: GoogleIdentity, google: GoogleCloud, pool: Pool,
                                           issuer: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    assert read(google, workload(pool, identity, issuer, tmp_path)) == b"1"


def test_a_foreign_workload_is_refused(identity: GoogleIdentity, pool: Pool, issuer: rsa.RSAPrivateKey,
                                       tmp_path: Path) -> None:
    foreign = rsa.generate_private_key(65537, 2048)
    for credentials in (workload(pool, identity, foreign, tmp_path),
                        workload(pool, identity, issuer, tmp_path, issued_by="https://other.example")):
        with pytest.raises(OAuthError, match="invalid_grant"):
            credentials.refresh(Request())


def test_a_workload_impersonates_who_lets_it(identity: GoogleIdentity, google: GoogleCloud, pool: Pool,
                                             issuer: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    may = pool.principal("system:serviceaccount:edsm:edsm")
    lets = identity.account("lets", grants=READER, impersonators=[may])
    url = identity.impersonation_url(lets).replace("https://iamcredentials.googleapis.com", identity.url)
    credentials = workload(pool, identity, issuer, tmp_path, service_account_impersonation_url=url)
    assert read(google, credentials) == b"1"

    closed = identity.impersonation_url(identity.account("closed"))
    url = closed.replace("https://iamcredentials.googleapis.com", identity.url)
    with pytest.raises(RefreshError, match="iam.serviceAccounts.getAccessToken"):
        workload(pool, identity, issuer, tmp_path, service_account_impersonation_url=url).refresh(Request())


@pytest.fixture
def aws() -> Iterator[Ministack]:
    with Ministack(auth=True) as server:
        yield server


def test_an_aws_workload_is_whom_its_signature_says(identity: GoogleIdentity, google: GoogleCloud, aws: Ministack,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    key = aws.create_user_with_policy("worker", [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}])
    arn = aws.client("sts", key).get_caller_identity()["Arn"]
    pool = identity.pool("from-aws", aws=aws.url, grants={arn: READER})

    def workload_with(variables: dict[str, str], **changes: str) -> aws_credentials.Credentials:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return aws_credentials.Credentials.from_info(
            pool.aws_account() | {"token_url": f"{identity.url}/v1/token"} | changes, scopes=[CLOUD_PLATFORM])

    good = key.env() | {"AWS_REGION": "eu-west-1"}
    assert read(google, workload_with(good)) == b"1"
    for refused in (workload_with(good, audience=pool.audience.replace("from-aws", "workloads")),
                    workload_with({**good, "AWS_SECRET_ACCESS_KEY": "wrong"})):
        with pytest.raises(OAuthError, match="invalid_grant"):
            refused.refresh(Request())


# -- what the tokens are worth --------------------------------------------------------


def status_of(google: GoogleCloud, token: str | None) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(f"{google.url}/v1/{VALUE}:access", headers=headers, timeout=5)
    return answer.status_code, answer.json().get("error", {}).get("status", "OK")


def test_only_tokens_that_were_issued_count(google: GoogleCloud, bearers: Bearers) -> None:
    assert status_of(google, None) == (401, "UNAUTHENTICATED")
    assert status_of(google, "invented") == (401, "UNAUTHENTICATED")
    token = bearers.issue("somebody")
    assert status_of(google, token) == (200, "OK")
    google.set_clock(+3601)
    try:
        assert status_of(google, token) == (401, "UNAUTHENTICATED")
    finally:
        google.set_clock(0)
    bearers.revoke(token)
    assert status_of(google, token) == (401, "UNAUTHENTICATED")


def test_scopes_and_grants_count(google: GoogleCloud, bearers: Bearers) -> None:
    narrow = bearers.issue("narrow", scopes=["https://www.googleapis.com/auth/pubsub"])
    assert status_of(google, narrow) == (403, "PERMISSION_DENIED")
    elsewhere = {f"projects/{PROJECT}/secrets/ab": ["roles/secretmanager.secretAccessor"]}
    assert status_of(google, bearers.issue("elsewhere", grants=elsewhere)) == (403, "PERMISSION_DENIED")
    here = {f"projects/{NUMBER}/secrets/a": ["roles/secretmanager.secretAccessor"]}
    assert status_of(google, bearers.issue("here", grants=here)) == (200, "OK")
    for prefix, status in (("a", 200), ("b", 403)):
        by_name = {f"projects/{NUMBER}/secrets/{prefix}*": ["roles/secretmanager.secretAccessor"]}
        assert status_of(google, bearers.issue("by name", grants=by_name))[0] == status


def test_tokens_live_as_long_as_they_are_told_to(identity: GoogleIdentity) -> None:
    identity.lifetime = 7
    try:
        credentials = from_key(identity, identity.account("short"))
        credentials.refresh(Request())
    finally:
        identity.lifetime = 3600
    left = credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(seconds=7)
