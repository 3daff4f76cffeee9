"""Every recipe of docs/recipes, run as it stands there."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

import cloudtrail
import manifests
import recipes
from bed import ROOT
from bed.aws import REGION
from bed.controlplane import ControlPlane
from bed.documents import Block, fenced, sections
from bed.edsm import Edsm
from restarts import Restarts
from world import PATIENCE, World, condition

VALUES = sections("docs/recipes/values.md")
SHOWN = [name for name, text in VALUES.items() if "```yaml result" in text]
KEYSTORE = bytes(range(256))


def section(page: str, name: str) -> list[Block]:
    return fenced(sections(f"docs/recipes/{page}")[name])


def test_every_recipe_of_values_says_what_comes_of_it() -> None:
    assert len(SHOWN) >= 7 and VALUES.keys() - SHOWN == {"A binary file"}


@pytest.mark.parametrize("name", SHOWN)
def test_value(world: World, name: str) -> None:
    blocks = fenced(VALUES[name])
    page = recipes.Page(world)
    page.store(recipes.given(blocks))
    made = page.apply(recipes.applied(blocks))
    world.start()

    for binding in (each for each in made if each["kind"] == "EventDrivenSecret"):
        world.wait_synced(binding["metadata"]["name"])
    results = recipes.expected(blocks)
    assert results
    for shown in results:
        recipes.check(world.kube.get("Secret", shown["metadata"]["name"], world.ns), shown)


def test_binary_file(world: World) -> None:
    text = VALUES["A binary file"]
    assert "--name prod/shop/keystore --secret-binary" in text
    world.put("shop/keystore", KEYSTORE)
    recipes.Page(world).apply(recipes.applied(fenced(text)))
    world.start()
    world.wait_data("keystore", {"keystore.p12": KEYSTORE})


def test_lacking_member_leaves_the_certificate(world: World) -> None:
    blocks = fenced(VALUES["A certificate for an Ingress"])
    page = recipes.Page(world)
    name, = page.store(recipes.given(blocks))
    page.apply(recipes.applied(blocks))
    world.start()
    world.wait_synced("shop-tls")

    world.put(name, {"certificate": "new", "chain": "new"})

    world.wait_reason("shop-tls", "MissingProperty")
    shown, = recipes.expected(blocks)
    recipes.check(world.kube.get("Secret", "shop-tls", world.ns), shown)


def test_many_namespaces_one_read(world: World) -> None:
    blocks = section("namespaces.md", "One for each namespace")
    page = recipes.Page(world)
    name, = page.store(recipes.given(blocks))
    bindings = page.apply(recipes.applied(blocks))
    world.start()
    for binding in bindings:
        world.wait_synced(binding["metadata"]["name"], namespace=binding["metadata"]["namespace"])
    before = len(world.reads(name))

    version = world.put(name, {"host": "h", "user": "u", "password": "new"})

    for binding in bindings:
        where = binding["metadata"]["namespace"]
        world.wait_synced(binding["metadata"]["name"], version=version, namespace=where)
    world.wait_data("smtp", {"SMTP_PASSWORD": b"new"}, namespace=page.namespace("support"))
    assert len(bindings) == 3 and len(world.reads(name)) == before + 1


def test_rotation_restarts_once_and_back_again(world: World, stack: ExitStack) -> None:
    blocks = section("rotation.md", "A new password, and the program restarted with it")
    page = recipes.Page(world)
    name, = page.store(recipes.given(blocks))
    restarts = Restarts(world.kube, "Deployment", world.ns, stack)
    page.apply(recipes.applied(blocks))
    world.start()
    old = world.wait_synced("orders")["status"]["syncedVersion"]
    world.kube.wait("Deployment", "orders", world.ns,
                    lambda seen: manifests.ROLLED_OUT in seen["metadata"]["annotations"], "recorded", PATIENCE)
    before = restarts.of("orders")

    def rotated(times: int) -> None:
        world.wait_drained()  # a message goes after its effect
        assert restarts.of("orders") == before + times

    new = world.put(name, {"username": "orders", "password": "second"})
    world.wait_synced("orders", version=new)
    rotated(1)

    world.aws.client("secretsmanager").update_secret_version_stage(
        SecretId=world.path(name), VersionStage="AWSCURRENT", MoveToVersionId=old, RemoveFromVersionId=new)
    world.send(cloudtrail.api_call("UpdateSecretVersionStage", {
        "secretId": world.path(name), "versionStage": "AWSCURRENT", "moveToVersionId": old,
        "removeFromVersionId": new}))
    world.wait_data("orders", {"username": b"orders", "password": b"first"})
    rotated(2)

    again = world.put(name, {"password": "first", "username": "orders"})  # written otherwise, the same value
    world.wait_synced("orders", version=again)
    rotated(2)


def test_regions(world: World) -> None:
    blocks = section("places.md", "Secrets of several regions")
    for region, value in ((REGION, "here"), ("us-east-1", "there")):
        world.aws.client("secretsmanager", region=region).create_secret(
            Name=world.path("shop/api"), SecretString=value)
    recipes.Page(world).apply(recipes.applied(blocks))
    second = world.new_queue()
    world.start(env={"SQS_QUEUE_URL": f"{world.queue.url},{second.url}"})
    world.wait_data("near", {"value": b"here"})
    world.wait_data("far", {"value": b"there"})

    version = world.aws.client("secretsmanager", region="us-east-1").put_secret_value(
        SecretId=world.path("shop/api"), SecretString="there, too")["VersionId"]
    event = cloudtrail.put_secret_value(world.path("shop/api"), version=version)
    event["region"] = event["detail"]["awsRegion"] = "us-east-1"
    world.send(event, second)

    world.wait_data("far", {"value": b"there, too"})
    world.wait_data("near", {"value": b"here"})


def test_another_account_is_named_by_arn(world: World) -> None:
    binding, = recipes.Page(world).apply(recipes.applied(section("places.md", "Secrets of another account")))
    world.start()
    # The emulator has no such account: that it was asked for this ARN in its region is what can be seen.
    world.wait_reason("partner", "SourceGone")
    assert binding["spec"]["secretPath"] in world.reads()


def test_clusters_have_a_queue_each(world: World, stack: ExitStack) -> None:
    blocks = section("places.md", "One secret in several clusters")
    page = recipes.Page(world)
    name, = page.store(recipes.given(blocks))
    page.apply(recipes.applied(blocks))
    world.start()
    other = stack.enter_context(ControlPlane(controllers=False, kwok=False))
    other.install([ROOT / "config/crd/bases", ROOT / "config/rbac"])
    for obj in (obj for block in recipes.applied(blocks) for obj in recipes.documented(block.text)):
        obj = page.ours(obj)
        other.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.ns}})
        other.kube.create(obj)
    queue = world.new_queue()
    program = stack.enter_context(Edsm(
        other.write_kubeconfig(token=other.service_account_token("kube-system", "edsm")), name="other",
        env=world.programs[0].env | {"SQS_QUEUE_URL": queue.url})).ready(PATIENCE)
    world.programs.append(program)
    clusters = (world.kube, other.kube)

    def holds(kube, version: str) -> None:
        kube.wait("EventDrivenSecret", "session-key", world.ns, lambda seen: (
            condition(seen, "Ready").get("status") == "True" and seen["status"]["syncedVersion"] == version),
            version, PATIENCE)

    world.wait_synced("session-key")
    version = world.put(name, {"key": "new"})
    for kube in clusters:
        holds(kube, version)
        assert manifests.decoded(kube.get("Secret", "session-key", world.ns)) == {"key": b"new"}
