#!/usr/bin/env python3
"""Gives the demo's cloud secret another value: rotate_google.py [KEY=VALUE ...]

Without arguments it makes up a new password. Speaks to the Secret Manager that the environment names:
GCP_SECRET_MANAGER_ENDPOINT, CLOUDSDK_CORE_PROJECT, CLOUDSDK_AUTH_ACCESS_TOKEN.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys

import requests

NAME = "shop-db"


def main(words: list[str]) -> int:
    if any("=" not in word for word in words):
        print(__doc__, file=sys.stderr)
        return 2
    secret = (f"{os.environ['GCP_SECRET_MANAGER_ENDPOINT']}/v1/projects/{os.environ['CLOUDSDK_CORE_PROJECT']}"
              f"/secrets/{NAME}")
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {os.environ['CLOUDSDK_AUTH_ACCESS_TOKEN']}"
        answer = session.get(f"{secret}/versions/latest:access", timeout=30)
        answer.raise_for_status()
        value = json.loads(base64.b64decode(answer.json()["payload"]["data"]))
        value |= dict(word.split("=", 1) for word in words) or {"password": secrets.token_urlsafe(12)}
        data = base64.b64encode(json.dumps(value).encode()).decode()
        answer = session.post(f"{secret}:addVersion", json={"payload": {"data": data}}, timeout=30)
        answer.raise_for_status()
    print(f"{NAME} has the new version {answer.json()['name'].rpartition('/')[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
