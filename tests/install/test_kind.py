"""What `make kind` does beside Docker and kind, for which there are stand-ins: it asks for what it needs, and
installs the chart of the real helm with the environment, into the cluster that kind has made."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bed import ROOT
from bed.controlplane import ControlPlane
from bed.scratch import work_dir
from commands import FULL_NAME, Helm, tools

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/events"
SECRET_KEY = "no command line shows this"


class Workshop:
    """A folder with what the script reads, and a $PATH with kind and docker that note how they were called."""

    def __init__(self) -> None:
        self.folder, self.bin = work_dir("kind"), work_dir("kind-bin")
        for part in ("tools/release", "charts"):
            shutil.copytree(ROOT / part, self.folder / part)
        shutil.copy(ROOT / "CMakeLists.txt", self.folder)
        self.image = self.folder / "build/image/edsm.tar"
        self.image.parent.mkdir(parents=True)
        self.image.touch()
        self.calls = self.bin / "calls"
        for name in ("docker", "kind"):
            self.put(name, 'echo "$(basename "$0") $*" >>"$(dirname "$0")/calls"')
        # Nothing here places pods on nodes, so nobody can wait for them.
        self.put("helm", f'for word; do shift; [ "$word" = --wait ] || set -- "$@" "$word"; done\n'
                         f'exec {tools() / "helm"} "$@"')

    def put(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def run(self, kubeconfig: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", self.folder / "tools/release/kind.sh"], text=True, capture_output=True, check=False, timeout=180,
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.bin), "KUBECONFIG": str(kubeconfig)} | env)


@pytest.mark.parametrize("missing", ["docker", "kind", "helm", "image", "queue", "daemon"])
def test_what_is_missing_is_said(missing: str) -> None:
    workshop = Workshop()
    words = {"image": "'make image' makes it", "queue": "set SQS_QUEUE_URL", "daemon": "its daemon does not answer"}
    if missing == "image":
        workshop.image.unlink()
    elif missing == "daemon":
        workshop.put("docker", "exit 1")
    elif missing != "queue":
        assert not any(Path(folder, missing).exists() for folder in ("/usr/bin", "/bin")), "it would be found there"
        (workshop.bin / missing).unlink()
    done = workshop.run(**{} if missing == "queue" else {"SQS_QUEUE_URL": QUEUE})
    assert done.returncode == 1
    assert words.get(missing, f"'{missing}' is missing") in done.stderr
    assert not workshop.calls.exists() or "create" not in workshop.calls.read_text()


def test_it_installs_the_chart_into_the_cluster_that_it_made(cluster: ControlPlane, helm: Helm) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["contexts"][0]["name"] = "kind-mine"
    config["current-context"] = ""  # it must not matter
    kubeconfig = work_dir("kind-config") / "config"
    kubeconfig.write_text(yaml.safe_dump(config))
    workshop = Workshop()

    done = workshop.run(kubeconfig, KIND_CLUSTER="mine", SQS_QUEUE_URL=QUEUE, AWS_REGION="eu-west-1",
                        AWS_SECRET_ACCESS_KEY=SECRET_KEY, OTHER="not for it")

    assert done.returncode == 0, done.stderr
    calls = workshop.calls.read_text().splitlines()
    assert calls == ["docker info", "kind get clusters", "kind create cluster --name mine --wait 120s",
                     "kind load image-archive --name mine build/image/edsm.tar"]
    container, = cluster.kube.get("Deployment", FULL_NAME, "kube-system")["spec"]["template"]["spec"]["containers"]
    version = re.search(r"project\(edsm VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert version and container["image"] == f"edsm:{version[1]}" and container["imagePullPolicy"] == "Never"
    given = {each["name"]: each.get("value") for each in container["env"]}
    assert given.items() >= {"SQS_QUEUE_URL": QUEUE, "AWS_REGION": "eu-west-1",
                             "AWS_SECRET_ACCESS_KEY": SECRET_KEY}.items()
    assert "OTHER" not in given
    assert "logs deployment/edsm-k8s-event-driven-secrets" in done.stdout and SECRET_KEY not in done.stdout

    workshop.calls.unlink()
    workshop.put("kind", 'echo "kind $*" >>"$(dirname "$0")/calls"; [ "$1" != get ] || echo mine')
    assert workshop.run(kubeconfig, KIND_CLUSTER="mine", SQS_QUEUE_URL=QUEUE).returncode == 0
    assert "create" not in workshop.calls.read_text(), "there is one already"
