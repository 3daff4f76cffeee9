"""The Terraform example: it is valid, grants the least, and what it declares makes EDSM work.

The provider is a stand-in (see tools/opstools/terraform-provider): the AWS provider cannot be had here. What
it leaves in Terraform's state is made in the emulators by boto3, and the chart is installed with the outputs."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from contextlib import ExitStack

import pytest

import cloudtrail
import manifests
from bed import ROOT
from bed.aws import REGION, Credentials, Ministack, Moto, Queue
from bed.certs import CA
from bed.exchange import delay, matches
from bed.kube import Object
from bed.process import wait_for
from bed.scratch import free_port, work_dir
from bed.wire import WireProxy
from commands import ACCOUNT, EXAMPLE, FULL_NAME, Helm, Terraform
from pod import Pod
from world import PATIENCE, World

State = Mapping[str, list[Object]]


def document(text: str) -> list[Object]:
    return json.loads(text)["Statement"]


def permissions(state: State) -> dict[str, Object]:
    return {each["Sid"]: each for each in document(state["aws_iam_role_policy"][0]["policy"])}


# -- the text ---------------------------------------------------------------------


def test_it_is_formatted_and_valid(applied: Terraform) -> None:
    applied("fmt", "-check", "-diff")
    applied("validate")


def test_names_of_variables_and_outputs_stay(applied: Terraform) -> None:
    text = (EXAMPLE / "variables.tf").read_text()
    for name in ("region", "edsm_service_account_name", "cluster_name", "edsm_namespace"):
        assert re.search(rf'variable "{name}" {{.*?default', text, re.DOTALL), f"{name} has a default"
    assert {"edsm_role_arn", "sqs_queue_url"} <= applied.outputs().keys()


def test_a_second_plan_changes_nothing(applied: Terraform) -> None:
    applied("plan", "-detailed-exitcode", "-input=false", "-no-color")  # exit code 2 if it would


# -- what it grants ---------------------------------------------------------------


def test_permissions_are_the_least() -> None:
    key = "arn:aws:kms:eu-west-1:1:key/k"
    state = Terraform(EXAMPLE).apply(cluster_name="blue", region=REGION, additional_regions=["us-east-1"],
                                     secret_paths=["prod/*", "shared/tls"], kms_key_arns=[key])
    granted = permissions(state)
    queues = sorted(queue["arn"] for queue in state["aws_sqs_queue"] if queue["name"] == "blue-edsm-events")
    assert len(queues) == 2 and sorted(granted["TakeEvents"]["Resource"]) == queues
    arns = sorted(f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}"
                  for region in (REGION, "us-east-1") for name in ("prod/*", "shared/tls-??????"))
    assert sorted(granted["ReadSecrets"]["Resource"]) == arns
    assert {action for each in granted.values() for action in each["Action"]} == {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
        "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:BatchGetSecretValue",
        "secretsmanager:ListSecrets", "kms:Decrypt"}
    assert granted["ReadManyAtOnce"]["Resource"] == ["*"] and len(granted["ReadManyAtOnce"]["Action"]) == 2
    decrypt = granted["DecryptSecrets"]
    assert decrypt["Resource"] == [key]
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == [
        "secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com"]
    assert sorted(decrypt["Condition"]["StringLike"]["kms:EncryptionContext:SecretARN"]) == arns


def test_what_doctor_reads_is_granted_on_demand_only(applied: Terraform) -> None:
    plain = json.loads(applied("show", "-json"))["values"]["root_module"]["resources"]
    assert [each["values"]["name"] for each in plain if each["type"] == "aws_iam_role_policy"] == ["edsm"]
    state = Terraform(EXAMPLE).apply(cluster_name="blue", region=REGION, doctor_permissions=True)
    policy = next(each for each in state["aws_iam_role_policy"] if each["name"] == "edsm-doctor")
    granted = {each["Sid"]: each for each in document(policy["policy"])}
    queues = {queue["name"]: queue["arn"] for queue in state["aws_sqs_queue"]}
    assert granted["Probe"]["Resource"] == [queues["blue-edsm-events"]]
    assert granted["Probe"]["Action"] == ["sqs:SendMessage"]
    assert granted["CountDeadLetters"]["Resource"] == [queues["blue-edsm-dead-letters"]]
    for each in granted.values():
        for action in each["Action"]:
            assert re.match(r"(events|cloudtrail):(Describe|Get|List|Test)", action) or action in (
                "sqs:SendMessage", "sqs:GetQueueAttributes"), f"{action} is no reading"
    # Each of them is one that `edsm doctor` names where it is missing, and the other way round.
    sources = "".join(path.read_text() for path in (ROOT / "src/cli/commands").glob("doctor*.cpp"))
    named = set(re.findall(r"\b((?:events|cloudtrail):[A-Z]\w+|sqs:SendMessage)\b", sources))
    assert named == {action for each in granted.values() for action in each["Action"]} - {"sqs:GetQueueAttributes"}


def test_without_keys_there_is_nothing_to_decrypt(applied: Terraform) -> None:
    state = json.loads(applied("show", "-json"))["values"]["root_module"]["resources"]
    assert "kms:" not in str(state)


def test_roles_are_assumed_on_demand_only(applied: Terraform) -> None:
    assert "AssumeRoles" not in str(json.loads(applied("show", "-json"))["values"])
    roles = ["arn:aws:iam::111122223333:role/edsm/*", f"arn:aws:iam::{ACCOUNT}:role/shop"]
    state = Terraform(EXAMPLE).apply(cluster_name="blue", region=REGION, assumable_role_arns=roles)
    granted = permissions(state)["AssumeRoles"]
    assert granted["Action"] == ["sts:AssumeRole", "sts:TagSession"] and granted["Resource"] == roles


@pytest.mark.parametrize("identity", ["irsa", "pod-identity"])
def test_only_the_service_account_of_this_cluster_gets_the_role(identity: str) -> None:
    state = Terraform(EXAMPLE).apply(cluster_name="blue", region=REGION, identity=identity, edsm_namespace="edsm",
                                     edsm_service_account_name="it")
    trust, = document(state["aws_iam_role"][0]["assume_role_policy"])
    if identity == "irsa":
        issuer = "oidc.example.com/id/1"
        assert trust["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
        assert trust["Condition"] == {"StringEquals": {
            f"{issuer}:sub": "system:serviceaccount:edsm:it", f"{issuer}:aud": "sts.amazonaws.com"}}
        assert "aws_eks_pod_identity_association" not in state
    else:
        assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert trust["Condition"]["StringEquals"]["aws:RequestTag/eks-cluster-arn"].endswith(":cluster/blue")
        association, = state["aws_eks_pod_identity_association"]
        assert (association["namespace"], association["service_account"]) == ("edsm", "it")
        assert association["role_arn"] == state["aws_iam_role"][0]["arn"]


def test_each_region_has_its_queue_and_only_its_rules_may_send() -> None:
    state = Terraform(EXAMPLE).apply(cluster_name="blue", region=REGION, additional_regions=["us-east-1"],
                                     alarm_actions=["arn:aws:sns:eu-west-1:1:ops"])
    queues = {queue["url"]: queue for queue in state["aws_sqs_queue"]}
    assert len(state["aws_sqs_queue"]) == 4 and all(queue["sqs_managed_sse_enabled"] for queue in state["aws_sqs_queue"])
    assert len(state["aws_sqs_queue_policy"]) == 4
    for policy in state["aws_sqs_queue_policy"]:
        rules, tls = document(policy["policy"])
        expected = sorted(rule["arn"] for rule in state["aws_cloudwatch_event_rule"] if rule["region"] == policy["region"])
        assert len(expected) == 2 and sorted(rules["Condition"]["ArnEquals"]["aws:SourceArn"]) == expected
        assert rules["Principal"] == {"Service": "events.amazonaws.com"} and rules["Action"] == "sqs:SendMessage"
        assert rules["Resource"] == tls["Resource"] and rules["Resource"].split(":")[3] == policy["region"]
        assert tls["Effect"] == "Deny" and tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert policy["queue_url"] in queues
    assert {alarm["region"] for alarm in state["aws_cloudwatch_metric_alarm"]} == {REGION, "us-east-1"}


def test_two_clusters_share_nothing() -> None:
    blue, green = (Terraform(EXAMPLE).apply(cluster_name=name, region=REGION) for name in ("blue", "green"))
    for kind in ("aws_sqs_queue", "aws_cloudwatch_event_rule", "aws_iam_role"):
        assert not {each["arn"] for each in blue[kind]} & {each["arn"] for each in green[kind]}


def test_rules_let_through_what_edsm_wants_to_hear(applied: Terraform, aws: Ministack) -> None:
    resources = json.loads(applied("show", "-json"))["values"]["root_module"]["resources"]
    patterns = [each["values"]["event_pattern"] for each in resources if each["type"] == "aws_cloudwatch_event_rule"]

    def matched(event: Object) -> bool:
        whole = {"version": "0", "id": "1", "account": ACCOUNT, "region": REGION, "time": "2026-01-01T00:00:00Z",
                 "resources": []} | event
        return any(aws.client("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(whole))["Result"]
                   for pattern in patterns)

    def native(label: str) -> Object:
        return {"source": "aws.secretsmanager", "detail-type": "Secret Label Updated",
                "detail": {"name": "db", "labelUpdated": label, "versionId": "v"}}

    assert matched(native("AWSCURRENT")) and not matched(native("mine"))
    for name in ("CreateSecret", "DeleteSecret", "RestoreSecret"):
        event = json.loads(json.dumps(cloudtrail.api_call(name, {"secretId": "db"})))
        assert matched(event), name
        event["detail"]["errorCode"] = "AccessDenied"
        assert not matched(event), f"failed {name}"
    for name in ("GetSecretValue", "BatchGetSecretValue", "ListSecrets", "DescribeSecret", "PutSecretValue"):
        assert not matched(cloudtrail.api_call(name, {"secretId": "db"})), name


# -- it works ---------------------------------------------------------------------


def make(server: Ministack | Moto, state: State) -> None:
    """Makes what the state says, and insists that the server names it as the stand-in did."""
    sqs = {}
    for queue in sorted(state["aws_sqs_queue"], key=lambda queue: queue["redrive_policy"] or ""):  # dead letters first
        sqs[queue["url"]] = client = server.client("sqs", region=queue["region"])
        attributes = {"VisibilityTimeout": queue["visibility_timeout_seconds"],
                      "MessageRetentionPeriod": queue["message_retention_seconds"],
                      "ReceiveMessageWaitTimeSeconds": queue["receive_wait_time_seconds"],
                      "SqsManagedSseEnabled": str(queue["sqs_managed_sse_enabled"]).lower(),
                      "RedrivePolicy": queue["redrive_policy"]}
        made = client.create_queue(QueueName=queue["name"], Attributes={
            name: str(value) for name, value in attributes.items() if value is not None})
        assert made["QueueUrl"] == queue["url"]
    for policy in state["aws_sqs_queue_policy"]:
        # Without the statement that asks for TLS, which the emulators do not speak (and ministack obeys).
        statements = [each for each in document(policy["policy"]) if each["Sid"] != "NobodyWithoutTls"]
        sqs[policy["queue_url"]].set_queue_attributes(QueueUrl=policy["queue_url"], Attributes={"Policy": json.dumps(
            {"Version": "2012-10-17", "Statement": statements})})
    for allowed in state["aws_sqs_queue_redrive_allow_policy"]:
        sqs[allowed["queue_url"]].set_queue_attributes(QueueUrl=allowed["queue_url"], Attributes={
            "RedriveAllowPolicy": allowed["redrive_allow_policy"]})
    for rule in state["aws_cloudwatch_event_rule"]:
        made = server.client("events", region=rule["region"]).put_rule(Name=rule["name"], EventPattern=rule["event_pattern"])
        assert made["RuleArn"] == rule["arn"]
    for target in state["aws_cloudwatch_event_target"]:
        answer = server.client("events", region=target["region"]).put_targets(Rule=target["rule"], Targets=[{
            "Id": target["target_id"], "Arn": target["arn"],
            "DeadLetterConfig": {"Arn": target["dead_letter_config"][0]["arn"]}}])
        assert not answer["FailedEntryCount"]


def for_emulators(state: State, *, everything: bool = False) -> list[Object]:
    """The role's permissions. AWS knows the batch calls of SQS by the names of the single ones; the emulators
    look for their own names. moto looks at no resources (`everything`)."""
    result = []
    for each in permissions(state).values():
        batches = [f"{action}Batch" for action in each["Action"] if action in (
            "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")]
        result.append(each | {"Action": [*each["Action"], *batches]} | ({"Resource": "*"} if everything else {}))
    return result


def install(world: World, helm: Helm, namespace: str, queue_url: str, account: Object, **env: str) -> Object:
    """The chart with what Terraform says, and the emulators' address; the Deployment."""
    helm.install({
        "aws": {"queueUrls": [queue_url], "region": REGION}, "serviceAccount": account,
        "extraEnv": [{"name": name, "value": value} for name, value in {"AWS_ENDPOINT": world.aws_wire.url, **env}.items()],
        "metrics": {"port": free_port()}, "probes": {"port": free_port()}}, namespace=namespace)
    world.cluster.install([ROOT / "config/crd/bases"])  # waits until it is served
    return world.kube.get("Deployment", FULL_NAME, namespace)


def start(world: World, deployment: Object, stack: ExitStack) -> Pod:
    """A replica of it, behind a proxy that can make requests slow."""
    ca = CA(work_dir("wire-ca"), "wire-ca")
    wire = stack.enter_context(WireProxy(world.cluster.url, tls=ca.server("api"), upstream_ca=world.cluster.ca_file, name="api"))
    pod = stack.enter_context(Pod(world.cluster, deployment, api=wire, api_ca=ca.cert))
    world.programs.append(pod)
    return pod.ready(PATIENCE)


def actions_used(world: World) -> set[str]:
    """What EDSM asked of AWS, by the names that policies have for it."""
    services = {"AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}
    used = set()
    for call in world.calls.find(lambda call: call.proxy == "aws" and bool(call.target)):
        service, _, operation = call.target.partition(".")
        single = operation.removesuffix("Batch") if service == "AmazonSQS" else operation
        used.add(f"{services[service]}:{single}")
    return used


@pytest.mark.parametrize("world", ["guarded"], indirect=True)
def test_edsm_works_with_exactly_what_it_declares(world: World, helm: Helm, stack: ExitStack) -> None:
    own, issuer = world.new_namespace(), world.cluster.url.removeprefix("https://")
    terraform = Terraform(EXAMPLE, endpoint=world.aws.url, issuer=issuer)
    state = terraform.apply(cluster_name=own, region=REGION, edsm_namespace=own, secret_paths=[f"{world.ns}/*"])
    make(world.aws, state)
    iam, role = world.aws.client("iam"), state["aws_iam_role"][0]
    iam.create_open_id_connect_provider(Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"])
    assert iam.create_role(RoleName=role["name"], AssumeRolePolicyDocument=role["assume_role_policy"])["Role"]["Arn"] == role["arn"]
    iam.put_role_policy(RoleName=role["name"], PolicyName="edsm", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": for_emulators(state)}))
    outputs = terraform.outputs()
    queue = Queue(f"{own}-edsm-events", outputs["sqs_queue_url"], "")
    # So that a message that is in work has to be held within the time of a test.
    world.aws.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "3"})

    deployment = install(world, helm, own, queue.url, {
        "annotations": {"eks.amazonaws.com/role-arn": outputs["edsm_role_arn"]}})
    names = ("db", "api", "mail", "tls")  # enough for one list instead of single descriptions
    for name in names:
        world.put(name, {"x": "1"})
        world.bind(name)
    pod = start(world, deployment, stack)
    for name in names:
        world.wait_data(name, {"x": b"1"})

    numbers = itertools.count()

    def several_at_once() -> int:
        """Asks for a new sync of all, until some of them are so close to each other that one call reads them."""
        for name in names:
            world.kube.patch("EventDrivenSecret", name, world.ns, {"metadata": {"annotations": {
                manifests.SYNC_REQUEST: str(next(numbers))}}})
        return world.calls.count(target="BatchGetSecretValue")
    wait_for(several_at_once, PATIENCE, "a batch", [pod.process])

    pod.api.fault(delay(4), when=matches(method="PATCH", path="/secrets/db"))
    world.put("db", {"x": "2"})  # the rule takes it to the queue, EDSM takes it from there
    world.wait_data("db", {"x": b"2"})
    world.wait_empty(queue)
    pod.terminate(timeout=PATIENCE)

    world.aws.client("secretsmanager").delete_secret(SecretId=world.path("tls"))  # no list has it any more
    pod.start()
    pod.wait_log(msg="swept", timeout=PATIENCE)
    world.wait_reason("tls", "SourceGone")
    world.aws.put_secret("elsewhere/db", {"x": "not for us"})
    world.bind("elsewhere", path="elsewhere/db")
    world.wait_reason("elsewhere", "AccessDenied")
    pod.terminate(timeout=PATIENCE)

    assert actions_used(world) == {action for each in permissions(state).values() for action in each["Action"]}


@pytest.mark.parametrize("world", ["moto"], indirect=True)
def test_moto_agrees(world: World, helm: Helm, stack: ExitStack) -> None:
    # It assumes no role while it verifies, so the role's permissions are a user's.
    own = world.new_namespace()
    state = Terraform(EXAMPLE, account="123456789012", endpoint=world.aws.url).apply(
        cluster_name=own, region=REGION, edsm_namespace=own, secret_paths=[f"{world.ns}/*"])
    make(world.aws, state)
    edsm: Credentials = world.aws.create_user_with_policy(own, for_emulators(state, everything=True))
    world.aws.user = world.aws.create_user_with_policy("admin", [{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    world.aws.enforce_auth()
    queue = next(each for each in state["aws_sqs_queue"] if each["redrive_policy"])

    pod = start(world, install(world, helm, own, queue["url"], {}, **edsm.env()), stack)
    world.put("db", {"x": "1"})
    world.bind("db")
    world.wait_data("db", {"x": b"1"})
    world.put("db", {"x": "2"})
    world.send(cloudtrail.put_secret_value(world.path("db")), Queue(queue["name"], queue["url"], queue["arn"]))
    world.wait_data("db", {"x": b"2"})
    world.wait_empty(Queue(queue["name"], queue["url"], queue["arn"]))
    pod.terminate(timeout=PATIENCE)
