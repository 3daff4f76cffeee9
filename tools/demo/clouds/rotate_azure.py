#!/usr/bin/env python3
"""Gives the demo's cloud secret another value: rotate_azure.py [KEY=VALUE ...]

Without arguments it makes up a new password. Speaks to the Key Vault that the environment names:
AZURE_KEY_VAULT_URL, AZURE_KEY_VAULT_ENDPOINT (where it really is), AZURE_ACCESS_TOKEN.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from urllib.parse import urlsplit

import requests

NAME = "shop-db"


def main(words: list[str]) -> int:
    if any("=" not in word for word in words):
        print(__doc__, file=sys.stderr)
        return 2
    secret = f"{os.environ['AZURE_KEY_VAULT_ENDPOINT']}/secrets/{NAME}"
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Host": urlsplit(os.environ["AZURE_KEY_VAULT_URL"]).hostname,
                                "Authorization": f"Bearer {os.environ['AZURE_ACCESS_TOKEN']}"})
        session.params = {"api-version": "7.4"}
        answer = session.get(secret, timeout=30)
        answer.raise_for_status()
        value = json.loads(answer.json()["value"])
        value |= dict(word.split("=", 1) for word in words) or {"password": secrets.token_urlsafe(12)}
        answer = session.put(secret, json={"value": json.dumps(value)}, timeout=30)
        answer.raise_for_status()
    print(f"{NAME} has the new version {answer.json()['id'].rpartition('/')[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
