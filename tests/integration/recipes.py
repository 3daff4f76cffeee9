"""The manifests of the recipes, as a test runs them: with its own namespaces, secrets and node."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from bed.controlplane import NODE
from bed.documents import Block
from bed.kube import Object
from world import World

CLOUD_PREFIX = "prod/"  # of every secret in the documents


def documented(text: str) -> list[Object]:
    """The objects of a YAML block."""
    return [document for document in yaml.safe_load_all(text) if document]


class Page:
    """A page's manifests in a world: the namespace "shop" is the world's own, any other one is made for it;
    the cloud's prod/ is the world's prefix. Nothing else is changed, but for the node of pods."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._namespaces = {"shop": world.ns}

    def namespace(self, documented_name: str) -> str:
        """The real namespace in the place of one on the page."""
        if documented_name not in self._namespaces:
            self._namespaces[documented_name] = self.world.new_namespace()
        return self._namespaces[documented_name]

    def store(self, blocks: Iterable[Block], **client: Any) -> list[str]:
        """Puts the values that the page shows into the cloud; their names there."""
        names = [block.note.removeprefix(CLOUD_PREFIX) for block in blocks]
        for block, name in zip(blocks, names):
            assert block.note.startswith(CLOUD_PREFIX), block.note
            self.world.put(name, block.text)
        return names

    def ours(self, obj: Object) -> Object:
        """An object of the page, in the test's world."""
        obj["metadata"]["namespace"] = self.namespace(obj["metadata"]["namespace"])
        spec = obj.get("spec", {})
        if spec.get("secretPath", "").startswith(CLOUD_PREFIX):
            spec["secretPath"] = self.world.path(spec["secretPath"].removeprefix(CLOUD_PREFIX))
        if "template" in spec:
            spec["template"]["spec"] |= {"nodeName": NODE, "terminationGracePeriodSeconds": 0}
        return obj

    def apply(self, blocks: Iterable[Block], **options: Any) -> list[Object]:
        """Applies the manifests of the blocks; what the API server says they are."""
        kube = self.world.kube
        return [kube.apply(self.ours(obj), **options) for block in blocks for obj in documented(block.text)]


def given(blocks: Iterable[Block]) -> list[Block]:
    """Of a section's blocks those that are values in the cloud."""
    return [block for block in blocks if block.note.startswith(CLOUD_PREFIX)]


def applied(blocks: Iterable[Block]) -> list[Block]:
    """Those that are manifests to apply."""
    return [block for block in blocks if block.language == "yaml" and not block.note]


def expected(blocks: Iterable[Block]) -> list[Object]:
    """The Secrets that a section says come of it."""
    return [obj for block in blocks if block.note == "result" for obj in documented(block.text)]


def check(secret: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """Insists that a Secret is what the page shows."""
    data = {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()}
    assert data == shown["stringData"]
    assert secret["type"] == shown["type"]
    assert shown["metadata"].get("labels", {}).items() <= secret["metadata"]["labels"].items()
