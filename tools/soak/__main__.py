"""Half an hour of change and of faults, as fast as one may meet them in a year, to see what grows.

    make soak            30 minutes
    make soak TIME=5     minutes

Secrets change, bindings and workloads come and go, Secrets are edited by hand, the token is rotated;
meanwhile calls to AWS and to the API server fail, hang and are torn. Each minute all faults are taken
away for a moment, and everything must be in order, with nothing done twice. Memory, descriptors and
connections of EDSM are sampled into build/soak/samples.csv; the summary compares the medians of the
second and of the last quarter of the time, and fails if they do not level off.
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from bed import ROOT
from bed.aws import Ministack
from bed.controlplane import ControlPlane
from bed.edsm import Edsm
from bed.exchange import answer, aws_error, cut_after, cut_before, delay, truncate
from bed.process import wait_for
from estate import SECRETS, Estate
from world import CONTROLLER_NAMESPACE, World

OUT = ROOT / "build/soak"
PAUSE = 0.15            # seconds between changes
SAMPLES = 5             # seconds between samples
ROUND = 60              # seconds until all must be in order once more
GUESTS = 8              # bindings and workloads that come and go in a round
PART_OF_FAULTS = 0.004  # of the calls, for each kind of fault
RSS_SLACK, COUNT_SLACK = 1.10, 8

AWS_FAULTS = (aws_error("ThrottlingException"), aws_error("InternalServiceError", 500), answer(503, "<html>"),
              cut_before(), cut_after(), truncate(20), delay(1))
API_FAULTS = (answer(429, "{}", {"Retry-After": "1"}), answer(500, "{}"), answer(503, "<html>"),
              cut_before(), cut_after(), truncate(30), delay(1))


@dataclass(frozen=True)
class Sample:
    """What EDSM holds at one moment."""

    seconds: float
    rss_kib: int
    descriptors: int
    sockets: int
    changes: int
    restarts: int

    @classmethod
    def of(cls, edsm: Edsm, seconds: float, changes: int) -> Sample:
        links = [str(link.readlink()) for link in Path(f"/proc/{edsm.process.pid}/fd").iterdir() if link.is_symlink()]
        return cls(round(seconds, 1), edsm.rss_kib(), len(links), sum(link.startswith("socket:") for link in links),
                   changes, int(edsm.metric("edsm_deployment_rollout_total")))


class Soak:
    """One run, from the first change to the summary."""

    def __init__(self, world: World, stack: ExitStack, minutes: float, seed: int) -> None:
        self._world, self._minutes = world, minutes
        self._chance = random.Random(seed)
        self._estate = Estate(world, stack)
        self._token = Path(world.write_token())
        self._edsm = world.start(wired=True, token_file=str(self._token), queue=world.new_queue(visibility=5))
        self._estate.begin()
        self.samples: list[Sample] = []
        self._changes = 0

    def run(self) -> None:
        began = time.monotonic()
        OUT.mkdir(parents=True, exist_ok=True)
        with (OUT / "samples.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(Sample.__dataclass_fields__))
            writer.writeheader()
            number = 0
            while time.monotonic() - began < 60 * self._minutes:
                self._round(number, began, writer)
                file.flush()
                last = self.samples[-1]
                print(f"{last.seconds / 60:5.1f} min: {last.rss_kib / 1024:.1f} MiB, {last.descriptors} descriptors, "
                      f"{last.sockets} sockets; {self._changes} changes so far, all in order", flush=True)
                number += 1

    def _round(self, number: int, began: float, writer: csv.DictWriter[str]) -> None:
        self._begin_faults()
        until, sample_at = time.monotonic() + ROUND, 0.0
        self._guests_come(number)
        # One a minute, in turn: more of them would be a fight, which EDSM slows down on purpose.
        self._world.kube.patch("Secret", SECRETS[number % len(SECRETS)], self._world.ns, {"data": {"x": "d3Jvbmc="}})
        while (now := time.monotonic()) < until:
            self._change()
            if now >= sample_at:
                self.samples.append(Sample.of(self._edsm, now - began, self._changes))
                writer.writerow(asdict(self.samples[-1]))
                sample_at = now + SAMPLES
            time.sleep(PAUSE)
        self._guests_go(number)
        self._world.api_wire.clear_faults()
        self._world.aws_wire.clear_faults()
        self._estate.wait_converged(120)
        self._estate.check()
        self._estate.forget()
        self._world.calls.clear()
        self._token.write_text(self._world.cluster.service_account_token(CONTROLLER_NAMESPACE, "edsm"))

    def _begin_faults(self) -> None:
        for wire, faults in ((self._world.aws_wire, AWS_FAULTS), (self._world.api_wire, API_FAULTS)):
            for fault in faults:
                wire.fault(fault, count=None, when=lambda call: self._chance.random() < PART_OF_FAULTS)

    def _change(self) -> None:
        self._changes += 1
        name = self._chance.choice(SECRETS)
        kind = self._chance.random()
        if kind < 0.02:
            self._world.api_wire.cut_open()
        elif kind < 0.04:
            self._world.aws_wire.cut_open()
        else:
            value = self._estate.values[name] if kind > 0.9 else f"{self._chance.getrandbits(64):x}"
            self._estate.put(name, value)

    def _guests_come(self, number: int) -> None:
        for guest in range(GUESTS):
            name = f"guest-{number}-{guest}"
            self._world.put(name, {"x": "1"})
            self._world.bind(name)
            self._world.workload(name, [name])

    def _guests_go(self, number: int) -> None:
        for guest in range(GUESTS):
            name = f"guest-{number}-{guest}"
            self._world.kube.delete("EventDrivenSecret", name, self._world.ns)
            self._world.kube.delete("Deployment", name, self._world.ns)
            self._world.aws.client("secretsmanager").delete_secret(
                SecretId=self._world.path(name), ForceDeleteWithoutRecovery=True)
        wait_for(lambda: len(self._world.kube.list("EventDrivenSecret", self._world.ns)) == len(SECRETS) + 1, 30,
                 "the guests to be gone")

    def levelled_off(self) -> bool:
        """Prints the summary."""
        quarter = len(self.samples) // 4
        good = True
        for field, slack in (("rss_kib", RSS_SLACK), ("descriptors", 0), ("sockets", 0)):
            values = [getattr(sample, field) for sample in self.samples]
            early = statistics.median(values[quarter:2 * quarter])
            late = statistics.median(values[3 * quarter:])
            level = late <= early * slack if slack else late <= early + COUNT_SLACK
            good = good and level
            print(f"{field:12} second quarter {early:10.0f}   last quarter {late:10.0f}   highest {max(values):10.0f}   "
                  f"{'levels off' if level else 'GROWS'}")
        print(f"{self._changes} changes; samples in {OUT.relative_to(ROOT)}/samples.csv")
        return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    args = parser.parse_args()
    print(f"{args.minutes:g} minutes, seed {args.seed}", flush=True)
    with ControlPlane() as cluster, Ministack() as aws, ExitStack() as stack:
        cluster.install([ROOT / "config/crd/bases", ROOT / "config/rbac"])
        soak = Soak(World(cluster, aws, "soak", stack), stack, args.minutes, args.seed)
        soak.run()
        return 0 if soak.levelled_off() else 1


if __name__ == "__main__":
    sys.exit(main())
