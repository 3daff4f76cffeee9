"""With deletionPolicy Delete a target goes when its source has surely gone: a minute, so a file of its own."""

from __future__ import annotations

import pytest

import cloudtrail
from bed import ROOT
from world import CONTROLLER_NAMESPACE, World

ROLE = "edsm-secret-deletion"


def permit_deletion_in(world: World, namespace: str) -> None:
    """What config/optional permits everywhere, in one namespace only."""
    world.cluster.install([ROOT / "config/optional/secret-deletion.yaml"])
    world.kube.delete("ClusterRoleBinding", ROLE)
    world.kube.create({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": ROLE, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": "edsm", "namespace": CONTROLLER_NAMESPACE}]})


@pytest.mark.timeout(240)
def test_target_of_a_gone_source_is_deleted_once_that_is_sure_and_permitted(world: World) -> None:
    forbidden = world.new_namespace()
    permit_deletion_in(world, world.ns)
    world.put("db", {"a": "1"})
    for namespace in (world.ns, forbidden):
        world.bind("db", namespace=namespace, how={"deletionPolicy": "Delete"})
    world.start()
    for namespace in (world.ns, forbidden):
        world.wait_synced("db", namespace=namespace)

    world.aws.client("secretsmanager").delete_secret(SecretId=world.path("db"), ForceDeleteWithoutRecovery=True)
    world.send(cloudtrail.api_call("DeleteSecret", {"secretId": world.path("db"), "forceDeleteWithoutRecovery": True}))
    world.wait_reason("db", "SourceGone")
    world.wait_data("db", {"a": b"1"})

    world.kube.wait_gone("Secret", "db", world.ns, timeout=150)
    # It is said for as long as the permission is missing, so whenever one looks it is there.
    said = world.wait_reason("db", "Forbidden", namespace=forbidden, timeout=60)
    assert "delete" in said["message"]
    world.wait_data("db", {"a": b"1"}, namespace=forbidden)

    world.put("db", {"a": "2"})
    world.send(cloudtrail.create_secret(world.path("db")))
    for namespace in (world.ns, forbidden):
        world.wait_data("db", {"a": b"2"}, namespace=namespace)
