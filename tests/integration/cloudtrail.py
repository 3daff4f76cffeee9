"""Events as CloudTrail and people send them: fixtures for what no emulator makes."""

from __future__ import annotations

import json
import uuid
from typing import Any

from bed.aws import REGION

ACCOUNT = "000000000000"

Event = dict[str, Any]


def _envelope(detail_type: str, detail: Event) -> Event:
    return {"version": "0", "id": str(uuid.uuid4()), "detail-type": detail_type, "source": "aws.secretsmanager",
            "account": ACCOUNT, "time": "2026-11-23T12:26:45Z", "region": REGION, "resources": [], "detail": detail}


def api_call(name: str, request: Event | None, response: Event | None = None, **detail: Any) -> Event:
    """An "AWS API Call via CloudTrail", as AWS has sent it since 2024; `detail` adds members."""
    return _envelope("AWS API Call via CloudTrail", {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": f"arn:aws:iam::{ACCOUNT}:user/u",
                         "accountId": ACCOUNT, "accessKeyId": "AKIAEXAMPLE", "userName": "u"},
        "eventTime": "2026-11-23T12:26:45Z", "eventSource": "secretsmanager.amazonaws.com", "eventName": name,
        "awsRegion": REGION, "sourceIPAddress": "192.0.2.4", "userAgent": "Mozilla/5.0",
        "requestParameters": request, "responseElements": response, "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()), "readOnly": name.startswith(("Get", "List", "Describe", "BatchGet")),
        "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management", **detail})


def put_secret_value(secret_id: str, *, arn: str | None = None, version: str | None = None) -> Event:
    """A new value, written under the name or ARN that the caller typed."""
    request: Event = {"secretId": secret_id}
    if version:
        request["clientRequestToken"] = version
    return api_call("PutSecretValue", request, {"arn": arn} if arn else None)


def create_secret(name: str) -> Event:
    """A secret appears; its identity is `name`, and the response is not recorded."""
    return api_call("CreateSecret", {"name": name, "clientRequestToken": str(uuid.uuid4())})


def read(secret_id: str) -> Event:
    """Somebody read a value."""
    return api_call("GetSecretValue", {"secretId": secret_id})


def batch_read(*secret_ids: str) -> Event:
    """Somebody read several values."""
    return api_call("BatchGetSecretValue", {"secretIdList": list(secret_ids)})


def failed(event: Event) -> Event:
    """The same call, but it was refused."""
    detail = event["detail"] | {"errorCode": "AccessDenied", "errorMessage": "no", "responseElements": None}
    return event | {"detail": detail}


def rotation_succeeded(arn: str, version: str) -> Event:
    """A service event: nobody called an API."""
    return _envelope("AWS Service Event via CloudTrail", {
        "eventVersion": "1.08",
        "userIdentity": {"accountId": ACCOUNT, "invokedBy": "secretsmanager.amazonaws.com"},
        "eventTime": "2026-11-23T12:26:45Z", "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "RotationSucceeded", "awsRegion": REGION,
        "sourceIPAddress": "secretsmanager.amazonaws.com", "userAgent": "secretsmanager.amazonaws.com",
        "requestParameters": None, "responseElements": None, "additionalEventData": {"SecretId": arn},
        "requestID": f"Rotation-{arn}-{version}", "eventID": str(uuid.uuid4()), "readOnly": False,
        "eventType": "AwsServiceEvent", "managementEvent": True, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management"})


def by_hand(secret_id: str) -> Event:
    """The least that existing users' test jobs send."""
    return {"detail": {"awsRegion": REGION, "eventName": "PutSecretValue",
                       "requestParameters": {"secretId": secret_id}}}


def native(name: str, arn: str, version: str, label: str = "AWSCURRENT") -> Event:
    """Secrets Manager's own event, to send it once more."""
    return _envelope("Secret Label Updated", {
        "name": name, "labelUpdated": label, "versionId": version}) | {"resources": [arn]}


def in_sns(event: Event) -> Event:
    """The event as it comes when somebody put an SNS topic between."""
    return {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t",
            "Message": json.dumps(event), "Timestamp": "2026-11-23T12:26:45.000Z", "SignatureVersion": "1"}
