"""Who an AWS workload is, for Google's STS: it hands over a GetCallerIdentity that it has signed, and STS sends it."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote, urlsplit

import requests

TOKEN_TYPE = "urn:ietf:params:aws:token-type:aws4_request"


def caller(subject_token: str, audience: str, endpoint: str) -> str:
    """The ARN of the caller, by an AWS emulator at `endpoint` that verifies signatures. ValueError: nobody."""
    request = json.loads(unquote(subject_token))
    headers = {header["key"].lower(): header["value"] for header in request["headers"]}
    url = urlsplit(request["url"])
    if not re.fullmatch(r"sts(\.[a-z0-9-]+)?\.amazonaws\.com", url.netloc):
        raise ValueError(f"{url.netloc} is not AWS's STS")
    if headers.get("x-goog-cloud-target-resource") != audience:  # Google's own clients do not sign it
        raise ValueError("the request is not for this audience")
    path = f"{url.path or '/'}?{url.query}"
    answer = requests.request(request["method"], endpoint + path, headers=headers, timeout=10)
    arn = re.search(r"<Arn>([^<]+)</Arn>", answer.text)
    if not answer.ok or not arn:
        raise ValueError(f"AWS answered {answer.status_code}")
    return arn[1]
