"""The API server's audit log: the record of what everybody did to the cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""

CREDENTIAL = "authentication.kubernetes.io/credential-id"
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True)
class AuditEntry:
    """One stage of one request. Long ones (watches) have two: ResponseStarted
    and ResponseComplete."""

    id: str
    stage: str
    verb: str
    user: str
    impersonated: str | None
    credential: str  # of a ServiceAccount's token: its id, which tells replicas of one user apart
    user_agent: str
    uri: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    received: datetime
    done: datetime
    annotations: dict[str, str] = field(default_factory=dict, hash=False)  # what admission has noted

    @classmethod
    def parse(cls, entry: dict[str, Any]) -> AuditEntry:
        target = entry.get("objectRef", {})
        return cls(
            id=entry["auditID"], stage=entry["stage"], verb=entry["verb"],
            user=entry.get("user", {}).get("username", ""),
            impersonated=entry.get("impersonatedUser", {}).get("username"),
            credential=",".join(entry.get("user", {}).get("extra", {}).get(CREDENTIAL, [])),
            user_agent=entry.get("userAgent", ""), uri=entry["requestURI"],
            resource=target.get("resource", ""), subresource=target.get("subresource", ""),
            namespace=target.get("namespace", ""), name=target.get("name", ""),
            code=entry.get("responseStatus", {}).get("code", 0),
            received=datetime.fromisoformat(entry["requestReceivedTimestamp"]),
            done=datetime.fromisoformat(entry["stageTimestamp"]),
            annotations=entry.get("annotations", {}))


def read(path: Path, **wanted: Any) -> list[AuditEntry]:
    """The entries whose fields have the wanted values (or one of a set)."""
    text = path.read_text() if path.exists() else ""
    complete = text[:text.rfind("\n") + 1]  # the last line may be half written
    entries = [AuditEntry.parse(json.loads(line)) for line in complete.splitlines()]
    return [entry for entry in entries if all(
        getattr(entry, name) in value if isinstance(value, (set, frozenset)) else getattr(entry, name) == value
        for name, value in wanted.items())]
