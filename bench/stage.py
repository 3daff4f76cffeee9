"""Where a measure takes place: a control plane, an AWS emulator, and EDSM between them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import requests

from bed import ROOT
from bed.aws import REGION, ROOT_USER, Ministack
from bed.controlplane import ControlPlane
from bed.edsm import Edsm
from bed.scratch import work_dir
from bench import gauge, objects
from bench.load import Load

NAMESPACE = "bench"
FLAGS = ("--rollout-window=0s", "--rollout-rate=100000")
_DAY = 86400
_AT_REST = 0.05  # seconds of processor time in two seconds

# Neither is EDSM's: kwok and controllers would be noise. The record of all requests is work for the
# server, and it would be read by nobody. Its profiles' paths are how it is told to collect its garbage.
_SERVER = ("--audit-log-path=", "--profiling=true")


class Emulator(Ministack):
    """ministack, started by bench.emulator."""

    def _argv(self) -> Sequence[str]:
        return ["bench.emulator"]

    def _env(self) -> dict[str, str]:
        return super()._env() | {"LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}

    def calls(self) -> dict[str, int]:
        """How often each operation was asked for so far, by everybody."""
        answer = requests.get(self.url + "/_bench/calls", timeout=30)
        answer.raise_for_status()
        return answer.json()


class Stage:
    """From `with` to the end of its block; the next one begins anew."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.cluster = stack.enter_context(ControlPlane(controllers=False, kwok=False, apiserver_flags=_SERVER))
            self.cluster.install([ROOT / "config/crd/bases", ROOT / "config/rbac"])
            self.aws = stack.enter_context(Emulator())
            self._set_up()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _set_up(self) -> None:
        self.kube = self.cluster.kube
        token = self.cluster.service_account_token("kube-system", "edsm", seconds=_DAY)
        token_file = work_dir("token") / "token"
        token_file.write_text(token)
        self._config = self.cluster.write_kubeconfig(token_file=token_file)
        where = {"BENCH_KUBE_URL": self.cluster.url, "BENCH_KUBE_CA": str(self.cluster.ca_file),
                 "BENCH_AWS_URL": self.aws.url}
        # As EDSM, with its rights and its place in the server's queues; and as somebody who may do everything.
        self.load = Load(self._program, where | {"BENCH_KUBE_TOKEN": token})
        cert, key = self.kube.client_cert or ("", "")
        self.admin = Load(self._program, where | {"BENCH_KUBE_CERT": str(cert), "BENCH_KUBE_KEY": str(key)})
        self.new_namespace(NAMESPACE)

    def new_namespace(self, name: str) -> str:
        self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    # -- EDSM -------------------------------------------------------------------------

    @contextmanager
    def edsm(self, *, flags: Sequence[str] = (), wait: bool = True, binary: Path | None = None) -> Iterator[Edsm]:
        """A running EDSM (or `binary`); `flags` beside the usual ones. `queue` is its own: the emulator would give the first
        event to the open poll of an earlier one."""
        self.queue = self.aws.make_queue(f"events-{next(self._numbers)}", visibility=120)
        env = {"AWS_REGION": REGION, "AWS_ENDPOINT": self.aws.url, "SQS_QUEUE_URL": self.queue.url,
               "AWS_EC2_METADATA_DISABLED": "true", **ROOT_USER.env()}
        with Edsm(self._config, env=env, flags=(*FLAGS, *flags), binary=binary, log_level="info") as program:
            if wait:
                program.ready(120)
            yield program

    def meter(self, **more: int) -> gauge.Meter:
        """CPU time of the servers, and of `more`."""
        return gauge.Meter({"API server": self.cluster.apiserver.pid, "etcd": self.cluster.etcd.pid,
                            "emulator": self.aws.process.pid} | more)

    def connections(self, program: Edsm) -> gauge.Connections:
        return gauge.Connections(program.process.pid, (self.cluster.port, self.aws.port))

    @property
    def ports(self) -> dict[str, int]:
        return {"API server": self.cluster.port, "AWS": urlsplit(self.aws.url).port or 0}

    # -- objects ------------------------------------------------------------------------

    def make_secrets(self, names: Sequence[str]) -> None:
        """In the cloud."""
        self.admin.send(objects.create_in_cloud(names, "first-"), at_once=4)

    def bind(self, names: Sequence[str], namespace: str = NAMESPACE, *, to: str = "") -> None:
        """A binding for each; `to` one cloud secret, or each to its own."""
        self.admin.send((objects.binding(name, namespace, to or name) for name in names), at_once=32)

    def wait_at_rest(self, program: Edsm, bindings: int, timeout: float = 900) -> None:
        """Until all is synced, swept and reported, and EDSM has had nothing to do for two seconds. (What it looks at
        after its start and finds in order makes no call, so its processor time counts, too.)"""
        deadline = time.monotonic() + timeout
        before: dict[str, float] = {}
        idle = False
        while time.monotonic() < deadline:
            program.process.check("it should come to rest")
            now = program.metrics()
            done = {name: number for name, number in now.items() if name.startswith("edsm_api_calls_total")
                    and not any(endless in name for endless in ("ReceiveMessage", "watch ", "leases"))}
            synced = now.get('edsm_bindings{reason="Synced"}', 0)
            if idle and done == before and synced == bindings and now["edsm_sweeps_total"] >= min(bindings, 1):
                return
            before = done
            used = gauge.cpu_seconds(program.process.pid)
            time.sleep(2)
            idle = gauge.cpu_seconds(program.process.pid) - used <= _AT_REST
        raise TimeoutError(f"EDSM is not at rest after {timeout:g} s: {synced:g} of {bindings} bindings are synced")

    def collect_garbage(self) -> None:
        """The API server's. It does so whenever its heap has doubled, which takes as long as hundreds of writes: so a
        thousand of them would be much slower or not by what was done before."""
        answer = requests.get(self.cluster.url + "/debug/pprof/heap?gc=1", cert=self.kube.client_cert,
                              verify=str(self.cluster.ca_file), timeout=60)
        answer.raise_for_status()

    def api_writes(self, program: Edsm) -> dict[str, int]:
        """What EDSM wrote to the API server since its start, by operation."""
        found: dict[str, int] = {}
        for verb in ("create", "patch", "update", "delete"):
            for name, number in program.metrics().items():
                operation = _label(name, "operation")
                if name.startswith("edsm_api_calls_total") and operation.startswith(verb + " "):
                    found[operation] = found.get(operation, 0) + int(number)
        return found


def _label(name: str, label: str) -> str:
    return name.partition(f'{label}="')[2].partition('"')[0]
