"""What docs/recipes/gitops.md says: the tools that apply and wait, with the real kubectl and helm, Argo CD's
health check in a real Lua, and other field managers."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml
from lupa import lua51

import manifests
import recipes
from bed import ROOT
from bed.documents import fenced
from bed.kube import Object
from bed.scratch import work_dir
from commands import CommandFailed, Helm, kubectl
from world import PATIENCE, World, condition, now

PAGE = fenced((ROOT / "docs/recipes/gitops.md").read_text())
VALUE = {"user": "shop", "password": "right"}
HEALTH = "resource.customizations.health.secrets.edsm.io_EventDrivenSecret"


@pytest.fixture
def page(world: World) -> recipes.Page:
    """The page's objects can be applied; its cloud secret is there."""
    world.cluster.install([ROOT / "config/crd/bases", ROOT / "config/rbac"])
    world.put("shop/database", VALUE)
    return recipes.Page(world)


def objects(page: recipes.Page) -> list[Object]:
    return [page.ours(obj) for block in recipes.applied(PAGE) for obj in recipes.documented(block.text)]


def apply(page: recipes.Page, *objs: Object, manager: str, force: bool = False) -> str:
    """`kubectl apply --server-side` as another manager."""
    return kubectl(page.world.cluster, "apply", "--server-side", f"--field-manager={manager}",
                   f"--force-conflicts={str(force).lower()}", "-f", "-", stdin=yaml.safe_dump_all(objs))


def at_rest(page: recipes.Page) -> World:
    """Everything is applied, synced and recorded."""
    world = page.world
    apply(page, *objects(page), manager="first")
    world.start()
    world.wait_synced("database")
    world.kube.wait("Deployment", "api", world.ns,
                    lambda seen: manifests.ROLLED_OUT in seen["metadata"]["annotations"], "recorded", PATIENCE)
    return world


def recorded(obj: Object) -> str | None:
    """With which values EDSM says that a workload runs."""
    return obj["metadata"].get("annotations", {}).get(manifests.ROLLED_OUT)


# -- waiting ----------------------------------------------------------------------


def test_kubectl_waits_for_ready(page: recipes.Page) -> None:
    world = page.world
    apply(page, *objects(page), manager="kubectl")
    wait = ("--namespace", world.ns, "wait", "--for=condition=Ready", "eds/database")
    with pytest.raises(CommandFailed, match="timed out"):
        kubectl(world.cluster, *wait, "--timeout=1s")
    world.start()
    assert "condition met" in kubectl(world.cluster, *wait, "--timeout=30s")


def chart(binding: Object) -> Path:
    """A chart with nothing but this object."""
    folder = work_dir("shop") / "shop"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (folder / "templates/binding.yaml").write_text(yaml.safe_dump(binding))
    return folder


def test_helm_waits_by_the_rules_of_kstatus(page: recipes.Page, helm: Helm) -> None:
    world = page.world
    binding = next(obj for obj in objects(page) if obj["kind"] == "EventDrivenSecret")

    def install(timeout: str) -> None:
        helm.install(name="shop", namespace=world.ns, chart=chart(binding), flags=("--wait", f"--timeout={timeout}"))

    with pytest.raises(CommandFailed, match="InProgress"):
        install("2s")  # nobody has seen it
    world.start()
    install("30s")
    assert condition(world.kube.get("EventDrivenSecret", "database", world.ns), "Ready")["status"] == "True"

    binding["spec"]["data"] = [{"secretKey": "nothing"}]
    with pytest.raises(CommandFailed, match="Failed"):
        install("5s")
    binding["spec"]["data"] = [{"secretKey": "user"}]
    install("30s")
    world.wait_data("database", {"user": b"shop"})


# -- Argo CD ------------------------------------------------------------------------


def health(obj: Object) -> tuple[str, str]:
    """What Argo CD would show, by the script of the page. (Argo CD runs Lua 5.1, too.)"""
    config, = (recipes.documented(block.text)[0] for block in PAGE if block.note == "argocd")
    lua = lua51.LuaRuntime()
    lua.globals().obj = lua.table_from(obj, recursive=True)
    answer = lua.execute(config["data"][HEALTH])
    return answer["status"], answer["message"]


def test_argo_cd_shows_the_state(page: recipes.Page) -> None:
    world = page.world
    made = world.kube.apply(next(iter(objects(page))))
    assert made["status"] == {"observedGeneration": -1}
    assert health(made) == ("Progressing", "not seen by EDSM yet")
    assert health({key: part for key, part in made.items() if key != "status"})[0] == "Progressing"
    edsm = world.start()
    ready = world.wait_synced("database")
    assert health(ready) == ("Healthy", condition(ready, "Ready")["message"])

    edsm.process.stop()
    changed = world.kube.patch("EventDrivenSecret", "database", world.ns, {"spec": {"data": [{"secretKey": "nothing"}]}})
    assert health(changed) == ("Progressing", "EDSM has not seen this change yet")
    edsm.start()
    world.wait_reason("database", "MissingProperty")
    state, message = health(world.kube.get("EventDrivenSecret", "database", world.ns))
    assert state == "Degraded" and "nothing" in message


def test_argo_cd_shows_what_will_be_tried_again_as_progressing(page: recipes.Page) -> None:
    world = page.world
    world.kube.apply(next(iter(objects(page))))
    world.edsm(env={"AWS_ENDPOINT": "http://127.0.0.1:1"})
    world.wait_reason("database", "SourceUnavailable", timeout=60)
    assert health(world.kube.get("EventDrivenSecret", "database", world.ns))[0] == "Progressing"


# -- other field managers ---------------------------------------------------------------


def test_applied_again_by_another_manager_nothing_happens(page: recipes.Page) -> None:
    world = at_rest(page)
    before = {obj["kind"]: world.kube.get(obj["kind"], obj["metadata"]["name"], world.ns) for obj in objects(page)}
    secret = world.kube.get("Secret", "database", world.ns)
    reads, since = len(world.reads()), now()

    apply(page, *objects(page), manager="argocd-controller", force=True)

    for kind, obj in before.items():
        seen = world.kube.get(kind, obj["metadata"]["name"], world.ns)
        assert {"first", "argocd-controller"} <= {entry["manager"] for entry in seen["metadata"]["managedFields"]}
        assert seen["spec"] == obj["spec"] and recorded(seen) == recorded(obj)
    # A change that comes after it is handled: so what was before it is known to be handled, too.
    version = world.put("shop/database", VALUE)
    world.wait_synced("database", version=version)
    world.wait_drained()
    assert len(world.reads()) == reads + 1
    assert [entry.resource for entry in world.writes(since, resource="deployments")] == []
    assert world.kube.get("Secret", "database", world.ns)["data"] == secret["data"]


def same_secret(world: World, password: str) -> Object:
    return manifests.secret("database", world.ns, {"user": b"shop", "password": password.encode()},
                            labels={manifests.LABEL: "true"})


def test_secret_applied_with_the_same_value_changes_nothing(page: recipes.Page) -> None:
    world = at_rest(page)
    reads, since = len(world.reads()), now()

    apply(page, same_secret(world, "right"), manager="argocd-controller")

    seen = world.kube.get("Secret", "database", world.ns)
    assert {"edsm", "argocd-controller"} <= {entry["manager"] for entry in seen["metadata"]["managedFields"]}
    # EDSM looks at it and is content: then the status tells of this state of the Secret.
    world.kube.wait("EventDrivenSecret", "database", world.ns, lambda binding: (
        binding["status"]["targetResourceVersion"] == seen["metadata"]["resourceVersion"]), "verified", PATIENCE)
    assert len(world.reads()) == reads
    assert not world.writes(since, resource="secrets") and not world.writes(since, resource="deployments")
    assert not world.k8s_events("DriftHealed")
    version = world.put("shop/database", {"user": "shop", "password": "next"})
    world.wait_synced("database", version=version)
    world.wait_data("database", {"user": b"shop", "password": b"next"})


def test_secret_applied_with_another_value_is_refused_or_restored(page: recipes.Page) -> None:
    world = at_rest(page)
    since = now()
    other = same_secret(world, "wrong")
    with pytest.raises(CommandFailed, match='conflict with "edsm"'):
        apply(page, other, manager="argocd-controller")

    apply(page, other, manager="argocd-controller", force=True)

    event = world.wait_k8s_event("DriftHealed", about="database")
    assert '"argocd-controller"' in event["message"]
    world.kube.wait("Secret", "database", world.ns, lambda seen: (
        base64.b64decode(seen["data"]["password"]) == b"right"), "restored", PATIENCE)
    world.put("shop/database", VALUE)
    world.wait_drained()
    assert not world.writes(since, resource="deployments"), "healing restarts nothing"


def test_the_page_names_the_conditions_that_there_are(page: recipes.Page) -> None:
    world = at_rest(page)
    text = (ROOT / "docs/recipes/gitops.md").read_text()
    conditions = world.kube.get("EventDrivenSecret", "database", world.ns)["status"]["conditions"]
    assert len(conditions) == 3
    assert all(f"| `{each['type']}` |" in text for each in conditions)
