"""What operators see of EDSM: its command line, log, metrics, probes, and never a secret."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

import cloudtrail
import manifests
from bed.edsm import default_binary
from bed.process import wait_for
from bed.scratch import free_port, work_dir
from world import PATIENCE, World

CANARY = "canary-7f3e9b21"


def call(*arguments: str, env: dict[str, str] | None = None, timeout: float = 20) -> subprocess.CompletedProcess[str]:
    return subprocess.run([default_binary(), *arguments], env={"PATH": "/usr/bin", **(env or {})}, text=True,
                          capture_output=True, timeout=timeout, check=False)


# -- the command line ---------------------------------------------------------------

def test_help_and_version_are_printed() -> None:
    for arguments in (["--help"], ["run", "--help"], ["version"]):
        answer = call(*arguments)
        assert answer.returncode == 0 and answer.stdout and not answer.stderr
    flags = call("run", "--help").stdout
    for flag in ("--metrics-bind-address", "--health-probe-bind-address", "--leader-elect", "--metrics-secure",
                 "--metrics-cert-path", "--metrics-cert-name", "--metrics-cert-key", "--enable-http2",
                 "--zap-log-level", "SQS_QUEUE_URL"):
        assert flag in flags
    assert call("version").stdout.startswith("edsm ")


@pytest.mark.parametrize("arguments", [
    [], ["walk"], ["run", "--unknown"], ["run", "--log-level=loud"], ["run", "--resync-interval=fast"],
    ["run", "--resync-interval=1s"], ["run", "--metrics-secure"], ["run", "--workers=0"], ["run", "extra"]])
def test_bad_command_lines_are_refused(arguments: list[str]) -> None:
    answer = call(*arguments)
    assert answer.returncode == 2
    assert answer.stderr.strip() and not answer.stdout


def environment(**changes: str) -> dict[str, str]:
    config = work_dir("config") / "kubeconfig"
    config.write_text("""{"apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}]}""")
    usual = {"KUBECONFIG": str(config), "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a",
             "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT": "http://127.0.0.1:1", "HOME": str(config.parent),
             "SQS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/q"}
    return {name: value for name, value in (usual | changes).items() if value}


# What is changed in a good environment, and what the refusal must name.
BAD_ENVIRONMENTS: dict[str, tuple[dict[str, str], str]] = {
    "queue is no URL": ({"SQS_QUEUE_URL": "my queue"}, "SQS_QUEUE_URL"),
    "half a key": ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
    "role without token": ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "/x"},
                           "AWS_ROLE_ARN"),
    "no region anywhere": ({"AWS_REGION": "", "SQS_QUEUE_URL": "http://127.0.0.1:1/000000000000/q"}, "AWS_REGION"),
    "no kubeconfig": ({"KUBECONFIG": "/nowhere"}, "/nowhere"),
    "no such profile": ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "ghost"}, "ghost"),
}


@pytest.mark.parametrize("case", BAD_ENVIRONMENTS)
def test_bad_environment_is_refused_by_name(case: str) -> None:
    changes, named = BAD_ENVIRONMENTS[case]
    answer = call("run", f"--metrics-bind-address=127.0.0.1:{free_port()}",
                  f"--health-probe-bind-address=127.0.0.1:{free_port()}", env=environment(**changes))
    assert answer.returncode == 2
    assert named in answer.stderr + answer.stdout


def test_missing_queue_is_said(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.edsm(env={"SQS_QUEUE_URL": ""})
    world.wait_synced("db")
    assert any("SQS_QUEUE_URL" in line["msg"] for line in edsm.logs(level="warn"))


def test_port_in_use_is_refused(world: World) -> None:
    edsm = world.start()
    answer = call("run", f"--metrics-bind-address=127.0.0.1:{edsm.metrics_port}", env=environment())
    assert answer.returncode == 2
    assert str(edsm.metrics_port) in answer.stderr and "--metrics-bind-address" in answer.stderr


# -- probes and the end ---------------------------------------------------------------

def test_probes_and_an_orderly_end(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    assert edsm.health("/healthz") == edsm.health("/readyz") == 200
    assert edsm.health("/") == 404
    began = time.monotonic()
    edsm.terminate(timeout=5)
    assert time.monotonic() - began < 3, "a long poll is not waited for"


def test_unready_while_the_api_server_cannot_be_reached(world: World) -> None:
    config = world.cluster.write_kubeconfig(token="t", server_url=f"https://127.0.0.1:{free_port()}")
    edsm = world.edsm(env={"KUBECONFIG": str(config)})
    edsm.env["KUBECONFIG"] = str(config)
    edsm.kill9()
    edsm.start()
    edsm.wait_log(msg="cannot start yet")
    assert edsm.health("/readyz") == 503 and edsm.health("/healthz") == 200
    edsm.terminate()


# -- metrics and log --------------------------------------------------------------------

def test_metrics_after_a_known_sequence(world: World) -> None:
    for name in ("db", "other"):
        world.put(name, {"x": "1"})
        world.bind(name)
    world.bind("absent")
    edsm = world.start()
    for name in ("db", "other"):
        world.wait_synced(name)
    world.wait_reason("absent", "SourceGone")
    world.wait_next_second()  # otherwise the workloads could be older than the values
    for name in ("web", "worker"):
        world.workload(name, ["db"])
        world.wait_recorded(name)
    for value in ("2", "3"):
        version = world.put("db", {"x": value})
        world.wait_synced("db", version=version)
        world.wait_drained()
    world.kube.patch("Secret", "db", world.ns, {"data": {"x": "d3Jvbmc="}})
    world.wait_k8s_event("DriftHealed", about="db")

    def of(name: str, secret: str | None = "db", **labels: str) -> float:
        more = {} if secret is None else {"secret": secret, "namespace": world.ns}
        return edsm.metric(name, **more, **labels)
    assert of("edsm_total_eventdrivensecrets", None, namespace=world.ns) == 3
    assert of("edsm_deployments_using_secrets") == 2
    assert of("edsm_secret_created_total") == of("edsm_secret_created_total", "other") == 1
    assert of("edsm_secret_updated_total") == 3
    assert of("edsm_secret_updated_total", "other") == 0
    assert of("edsm_secret_fetched_total") == 4
    assert of("edsm_deployment_rollout_total") == 4
    assert of("edsm_drift_healed_total") == 1
    assert of("edsm_bindings", None, reason="Synced") == 2
    assert of("edsm_bindings", None, reason="SourceGone") == 1
    assert of("edsm_leader", None) == 1
    assert of("edsm_messages_held", None) == 0
    assert of("edsm_messages_total", None, outcome="matched") == 2
    assert of("edsm_messages_total", None, outcome="settled") == 4  # two of them barriers
    calls = len([one for one in world.calls.find(proxy="aws") if "SecretValue" in one.target])
    assert sum(of("edsm_api_calls_total", None, service="secretsmanager", operation=name)
               for name in ("GetSecretValue", "BatchGetSecretValue")) == calls
    for step in ("event_age", "queue_wait", "fetch", "apply", "rollout", "total"):
        assert of("edsm_step_duration_seconds_count", None, step=step) > 0, step
    assert of("edsm_change_arrival_seconds_count", None, at="secret") == 2
    assert of("edsm_change_arrival_seconds_count", None, at="workload") == 4
    assert 0 < of("edsm_change_arrival_seconds_sum", None, at="secret") < 2 * PATIENCE
    wait_for(lambda: of("edsm_change_arrival_seconds_count", None, at="pods") == 4, PATIENCE, "all pods to be replaced")


def test_log_tells_each_change_in_one_json_line(world: World) -> None:
    world.put("db", {"x": "1"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    world.wait_next_second()
    world.workload("web", ["db"])
    world.wait_recorded("web")
    version = world.put("db", {"x": "2"})
    world.wait_synced("db", version=version)
    world.wait_drained()
    edsm.terminate()

    lines = edsm.logs()
    assert not [line for line in lines if "raw" in line]
    assert all({"level", "msg"} <= line.keys() for line in lines)
    told = [line["msg"] for line in lines if line["level"] == "info"]
    for words in ("event received", "Secret created", "Secret updated", "rollout started"):
        assert told.count(words) == 1, words
    updated = edsm.logs(msg="Secret updated")[0]
    assert updated["secret"] == f"{world.ns}/db" and updated["version"] == version
    assert told[-1] == "stopped"


# -- secrets stay secret ------------------------------------------------------------------

def test_no_value_is_seen_anywhere_but_in_the_target(world: World) -> None:
    world.put("db", {"password": CANARY, "n": 1})
    world.bind("db")
    world.put("text", f"{CANARY} as text")
    world.bind("text", data=[{"secretKey": "a"}])
    world.put("broken", '{"a": "%s",}' % CANARY)
    world.bind("broken")
    world.put("badkey", {f"a {CANARY}": "1"})
    world.bind("badkey")
    edsm = world.start(wired=True)
    world.wait_synced("db")
    for name, reason in (("text", "NotJSON"), ("broken", "NotJSON"), ("badkey", "InvalidKey")):
        world.wait_reason(name, reason)
    world.workload("web", ["db"])
    world.wait_recorded("web")
    version = world.put("db", {"password": f"{CANARY}-2"})
    world.wait_synced("db", version=version)
    world.kube.patch("Secret", "db", world.ns, {"data": {"password": "d3Jvbmc="}})
    world.wait_k8s_event("DriftHealed", about="db")
    world.send(json.dumps(cloudtrail.by_hand(world.path("db")) | {"note": CANARY}))
    world.send(f"{CANARY} is no event")
    wait_for(lambda: edsm.metric("edsm_messages_total", outcome="malformed") >= 1, 20, "the senseless message")

    kinds = ("EventDrivenSecret", "Event", "Deployment", "ReplicaSet")
    seen = {kind: json.dumps(world.kube.list(kind, world.ns)) for kind in kinds}
    seen |= {"log": edsm.process.log.read_text(), "metrics": edsm.metrics_text(),
             "metadata": json.dumps([secret["metadata"] for secret in world.kube.list("Secret", world.ns)]),
             "environment of the process": Path(f"/proc/{edsm.process.pid}/cmdline").read_text()}
    assert CANARY in manifests.decoded(world.wait_data("db", {"password": f"{CANARY}-2".encode()}))["password"].decode()
    assert [where for where, text in seen.items() if CANARY in text] == []


def test_core_dumps_are_off(world: World) -> None:
    edsm = world.start()
    limits = Path(f"/proc/{edsm.process.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]
