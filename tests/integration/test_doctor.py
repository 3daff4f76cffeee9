"""`edsm doctor` on set-ups in order and on broken ones: each is found, and the remedy that it names mends it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bed import ROOT
from bed.aws import REGION, Ministack
from bed.edsm import default_binary
from bed.process import wait_for
from delivery import LIFECYCLE, Delivery
from iam import SECRETS, SQS, only_ministack, user
from replicas import LEASE
from world import CONTROLLER_NAMESPACE, PATIENCE, World

Finding = dict[str, str]
OTHER_PATTERN = {"source": ["aws.secretsmanager"], "detail-type": ["Secret Label Updated"],
                 "detail": {"name": [{"prefix": "elsewhere/"}]}}


def call(world: World, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """As the controller itself would see it; `env` changes its environment."""
    merged = world.programs[0].env | {"HOME": "/nonexistent"} | env
    return subprocess.run(
        [default_binary(), "doctor", "-n", world.ns, "--own-namespace", CONTROLLER_NAMESPACE, *arguments],
        env={name: value for name, value in merged.items() if value}, text=True, capture_output=True, timeout=120,
        check=False)


def doctor(world: World, *arguments: str, **env: str) -> tuple[int, list[Finding]]:
    """Exit code and findings."""
    answer = call(world, "-o", "json", *arguments, **env)
    assert answer.returncode in (0, 1), answer.stderr
    findings = json.loads(answer.stdout)
    assert all(each["remedy"] for each in findings if each["level"] in ("FAIL", "WARN", "unknown")), findings
    return answer.returncode, findings


def of_level(findings: Sequence[Finding], *levels: str) -> list[tuple[str, str]]:
    return [(finding["area"], finding["what"]) for finding in findings if finding["level"] in levels]


def failures(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return of_level(findings, "FAIL")


def one(findings: Sequence[Finding], level: str, area: str, part: str) -> Finding:
    """The one finding like that."""
    found = [each for each in findings if (each["level"], each["area"]) == (level, area) and part in each["what"]]
    assert len(found) == 1, f"{level} {area} {part}: {json.dumps(findings, indent=1)}"
    return found[0]


def start(world: World, **options: Any) -> Delivery:
    """A controller with one binding in sync, whose queue is set up as docs/aws.md says."""
    if world.kube.find("Lease", LEASE, CONTROLLER_NAMESPACE):  # of a test before
        world.kube.delete("Lease", LEASE, CONTROLLER_NAMESPACE)
    delivery = Delivery(world)
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start(queue=delivery.queue, **options)
    world.wait_synced("db")
    return delivery


def test_everything_in_order_under_the_permissions_that_we_ship(world: World) -> None:
    delivery = start(world)

    code, findings = doctor(world)

    assert code == 0 and not of_level(findings, "FAIL", "WARN")
    assert {"kubernetes", "clock", "crd", "rbac", "digest key", "binding", "identity", "queue", "rules", "policy",
            "trail", "iam", "secrets"} <= {finding["area"] for finding in findings if finding["level"] == "ok"}
    assert delivery.native in one(findings, "ok", "rules", "brings new values of 1 secret")["what"]
    # The controller may not look at admission policies, and says so.
    assert [area for area, _ in of_level(findings, "unknown")] == ["admission"]


# -- broken in one place --------------------------------------------------------------


Break = Callable[[World, Delivery], Any]
# What is broken, the finding's level, area and words, and whether its remedy is a command that mends it.
BROKEN: dict[str, tuple[Break, str, str, str, bool]] = {
    "no rule": (lambda _, d: [d.off_target(rule) or d.events.delete_rule(Name=rule)
                              for rule in (d.native, d.lifecycle)],
                "FAIL", "rules", "no rule sends events to the queue", True),
    "target missing": (lambda _, d: d.off_target(d.native),
                       "FAIL", "rules", "lets them through, but the queue is none of its targets", True),
    "rule disabled": (lambda _, d: d.events.disable_rule(Name=d.native), "FAIL", "rules", "is disabled", True),
    "pattern of other secrets": (lambda _, d: d.pattern(d.native, OTHER_PATTERN),
                                 "FAIL", "rules", "the pattern of no rule matches their events", True),
    "input transformer": (lambda _, d: d.route(d.native, {"source": ["aws.secretsmanager"]}, InputTransformer={
        "InputPathsMap": {"name": "$.detail.name"}, "InputTemplate": '{"secret": "<name>"}'}),
                          "FAIL", "rules", "sends something else than the event", False),
    "policy of another rule": (lambda _, d: d.admit([d.rules[1]]), "FAIL", "policy", "does not let rule", False),
    "second rule disabled": (lambda _, d: d.events.disable_rule(Name=d.lifecycle),
                             "WARN", "rules", "is disabled: it sends nothing", True),
    "own reads": (lambda _, d: d.pattern(d.lifecycle, {"detail-type": LIFECYCLE["detail-type"]}),
                  "WARN", "rules", "lets reads of values through", False),
    "no trail": (lambda _, d: d.trails.delete_trail(Name=d.trail), "WARN", "trail", "there is no trail", False),
    "trail stopped": (lambda _, d: d.trails.stop_logging(Name=d.trail), "WARN", "trail", "is not logging", True),
    "trail of reads": (lambda _, d: d.trails.put_event_selectors(TrailName=d.trail, EventSelectors=[
        {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]),
                       "WARN", "trail", "logs no management events that write", True),
    "no dead letters": (lambda _, d: d.set(RedrivePolicy=""), "WARN", "queue", "no dead-letter queue", False),
    "given up at once": (lambda _, d: d.set(RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": d.dead.arn, "maxReceiveCount": "1"})), "WARN", "queue", "given up after 1 receive",
                         False),
    "dead letters": (lambda w, d: w.send({}, d.dead), "WARN", "queue", "1 message in its dead-letter queue", False),
    "long visibility": (lambda _, d: d.set(VisibilityTimeout="3600"),
                        "WARN", "queue", "comes back after 3600 s only", False),
    "short visibility": (lambda _, d: d.set(VisibilityTimeout="5"), "WARN", "queue", "come back after 5 s", False),
}


def obey(world: World, command: str) -> None:
    """Does what a remedy says: commands of the AWS CLI, by the library beneath it."""
    for line in command.split(" && "):
        words = shlex.split(line)
        assert words[0] == "aws" and words[3::2], line
        arguments: dict[str, Any] = {}
        for option, text in zip(words[3::2], words[4::2], strict=True):
            name = "".join(part.capitalize() for part in option.removeprefix("--").split("-"))
            arguments[name] = text
        assert arguments.pop("Region") == REGION
        if "Targets" in arguments:
            target = dict(part.split("=", 1) for part in arguments["Targets"].split(","))
            arguments["Targets"] = [target]
        if "EventSelectors" in arguments:
            arguments["EventSelectors"] = json.loads(arguments["EventSelectors"])
        getattr(world.aws.client(words[1]), words[2].replace("-", "_"))(**arguments)


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named(world: World, what: str) -> None:
    do, level, area, words, command = BROKEN[what]
    delivery = start(world)
    do(world, delivery)

    code, findings = doctor(world)

    found = one(findings, level, area, words)
    assert code == (1 if level == "FAIL" else 0)
    assert failures(findings) == ([(area, found["what"])] if level == "FAIL" else [])
    assert found["remedy"]
    if not command:
        return
    obey(world, found["remedy"])
    _, after = doctor(world)
    assert words not in str([each for each in after if each["level"] == level]), found["remedy"]


def test_the_statement_that_it_shows_lets_the_rule_in(world: World) -> None:
    delivery = start(world)
    delivery.admit([])

    refused = [each for each in doctor(world)[1] if each["level"] == "FAIL"]
    assert {each["area"] for each in refused} == {"policy"} and len(refused) == 2
    statements = [json.loads(each["remedy"].partition(": ")[2]) for each in refused]
    delivery.set(Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))

    assert not failures(doctor(world)[1])


def test_secrets_that_no_rule_and_no_queue_concerns_are_named(world: World) -> None:
    delivery = start(world)
    delivery.pattern(delivery.native, {"detail-type": ["Secret Label Updated"],
                                       "detail": {"name": [{"prefix": f"{world.ns}/db"}]}})
    world.put("mail", {"a": "1"})
    world.bind("mail")
    world.bind("far", cloudProviderOptions={"region": "eu-north-1"})

    code, findings = doctor(world)

    assert code == 1
    one(findings, "FAIL", "rules", f"new values of {world.path('mail')} do not reach the queue")
    one(findings, "ok", "rules", "brings new values of 1 secret")
    one(findings, "WARN", "rules", "1 secret of eu-north-1, and no queue there")


def test_what_is_broken_elsewhere_is_named(world: World) -> None:
    start(world)
    world.bind("ghost", path=world.path("never-made"))
    world.wait_reason("ghost", "SourceGone")

    code, findings = doctor(world, SQS_QUEUE_URL=f"{world.queue.url}-of-nobody")
    assert code == 1
    assert {area for area, _ in failures(findings)} == {"queue", "secrets"}
    assert any("never-made" in what for _, what in failures(findings))

    code, findings = doctor(world, "--as", f"system:serviceaccount:{world.ns}:default",
                            "--kubeconfig", str(world.cluster.kubeconfig))
    assert code == 1
    assert ("rbac", f"system:serviceaccount:{world.ns}:default may not get, list, watch, create, patch secrets in "
                    f"namespace {world.ns}") in failures(findings)

    code, findings = doctor(world, AWS_ENDPOINT="http://127.0.0.1:1")
    assert code == 1 and {"queue", "secrets"} <= {area for area, _ in failures(findings)}
    assert not any(area in ("rules", "iam") for area, _ in failures(findings)), "what cannot be asked is unknown"
    assert not [area for area, _ in of_level(findings, "ok") if area in ("queue", "secrets", "iam")]


# -- permissions ----------------------------------------------------------------------


DOCTOR = {"Effect": "Allow", "Resource": "*", "Action": [
    "events:ListRuleNamesByTarget", "events:DescribeRule", "events:ListTargetsByRule", "events:ListRules",
    "events:TestEventPattern", "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors", "sqs:SendMessage"]}


@only_ministack
def test_without_further_permissions_the_rest_is_unknown(world: World) -> None:
    start(world, env=user(world, SQS, SECRETS).env())

    code, findings = doctor(world)
    assert code == 0 and not failures(findings)
    rules = one(findings, "unknown", "rules", "AccessDenied")
    assert "grant events:ListRuleNamesByTarget" in rules["remedy"]
    assert f"user/{world.ns}" in one(findings, "ok", "identity", "keys in the environment")["what"]

    more = world.aws.create_user_with_policy(f"{world.ns}-more", [SQS, SECRETS, DOCTOR]).env()
    code, findings = doctor(world, **more)
    assert code == 0 and not failures(findings)
    assert {area for area, _ in of_level(findings, "unknown")} <= {"admission"}
    one(findings, "ok", "rules", "brings new values of 1 secret")
    one(findings, "ok", "trail", "logs management events that write")


@only_ministack
def test_each_missing_right_of_the_controller_is_named(world: World) -> None:
    start(world)
    few = [SQS | {"Action": ["sqs:GetQueueAttributes", "sqs:ReceiveMessage"]},
           SECRETS | {"Action": ["secretsmanager:DescribeSecret"]}]
    poor = world.aws.create_user_with_policy(f"{world.ns}-poor", few).env()

    code, findings = doctor(world, **poor)

    assert code == 1
    named = {re.match(r"[\w:]+", what)[0] for area, what in failures(findings) if area == "iam"}
    assert named == {"sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "secretsmanager:GetSecretValue"}
    one(findings, "note", "iam", "secretsmanager:ListSecrets is not permitted")


@pytest.mark.parametrize("world", ["moto"], indirect=True)
def test_moto_agrees(world: World) -> None:
    delivery = start(world, env=world.aws.user.env())

    code, findings = doctor(world)
    assert code == 0 and not of_level(findings, "FAIL", "WARN")
    one(findings, "ok", "rules", "brings new values of 1 secret")
    one(findings, "ok", "trail", "logs management events that write")

    delivery.events.disable_rule(Name=delivery.native)
    one(doctor(world)[1], "FAIL", "rules", "is disabled")


def test_an_emulator_matches_patterns_as_we_do(aws: Ministack) -> None:
    envelope = {"version": "0", "id": "1", "detail-type": "t", "source": "s", "account": "1",
                "time": "2026-01-01T00:00:00Z", "region": REGION, "resources": [], "detail": {}}
    for row in json.loads((ROOT / "tests/vectors/eventbridge/patterns.json").read_text()):
        answer = aws.client("events").test_event_pattern(
            EventPattern=json.dumps(row["pattern"]), Event=json.dumps(envelope | row["event"]))
        assert answer["Result"] == row["matches"], row["why"]


# -- the probe ------------------------------------------------------------------------


def metrics_url(world: World) -> str:
    return f"http://127.0.0.1:{world.programs[0].metrics_port}/metrics"


def values_read(world: World) -> float:
    """Calls that read values, by the controller and not by doctor."""
    return sum(world.programs[0].metric("edsm_api_calls_total", operation=name, code="200")
               for name in ("GetSecretValue", "BatchGetSecretValue"))


def test_a_probe_is_consumed_and_has_no_effect(world: World) -> None:
    start(world)
    before = values_read(world)

    code, findings = doctor(world, "--probe", "--metrics-url", metrics_url(world))

    assert code == 0
    assert re.search(r"was received after \d+\.\d s, and the message deleted after \d+\.\d s$",
                     one(findings, "ok", "probe", "concerns no binding")["what"])
    assert values_read(world) == before


def test_a_probe_of_a_binding_has_its_value_read_and_changes_nothing(world: World) -> None:
    start(world)
    before, secret = values_read(world), world.kube.get("Secret", "db", world.ns)

    code, findings = doctor(world, f"--probe={world.ns}/db", "--metrics-url", metrics_url(world))

    assert code == 0, failures(findings)
    assert "the value read again after" in one(findings, "ok", "probe", f"the secret of {world.ns}/db")["what"]
    assert values_read(world) == before + 1
    assert world.kube.get("Secret", "db", world.ns) == secret
    one(doctor(world, f"--probe={world.ns}/nothing")[1], "FAIL", "probe", "there is no EventDrivenSecret")


def test_a_probe_that_cannot_be_observed_sends_nothing(world: World) -> None:
    delivery = start(world)
    code, findings = doctor(world, "--probe", "--metrics-url", "http://127.0.0.1:1/metrics")
    assert code == 0
    one(findings, "unknown", "probe", "nothing was sent")
    depth = world.aws.queue_depth(delivery.queue)
    assert depth.visible == depth.in_flight == 0


def test_a_probe_that_nobody_receives_is_a_failure(world: World) -> None:
    start(world)
    other = world.new_queue()
    code, findings = doctor(world, "--probe", "--metrics-url", metrics_url(world), SQS_QUEUE_URL=other.url)
    assert code == 1
    one(findings, "FAIL", "probe", "was not received by this leader within 30 s")
    wait_for(lambda: world.aws.queue_depth(other).visible == 1, PATIENCE, "the event to lie in the other queue")


# -- what the page shows ----------------------------------------------------------------


def as_shown(world: World, text: str) -> str:
    """With the names that the page uses, and without what differs from run to run."""
    for pattern, replacement in (
            (re.escape(world.ns), "shop"), ("0" * 12, "123456789012"), (r"version v\S+", "version v1.34.1"),
            (r"\S+ leads\b", "edsm-6c9d8f-x2x7k_4c1be01f leads"), (r"after \d+\.\d s", "after 0.1 s")):
        text = re.sub(pattern, replacement, text)
    return text


def test_the_page_shows_what_it_prints(world: World) -> None:
    page = (ROOT / "docs/commands.md").read_text()
    delivery = start(world, flags=["--leader-elect=true"])
    wait_for(lambda: world.programs[0].metric("edsm_leader") == 1, PATIENCE, "it to lead")

    texts = [call(world, "--probe", "--metrics-url", metrics_url(world)).stdout]

    def trouble() -> None:  # what begins with FAIL or WARN, with its remedy
        texts.append("".join(re.findall(r"^(?:FAIL|WARN) .*\n(?: +->.*\n)?", call(world).stdout, re.MULTILINE)))

    delivery.events.disable_rule(Name=delivery.native)
    trouble()
    obey(world, f"aws events enable-rule --region {REGION} --name {delivery.native}")
    delivery.off_target(delivery.native)
    trouble()
    obey(world, f"aws events put-targets --region {REGION} --rule {delivery.native} "
                f"--targets Id=edsm,Arn={delivery.queue.arn}")
    delivery.admit([delivery.rules[1]])
    trouble()

    shown = ["".join(f"    {line}\n" if line else "\n" for line in as_shown(world, text).splitlines())
             for text in texts]
    missing = [text for text in shown if text not in page]
    assert not missing, "\n".join(missing)
