"""Roles of EventDrivenSecrets: EDSM assumes them if a policy says so, and for nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

import cloudtrail
import recipes
import test_doctor
from bed.aws import REGION, Credentials
from bed.documents import fenced, sections
from bed.exchange import Exchange
from bed.kube import Object
from iam import SECRETS, SQS, only_ministack, user
from tenants import AUDIT, ENFORCE, Permit, revoke
from test_commands import call
from world import World, condition

OFF = ("--tenancy=off", "--rollout-window=200ms")
ASSUMING = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
OTHER_ACCOUNT = "111122223333"
# The emulator takes a number of an account for that account's root.
OTHER_ROOT = Credentials(OTHER_ACCOUNT, "test")

pytestmark = pytest.mark.usefixtures("rights")


def trust(**statement: Any) -> Object:
    """For everybody in the emulator's account."""
    return {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"}} | statement


def role(world: World, name: str = "a", *, may: Object = SECRETS, **trusting: Any) -> str:
    """A role that may read all secrets."""
    return world.aws.create_role(f"{world.ns}-{name}", [trust(**trusting)], [may])


def bind(world: World, name: str, role_arn: str, *, path: str | None = None, namespace: str | None = None,
         **options: str) -> Object:
    return world.bind(name, path=path, namespace=namespace,
                      cloudProviderOptions={"region": REGION, "roleARN": role_arn, **options})


def assumed(world: World) -> list[Mapping[str, str]]:
    """What EDSM asked of STS, by the names of the form."""
    forms = [parse_qs(call.body.decode()) for call in world.calls.find(proxy="aws") if call.body.startswith(b"Action=AssumeRole")]
    return [{name: value for name, (value,) in form.items()} for form in forms]


def reads(world: World) -> list[Exchange]:
    return world.calls.find(lambda call: call.target.startswith("secretsmanager."))


def key_of(call: Exchange) -> str:
    """The access key that a call was signed with."""
    found = re.search(r"Credential=(\w+)/", call.headers["authorization"])
    assert found
    return found[1]


def start(world: World, *, flags: tuple[str, ...] = ENFORCE, **options: Any):
    """EDSM as a user that may assume roles and read no secret."""
    return world.start(env=user(world, SQS, ASSUMING).env(), flags=flags, **options)


@only_ministack
def test_a_role_reads_what_edsm_may_not(world: World, permit: Permit) -> None:
    arn = role(world)
    permit(roles=["Own", arn])
    world.put("db", {"a": "1"})
    bind(world, "db", arn)
    world.bind("plain", path=world.path("db"))
    start(world)
    world.wait_data("db", {"a": b"1"})
    world.wait_reason("plain", "AccessDenied")

    asked = assumed(world)
    assert [form["RoleArn"] for form in asked] == [arn], "once"
    assert asked[0]["RoleSessionName"] == f"edsm.{world.ns}.db" and "ExternalId" not in asked[0]
    tags = {asked[0][f"Tags.member.{n}.Key"]: asked[0][f"Tags.member.{n}.Value"] for n in (1, 2)}
    assert tags == {"edsm-namespace": world.ns, "edsm-name": "db"}

    source = f"aws/{REGION}/[{arn} for {world.ns}/db]/{world.path('db')}"
    bound = world.wait_synced("db")
    assert source in condition(bound, "Ready")["message"]
    made = world.kube.get("Secret", "db", world.ns)
    assert made["metadata"]["annotations"]["secrets.edsm.io/source"] == source

    version = world.put("db", {"a": "2"})
    world.send(cloudtrail.put_secret_value(world.path("db")))
    world.wait_synced("db", version=version)
    assert len(assumed(world)) == 1, "the session is kept"


@only_ministack
@pytest.mark.parametrize("flags", [OFF, AUDIT, ENFORCE], ids=["off", "audit", "enforce"])
def test_without_a_policy_that_lists_the_role_nothing_is_asked(
        world: World, permit: Permit, flags: tuple[str, ...]) -> None:
    arn = role(world)
    permit()
    permit("for-another", roles=[arn + "-other"])
    world.put("db", {"a": "1"})
    bind(world, "db", arn)
    edsm = start(world, flags=(*flags, "--resync-interval=10s"))
    said = world.wait_reason("db", "NotAllowed")["message"]
    assert arn in said and "SecretAccessPolicy" in said and "ask a cluster administrator" in said
    assert ("--tenancy=off" in said) == (flags == OFF)
    assert condition(world.kube.get("EventDrivenSecret", "db", world.ns), "Stalled")["status"] == "True"
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 1

    world.send(cloudtrail.put_secret_value(world.path("db")))
    answer = call(world, "sync", f"{world.ns}/db", "--timeout=2s")
    assert answer.returncode == 1 and "NotAllowed" in answer.stderr, answer.stderr
    world.wait_drained()
    assert assumed(world) == [] and reads(world) == []
    test_doctor.call(world)
    assert assumed(world) == []
    assert not [each for each in reads(world) if world.path("db") in each.body.decode()]
    assert world.kube.find("Secret", "db", world.ns) is None

    # Without the role it is an object like others: EDSM itself is asked, and may not.
    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"cloudProviderOptions": {"roleARN": None}}})
    world.wait_reason("db", "AccessDenied")
    assert edsm.metric("edsm_bindings_not_allowed", namespace=world.ns) == 0


@only_ministack
def test_a_permission_that_goes_stops_the_role_and_one_that_comes_resumes_it(world: World, permit: Permit) -> None:
    arn = role(world)
    permit(roles=[arn.replace(world.ns, f"{world.ns[:-1]}*")])
    world.put("db", {"a": "1"})
    bind(world, "db", arn)
    start(world)
    world.wait_data("db", {"a": b"1"})

    revoke(world)
    world.wait_reason("db", "NotAllowed")
    world.calls.clear()
    world.put("db", {"a": "2"})
    world.wait_drained()
    assert assumed(world) == [] and reads(world) == []
    world.wait_data("db", {"a": b"1"})

    permit(roles=[arn])
    world.wait_data("db", {"a": b"2"})


@only_ministack
def test_a_wrong_external_id_is_said_and_the_right_one_taken(world: World, permit: Permit) -> None:
    arn = role(world, Condition={"StringEquals": {"sts:ExternalId": "agreed-upon"}})
    permit(roles=[arn])
    world.put("db", {"a": "1"})
    bind(world, "db", arn, externalID="guessed")
    start(world)
    said = world.wait_reason("db", "AccessDenied")["message"]
    for part in ("AssumeRole", arn, "trust policy", "sts:TagSession", "external id"):
        assert part in said, part
    assert reads(world) == []
    assert len(assumed(world)) < 5, "it is not asked again and again"

    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"cloudProviderOptions": {
        "externalID": "agreed-upon"}}})
    world.wait_data("db", {"a": b"1"})
    assert "external id agreed-upon" in condition(world.wait_synced("db"), "Ready")["message"]


@only_ministack
def test_a_trust_without_tags_is_said_and_its_repair_noticed(world: World, permit: Permit) -> None:
    arn = role(world, Action="sts:AssumeRole")
    permit(roles=[arn])
    world.put("db", {"a": "1"})
    bind(world, "db", arn)
    start(world)
    assert "sts:TagSession" in world.wait_reason("db", "AccessDenied")["message"]

    world.aws.client("iam").update_assume_role_policy(RoleName=f"{world.ns}-a", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [trust()]}))
    world.wait_data("db", {"a": b"1"})


@only_ministack
def test_two_roles_of_one_secret_share_nothing(world: World, permit: Permit) -> None:
    good, poor = role(world, "good"), role(world, "poor")
    permit(roles=[good, poor])
    world.put("db", {"a": "1"})
    for name, arn in (("one", good), ("two", poor), ("three", good)):
        bind(world, name, arn, path=world.path("db"))
    start(world)
    for name in ("one", "two", "three"):
        world.wait_data(name, {"a": b"1"})
        world.wait_synced(name)
    assert sorted(form["RoleArn"] for form in assumed(world)) == sorted([good, poor, good])
    values = [read for read in reads(world) if "SecretValue" in read.target]  # the sweep asks for versions, too
    assert len(values) == 3 and len({key_of(read) for read in values}) == 3

    # One event; what one role may not read does not come by way of another.
    world.aws.client("iam").delete_role_policy(RoleName=f"{world.ns}-poor", PolicyName="bed")
    version = world.put("db", {"a": "2"})
    for name in ("one", "three"):
        world.wait_synced(name, version=version)
    said = world.wait_reason("two", "AccessDenied")["message"]
    assert f"it was asked for as {poor}" in said and "secretsmanager:GetSecretValue" in said
    world.wait_data("two", {"a": b"1"})


@only_ministack
def test_the_sweep_has_the_same_identity(world: World, permit: Permit) -> None:
    arn = role(world)
    permit(roles=[arn])
    world.put("db", {"a": "1"})
    bind(world, "db", arn)
    edsm = start(world, queue=world.aws.make_queue(f"{world.ns}-silent"), flags=(*ENFORCE, "--resync-interval=10s"))
    world.wait_synced("db")
    version = world.put("db", {"a": "2"})
    world.wait_synced("db", version=version)
    described = world.calls.find(target="DescribeSecret")
    assert described and len(assumed(world)) == 1
    assert {key_of(each) for each in described} == {key_of(each) for each in world.calls.find(target="GetSecretValue")}
    assert edsm.metric("edsm_sweep_differing_total") == 1


@only_ministack
def test_a_name_is_of_the_roles_account(world: World, permit: Permit) -> None:
    iam = world.aws.client("iam", OTHER_ROOT)
    arn = iam.create_role(RoleName=world.ns, AssumeRolePolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [trust()]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=world.ns, PolicyName="bed", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [SECRETS]}))
    assert f":{OTHER_ACCOUNT}:" in arn
    made = world.aws.client("secretsmanager", OTHER_ROOT).create_secret(Name=world.path("db"), SecretString="theirs")
    world.put("db", "ours")
    permit(roles=[arn], accounts=["Own"])
    bind(world, "db", arn)
    bind(world, "by-arn", arn, path=made["ARN"])
    start(world)
    said = world.wait_reason("db", "NotAllowed")["message"]
    assert "spec.accounts" in said and f"account {OTHER_ACCOUNT}" in said
    permit("there", roles=[arn], accounts=[OTHER_ACCOUNT])
    world.wait_data("db", {"value": b"theirs"})
    world.wait_data("by-arn", {"value": b"theirs"})


@only_ministack
def test_doctor_sees_with_the_role(world: World, permit: Permit) -> None:
    arn = role(world)
    permit(roles=[arn])
    world.put("db", {"a": "1"})
    bind(world, "db", arn)
    start(world)
    world.wait_synced("db")
    world.calls.clear()
    _, findings = test_doctor.doctor(world)
    test_doctor.one(findings, "ok", "secrets", f"aws/{REGION}: 1 of 1 secret can be seen")
    assert [form["RoleArn"] for form in assumed(world)] == [arn]
    assert not [each for each in findings if each["level"] == "FAIL" and "secret" in each["what"]], findings


# -- the recipe ---------------------------------------------------------------------------


@only_ministack
def test_the_recipe(world: World) -> None:
    page = {name: fenced(text) for name, text in sections("docs/recipes/roles.md").items()}
    in_aws = {block.note: block.text for block in page["In AWS"]}
    documented = f"arn:aws:iam::{OTHER_ACCOUNT}:role/shop"
    other = world.new_namespace()

    def here(text: str) -> str:
        """As on the page, in this world's account and for its namespace, secrets and role."""
        return (text.replace(documented, f"arn:aws:iam::000000000000:role/{world.ns}")
                .replace("arn:aws:iam::123456789012:role/my-cluster-edsm-service-account", "arn:aws:iam::000000000000:root")
                .replace(OTHER_ACCOUNT, "000000000000").replace("prod/shop/", f"{world.ns}/shop/")
                .replace('/edsm-namespace": "shop"', f'/edsm-namespace": "{world.ns}"'))

    arn = world.aws.create_role(world.ns, json.loads(here(in_aws["trust"]))["Statement"],
                                json.loads(here(in_aws["permissions"]))["Statement"])
    policy = yaml.safe_load(here(next(block.text for block in page["In Kubernetes"] if block.note == "policy")))
    policy["metadata"]["name"] = world.ns
    policy["spec"]["namespaces"]["names"] = [world.ns, other]  # what AWS refuses is to be seen, too
    world.kube.create(policy)
    world.at_end(lambda: world.kube.delete("SecretAccessPolicy", world.ns))
    ours = recipes.Page(world)
    ours.store(recipes.given(page["In Kubernetes"]))
    for block in recipes.applied(page["In Kubernetes"]):
        for obj in recipes.documented(here(block.text)):
            world.kube.create(ours.ours(obj))
    bind(world, "elsewhere", arn, path=world.path("shop/database"), namespace=other)
    start(world)
    world.wait_data("database", {"user": b"shop", "password": b"secret"})
    assert arn in world.wait_reason("elsewhere", "AccessDenied", namespace=other)["message"]
    assert "AssumeRole" in world.wait_reason("elsewhere", "AccessDenied", namespace=other)["message"]
