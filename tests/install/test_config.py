"""What config/ holds can be applied, as a whole, in parts, and by whom it should be usable it is."""

from __future__ import annotations

import pytest

from bed import ROOT
from bed.controlplane import ControlPlane
from bed.process import wait_for
from commands import CommandFailed, Helm, documents, kubectl

WHO = "somebody"
# What a user with each of Kubernetes' own roles may do, and what only the next one may.
ROLES = {"view": ("list", "create"), "edit": ("create", "deletecollection"), "admin": ("deletecollection", None)}


def test_parts_are_the_whole(cluster: ControlPlane) -> None:
    def built(folder: str) -> list[str]:
        return sorted(map(str, documents(kubectl(cluster, "kustomize", ROOT / folder))))
    assert sorted(built("config/crd") + built("config/rbac")) == built("config")


def test_samples_are_taken_without_a_word(cluster: ControlPlane, helm: Helm) -> None:
    kubectl(cluster, "apply", "--server-side", "-k", ROOT / "config/crd")
    kubectl(cluster, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    files = sorted((ROOT / "config/samples").glob("*.yaml"))

    def taken() -> str:
        return kubectl(cluster, "apply", "--server-side", "--dry-run=server", "--validate=strict",
                       *(argument for file in files for argument in ("-f", file)))
    wait_for(lambda: cluster.kube.list("EventDrivenSecret") == [], 30, "the kind to be served")
    said = taken().splitlines()
    assert len(said) == sum(len(documents(file.read_text())) for file in files) >= 4
    assert all(line.endswith("(server dry run)") for line in said)


@pytest.mark.parametrize("role", ROLES)
def test_kubernetes_own_roles_get_their_part(cluster: ControlPlane, helm: Helm, role: str) -> None:
    kubectl(cluster, "apply", "--server-side", "-k", ROOT / "config")
    namespace = f"config-{role}"
    rbac = "rbac.authorization.k8s.io"
    cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    cluster.kube.create({"apiVersion": f"{rbac}/v1", "kind": "RoleBinding",
                         "metadata": {"name": role, "namespace": namespace},
                         "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": role},
                         "subjects": [{"apiGroup": rbac, "kind": "User", "name": WHO}]})

    def may(verb: str, subresource: str = "") -> bool:
        try:
            kubectl(cluster, "auth", "can-i", verb, "eventdrivensecrets.secrets.edsm.io", "--namespace", namespace,
                    "--as", WHO, f"--subresource={subresource}")
        except CommandFailed:
            return False
        return True

    allowed, refused = ROLES[role]
    wait_for(lambda: may(allowed), 30, f"{role} to {allowed}")  # a controller puts the roles together
    assert refused is None or not may(refused)
    assert may("get", "status") and not may("update", "status"), "the status is the controller's"
