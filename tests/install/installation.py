"""EDSM installed by the chart, and its replicas."""

from __future__ import annotations

from contextlib import ExitStack

import manifests
from bed import ROOT
from bed.aws import REGION, ROOT_USER
from bed.certs import CA
from bed.kube import Object
from bed.scratch import free_port, work_dir
from bed.wire import WireProxy
from commands import FULL_NAME, Helm
from pod import Pod
from world import PATIENCE, World


def install(world: World, helm: Helm, namespace: str, **values: object) -> Object:
    """Credentials by a Secret, the rest by values; the Deployment as it is stored then."""
    world.kube.create(manifests.secret("aws", namespace, {
        key: value.encode() for key, value in ROOT_USER.env().items()}))
    helm.install({
        "aws": {"queueUrls": [world.queue.url], "region": REGION},
        "extraEnv": [{"name": "AWS_ENDPOINT", "value": world.aws_wire.url}],
        "extraEnvFrom": [{"secretRef": {"name": "aws"}}],
        "metrics": {"port": free_port()}, "probes": {"port": free_port()}, **values}, namespace=namespace)
    world.cluster.install([ROOT / "config/crd/bases"])  # waits until it is served
    return world.kube.get("Deployment", FULL_NAME, namespace)


def start(world: World, deployment: Object, stack: ExitStack) -> Pod:
    """A replica of it, behind a proxy that can make requests fail."""
    ca = CA(work_dir("wire-ca"), "wire-ca")
    wire = stack.enter_context(WireProxy(world.cluster.url, tls=ca.server("api"), upstream_ca=world.cluster.ca_file,
                                         recorder=world.calls, name="api"))
    pod = stack.enter_context(Pod(world.cluster, deployment, api=wire, api_ca=ca.cert))
    world.programs.append(pod)
    return pod.ready(PATIENCE)
