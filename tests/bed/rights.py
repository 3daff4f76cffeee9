"""Rights of users in a test's cluster."""

from __future__ import annotations

from bed.kube import Kube
from bed.process import wait_for

RBAC = "rbac.authorization.k8s.io"


def grant(kube: Kube, user: str, role: str, namespace: str) -> None:
    """Gives `user` a ClusterRole in a namespace. The API server counts a new binding a moment
    after it has taken it, so this waits until it does."""
    kube.create({"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding",
                 "metadata": {"name": f"{user}-{role}", "namespace": namespace},
                 "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
                 "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}]})
    rule = kube.get("ClusterRole", role)["rules"][0]
    resource, _, subresource = rule["resources"][0].partition("/")
    review = {"spec": {"user": user, "resourceAttributes": {
        "namespace": namespace, "group": rule["apiGroups"][0], "resource": resource, "subresource": subresource,
        "verb": rule["verbs"][0]}}}

    def counts() -> bool:
        return bool(kube.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])

    wait_for(counts, 30, f"{user}'s role {role} in {namespace} to count")
