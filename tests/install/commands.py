"""The real helm, kubectl, promtool and terraform, for tests."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bed import ROOT
from bed.controlplane import ControlPlane
from bed.controlplane import programs as cluster_programs
from bed.kube import Object
from bed.scratch import work_dir

EXAMPLE = ROOT / "examples/terraform/aws-prerequisites"
GOOGLE_EXAMPLE = ROOT / "examples/terraform/gcp-prerequisites"
AZURE_EXAMPLE = ROOT / "examples/terraform/azure-prerequisites"
CHART = ROOT / "charts/k8s-event-driven-secrets"
ACCOUNT = "000000000000"  # the emulators'
CRD = "eventdrivensecrets.secrets.edsm.io"
CRDS = (CRD, "secretaccesspolicies.secrets.edsm.io")
FULL_NAME = "edsm-k8s-event-driven-secrets"  # of a release that is called edsm
GUARD_API = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"

Values = Mapping[str, Any]


@functools.cache
def tools() -> Path:
    """The folder of helm and promtool; builds them if they are not there yet."""
    script = ROOT / "tools/setup/opstools.sh"
    return Path(subprocess.run([script, "--print-path"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def run(*command: str | Path, env: Mapping[str, str] | None = None, stdin: str | None = None,
        cwd: Path | None = None) -> str:
    """Runs a program; its output. Raises with what it said if it fails."""
    done = subprocess.run(list(map(str, command)), input=stdin, text=True, capture_output=True, cwd=cwd,
                          env={"PATH": os.environ["PATH"], "HOME": str(work_dir("home")), **(env or {})})
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class CommandFailed(Exception):
    """A program ended with another exit code than 0; what it said."""


def documents(text: str) -> list[Object]:
    return [document for document in yaml.safe_load_all(text) if document]


class Helm:
    """helm for one cluster (None: only templates), with folders of its own."""

    def __init__(self, cluster: ControlPlane | None = None) -> None:
        home = work_dir("helm")
        self._env = {"HELM_CACHE_HOME": str(home), "HELM_CONFIG_HOME": str(home), "HELM_DATA_HOME": str(home)}
        self._cluster = cluster
        if cluster:
            self._env["KUBECONFIG"] = str(cluster.kubeconfig)

    def __call__(self, *arguments: str | Path) -> str:
        return run(tools() / "helm", *arguments, env=self._env)

    def install(self, values: Values | None = None, *, namespace: str = "kube-system", name: str = "edsm",
                chart: Path = CHART, flags: tuple[str, ...] = ()) -> str:
        """The documented line, and `values`."""
        return self("upgrade", "--install", name, chart, "--namespace", namespace, *flags, *_file_of(values))

    def template(self, values: Values | None = None, *, namespace: str = "kube-system", name: str = "edsm",
                 serves: tuple[str, ...] = (GUARD_API,)) -> list[Object]:
        """What would be installed in a cluster that serves these kinds, beside what every cluster has."""
        apis = (argument for api in serves for argument in ("--api-versions", api))
        return documents(self("template", name, CHART, "--namespace", namespace, *apis, *_file_of(values)))

    def uninstall_all(self) -> None:
        """Uninstalls every release of the cluster."""
        assert self._cluster
        records = self._cluster.kube.list("Secret", labelSelector="owner=helm")
        for name, namespace in {(each["metadata"]["labels"]["name"], each["metadata"]["namespace"]) for each in records}:
            self("uninstall", name, "--namespace", namespace)


def _file_of(values: Values | None) -> Iterator[str]:
    if values is not None:
        path = work_dir("values") / "values.yaml"
        path.write_text(yaml.safe_dump(dict(values)))
        yield from ("--values", str(path))


def only(objects: list[Object], kind: str, name: str | None = None) -> Object:
    """The one object of that kind (and name)."""
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
    return found[0]


def kubectl(cluster: ControlPlane, *arguments: str | Path, stdin: str | None = None,
            env: Mapping[str, str] | None = None) -> str:
    return run(cluster_programs() / "kubectl", "--kubeconfig", cluster.kubeconfig, *arguments, stdin=stdin, env=env)


def dry_run(cluster: ControlPlane, objects: list[Object]) -> None:
    """The API server checks the objects as if they were created; a field that it does not know is an error."""
    kubectl(cluster, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-",
            stdin=yaml.safe_dump_all(objects))


class Terraform:
    """terraform in a copy of a folder, with our stand-in for the providers (tools/opstools)."""

    def __init__(self, folder: Path, *, account: str = ACCOUNT, endpoint: str = "http://127.0.0.1:1",
                 issuer: str = "oidc.example.com/id/1") -> None:
        program = shutil.which("terraform")
        assert program, "terraform 1.5 or newer is not in PATH, and no package registry has it: install it by hand"
        self._program = program
        self.folder = work_dir("terraform") / folder.name
        shutil.copytree(folder, self.folder)
        config = self.folder.parent / "cli.tfrc"
        overrides = "".join(f'    "hashicorp/{name}" = "{tools().parent / "terraform"}"\n'
                            for name in ("aws", "google", "azurerm"))
        config.write_text(f"provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n")
        self._env = {"TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1",
                     "STAND_IN_ACCOUNT": account, "STAND_IN_ENDPOINT": endpoint, "STAND_IN_ISSUER": issuer}

    def __call__(self, *arguments: str) -> str:
        return run(self._program, *arguments, env=self._env, cwd=self.folder)

    def apply(self, **variables: Any) -> dict[str, list[Object]]:
        """Applies it; the resources by type, each as its attributes."""
        path = self.folder / "test.auto.tfvars.json"
        path.write_text(json.dumps(variables))
        self("apply", "-auto-approve", "-input=false", "-no-color")
        state = json.loads(self("show", "-json", "-no-color"))
        found: dict[str, list[Object]] = {}
        for resource in state["values"]["root_module"]["resources"]:
            found.setdefault(resource["type"], []).append(resource["values"])
        return found

    def outputs(self) -> Object:
        return {name: output["value"] for name, output in json.loads(self("output", "-json")).items()}


def declared_variables(example: Path) -> dict[str, str]:
    """The variables of a Terraform example, with their defaults as its page shows them."""
    text = (example / "variables.tf").read_text()
    declared = dict(re.findall(r'variable "(\w+)" {.*?default\s*= (\S+)', text, re.DOTALL))
    assert len(declared) == text.count('variable "'), "each has a default"
    return {name: "none" if default in ("{}", "null") else f"`{default.strip(chr(34))}`"
            for name, default in declared.items()}


def shown_variables(page: str) -> dict[str, str]:
    """The variables in the table of a page of docs, with their defaults."""
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE))
