"""What the pages about installing show is what is there."""

from __future__ import annotations

import json
import re

import yaml

from bed import ROOT
from bed.documents import blocks, fenced
from commands import EXAMPLE, Helm, Terraform

PAGES = ["README.md", "charts/k8s-event-driven-secrets/README.md",
         *(str(path.relative_to(ROOT)) for folder in ("docs", "docs/recipes") for path in sorted((ROOT / folder).glob("*.md")))]


def test_values_of_the_page_are_taken(templates: Helm) -> None:
    shown = [block for block in blocks("docs/install.md", "yaml") if "apiVersion" not in block]
    assert len(shown) == 3
    for block in shown:
        templates.template(yaml.safe_load(block))
    for setting in re.findall(r"--set (\S+)", (ROOT / "docs/install.md").read_text()):
        templates("template", "edsm", ROOT / "charts/k8s-event-driven-secrets", "--set", setting.rstrip("`,."))


def test_settings_that_pages_name_exist() -> None:
    values = yaml.safe_load((ROOT / "charts/k8s-event-driven-secrets/values.yaml").read_text())
    for page in PAGES:
        for path in re.findall(r"`((?:crds|guard|userRoles|flowSchema|controller|aws|gcp|azure(?!\.workload)|metrics|clusterRole|serviceAccount)\.\w+)",
                               (ROOT / page).read_text()):
            part, name = path.split(".")
            assert name in values[part], f"{page}: {path}"


def test_rules_made_by_hand_are_those_of_terraform(applied: Terraform) -> None:
    state = json.loads(applied("show", "-json"))["values"]["root_module"]["resources"]
    patterns = [json.loads(each["values"]["event_pattern"]) for each in state if each["type"] == "aws_cloudwatch_event_rule"]
    shown = [json.loads(block) for block in blocks("docs/aws.md", "json")]
    assert [each for each in shown if "source" in each] == sorted(patterns, key=lambda each: "errorCode" in each["detail"])
    allowed, = next(each for each in shown if "Statement" in each)["Statement"]
    policy = json.loads(next(each for each in state if each["type"] == "aws_sqs_queue_policy")["values"]["policy"])
    declared = policy["Statement"][0]
    assert allowed.keys() == declared.keys() - {"Sid"} and allowed["Condition"].keys() == declared["Condition"].keys()


def test_permissions_of_the_page_are_those_of_terraform(applied: Terraform) -> None:
    table = (ROOT / "docs/aws.md").read_text().partition("## Permissions")[2]
    assert set(re.findall(r"`((?:sqs|secretsmanager|kms):[A-Z]\w+)`", table)) == set(
        re.findall(r'"((?:sqs|secretsmanager|kms):[A-Z]\w+)"', (EXAMPLE / "iam.tf").read_text()))


def test_variables_of_the_page_are_those_of_terraform() -> None:
    text = (EXAMPLE / "variables.tf").read_text()
    shown = re.findall(r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs/aws.md").read_text(), re.MULTILINE)
    declared = dict(re.findall(r'variable "(\w+)" {.*?default\s*= (\S+)', text, re.DOTALL))
    assert dict(shown).keys() == declared.keys()
    for name, default in shown:
        expected = "none" if declared[name] in ("[]", "{}") else f"`{declared[name].strip(chr(34))}`"
        assert default == expected, name


def test_values_of_recipes_are_taken(templates: Helm) -> None:
    shown = [block for block in fenced((ROOT / "docs/recipes/places.md").read_text()) if block.note == "values"]
    assert len(shown) == 1
    templates.template(yaml.safe_load(shown[0].text))
