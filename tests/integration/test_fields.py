"""docs/fields.md: every field is there, every example is what the API server and the program make of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import manifests
import recipes
from bed import ROOT
from bed.documents import Block, fenced, sections
from bed.kube import KubeError, Object
from world import World

PAGE = "docs/fields.md"
BLOCKS = fenced((ROOT / PAGE).read_text())
BASE, = (yaml.safe_load(block.text) for block in BLOCKS if block.note == "base")
EXAMPLES = [block for block in BLOCKS if block.language == "yaml" and not block.note]
REFUSED = [block for block in BLOCKS if block.note.startswith("refused: ")]
DEFINITION = ROOT / "config/crd/bases/secrets.edsm.io_eventdrivensecrets.yaml"


def whole(block: Block) -> Object:
    """The base with the example's part of the spec."""
    obj = copy.deepcopy(BASE)
    obj["spec"] = {key: value for key, value in (obj["spec"] | yaml.safe_load(block.text)["spec"]).items()
                   if value is not None}
    return obj


def fields(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The paths of all fields that a schema declares."""
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from fields(part, f"{path}.{name}")
        if part.get("type") == "array":
            yield from fields(part["items"], f"{path}.{name}[]")


def schema(part: str) -> dict[str, Any]:
    version, = yaml.safe_load(DEFINITION.read_text())["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]["properties"][part]


def used(value: Any, path: str) -> Iterator[str]:
    """The paths of all fields that an object has."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{path}.{name}"
            yield from used(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from used(part, f"{path}[]")


def test_every_field_has_an_example_below_its_name() -> None:
    shown = sections(PAGE, 2) | sections(PAGE, 3)
    for field in fields(schema("spec"), "spec"):
        text = shown[f"`{field}`"]
        examples = [block for block in fenced(text) if block.language == "yaml"]
        assert any(f".{field}" in used(yaml.safe_load(block.text), "") for block in examples), field


def test_every_value_of_a_choice_has_an_example() -> None:
    def choices(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for name, sub in part.get("properties", {}).items():
            yield from ((name, choice) for choice in sub.get("enum", []))
            yield from choices(sub)
    text = "".join(block.text for block in EXAMPLES)
    found = list(choices(schema("spec")))
    assert len(found) == 9
    assert [pair for pair in found if not re.search(rf"^ +{pair[0]}: {pair[1]}$", text, re.MULTILINE)] == []


def test_the_status_shown_is_a_real_one(world: World) -> None:
    block, = (block for block in BLOCKS if block.note == "status")
    shown = yaml.safe_load(block.text)
    declared = set(fields(schema("status"), ".status"))
    assert set(used(shown, "")) - {".status"} == declared
    world.put("shop/database", {"a": "1"})
    obj = recipes.Page(world).ours(copy.deepcopy(BASE))
    obj["metadata"]["annotations"] = {manifests.SYNC_REQUEST: "1764331200"}
    world.kube.create(obj)
    world.start()
    world.wait_synced("database")
    real = world.kube.get("EventDrivenSecret", "database", world.ns)["status"]
    assert set(used(real, ".status")) == declared
    pairs = zip(real["conditions"], shown["status"]["conditions"], strict=True)
    for one, other in pairs:
        assert {key: one[key] for key in ("type", "status", "reason")} == {
            key: other[key] for key in ("type", "status", "reason")}
        pattern = re.escape(other["message"]).replace("shop/database", f"{world.ns}/database", 1)
        version = re.escape(re.escape(shown["status"]["syncedVersion"]))
        pattern = re.sub(version, "[-0-9a-f]+", pattern).replace("prod/", f"{world.ns}/")
        assert re.fullmatch(pattern, one["message"]), one["message"]


def dry_run(world: World, obj: Object) -> Object:
    """What the API server would make of it; a field that it does not know is an error."""
    obj["metadata"]["namespace"] = world.ns
    path = f"/apis/secrets.edsm.io/v1alpha1/namespaces/{world.ns}/eventdrivensecrets"
    return world.kube.request("POST", path, obj, params={"dryRun": "All", "fieldValidation": "Strict"})


def test_examples_are_taken(world: World) -> None:
    assert len(EXAMPLES) >= 20
    for block in EXAMPLES:
        taken = dry_run(world, whole(block))
        wanted = set(used(yaml.safe_load(block.text), "")) - {".spec.cloudProviderOptions"}
        assert wanted <= set(used(taken, "")), block.text


@pytest.mark.parametrize("block", REFUSED, ids=lambda block: block.note.removeprefix("refused: "))
def test_examples_of_what_is_refused(world: World, block: Block) -> None:
    with pytest.raises(KubeError) as refusal:
        dry_run(world, whole(block))
    assert refusal.value.reason == "Invalid" and block.note.removeprefix("refused: ") in str(refusal.value)


def test_examples_with_a_value_give_what_is_shown(world: World) -> None:
    page = recipes.Page(world)
    page.store(recipes.given(BLOCKS))
    sources = {block.note for block in recipes.given(BLOCKS)}
    for block in EXAMPLES:
        obj = whole(block)
        if obj["spec"]["secretPath"] in sources:
            obj["metadata"]["name"] = obj["spec"]["targetSecretName"]
            world.kube.create(page.ours(obj))
    world.start()
    results = recipes.expected(BLOCKS)
    assert len(results) == len(sources) >= 4
    for shown in results:
        world.wait_synced(shown["metadata"]["name"])
        recipes.check(world.kube.get("Secret", shown["metadata"]["name"], world.ns), shown)


def test_annotations_of_the_page_are_the_programs(world: World) -> None:
    text = sections(PAGE)["Annotations"]
    for name in (*manifests.SPELLINGS, manifests.SYNC_REQUEST):
        assert f"`{name}" in text
    world.put("shop/database", {"a": "1"})
    world.kube.create(recipes.Page(world).ours(copy.deepcopy(BASE)))
    world.start()
    world.wait_synced("database")
    secret = world.kube.get("Secret", "database", world.ns)
    assert all(name.startswith("secrets.edsm.io/") for name in secret["metadata"]["annotations"])
