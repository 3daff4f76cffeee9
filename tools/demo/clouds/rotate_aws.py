#!/usr/bin/env python3
"""Gives the demo's cloud secret another value: rotate_aws.py [KEY=VALUE ...]

Without arguments it makes up a new password. Speaks to the AWS that the
environment names: AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, ...
"""

from __future__ import annotations

import json
import secrets
import sys

import boto3
from botocore.config import Config

NAME = "prod/shop/db"


def main(words: list[str]) -> int:
    if any("=" not in word for word in words):
        print(__doc__, file=sys.stderr)
        return 2
    manager = boto3.client("secretsmanager", config=Config(proxies={}))
    value = json.loads(manager.get_secret_value(SecretId=NAME)["SecretString"])
    value |= dict(word.split("=", 1) for word in words) or {"password": secrets.token_urlsafe(12)}
    version = manager.put_secret_value(SecretId=NAME, SecretString=json.dumps(value))["VersionId"]
    print(f"{NAME} has the new version {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
