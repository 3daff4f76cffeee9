"""Replicas of EDSM that can be told apart, and cut off one by one."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bed.audit import WRITES, AuditEntry
from bed.aws import Queue
from bed.exchange import cut_before
from bed.process import wait_for
from bed.wire import WireProxy
from world import CONTROLLER_NAMESPACE, PATIENCE, USER, World

LEASE = "a06dd29d.edsm.io"
LEASE_DURATION, RETRY_PERIOD = 15, 2  # seconds, as EDSM has them


class Replica:
    """One EDSM with wires of its own and a token of its own: by the token's id the audit log knows who
    wrote. (User, user agent and address are those of all replicas.)"""

    def __init__(self, world: World, name: str, queue: Queue) -> None:
        self.name, self._cluster = name, world.cluster
        self.api, self.aws = world.wire_to_api(f"api-{name}"), world.wire_to_aws(f"aws-{name}")
        token = Path(world.write_token(seconds=3600))
        self.credential = f"JTI={token_id(token.read_text())}"
        self.edsm = world.edsm(api=self.api, token_file=str(token), queue=queue, name=f"edsm-{name}",
                               env={"AWS_ENDPOINT": self.aws.url},
                               flags=["--leader-elect=true", "--rollout-window=200ms"])

    def __repr__(self) -> str:
        return f"replica {self.name}"

    def leads(self) -> bool:
        return self.edsm.process.returncode is None and self.edsm.metric("edsm_leader") == 1

    def writes(self, since: datetime, **wanted: object) -> list[AuditEntry]:
        """All that it has asked the API server to change since then, its lease included."""
        entries = self._cluster.audit(user=USER, credential=self.credential,
                                      stage="ResponseComplete", **{"verb": WRITES} | wanted)
        return [entry for entry in entries if entry.received >= since]


def start_replicas(world: World, number: int, queue: Queue) -> list[Replica]:
    replicas = [Replica(world, str(one + 1), queue) for one in range(number)]
    for replica in replicas:
        replica.edsm.ready(PATIENCE)
    return replicas


def wait_leader(replicas: Sequence[Replica], timeout: float = 60) -> Replica:
    """The one of them that leads."""
    def found() -> Replica | None:
        leaders = [replica for replica in replicas if replica.leads()]
        return leaders[0] if len(leaders) == 1 else None
    return wait_for(found, timeout, f"one of {replicas} to lead")


def taken_over(standby: Sequence[Replica], since: datetime) -> tuple[Replica, datetime]:
    """Which of them has got the lease since then, and when, by the audit log."""
    successor = wait_leader(standby)
    return successor, successor.writes(since, resource="leases", code=200)[0].done


def cut_off(wire: WireProxy) -> None:
    """Nothing goes through any more, in no direction."""
    wire.fault(cut_before(), count=None)
    wire.cut_open()


def transitions(world: World) -> int:
    """How often the lease has changed hands."""
    return world.kube.get("Lease", LEASE, CONTROLLER_NAMESPACE)["spec"]["leaseTransitions"]


def token_id(token: str) -> str:
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["jti"]
