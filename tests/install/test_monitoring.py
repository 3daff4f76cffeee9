"""Alerts and dashboard: they are right, they speak of metrics that exist, and each alert has its page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bed import ROOT
from bed.kube import Object
from bed.scratch import work_dir
from commands import CHART, Helm, only, run, tools

RUNBOOK, RUNBOOK_URL = "docs/runbook.md", "https://wiki.example.com/edsm"
ALERTS = [rule for group in yaml.safe_load((CHART / "files/rules.yaml").read_text())["groups"] for rule in group["rules"]]
OF_THE_TARGET = {"job", "instance", "pod", "namespace"}  # labels that Prometheus adds


@pytest.fixture(scope="session")
def folder(templates: Helm) -> Path:
    """The rules as the chart installs them, and their tests."""
    folder = work_dir("rules")
    values = {"enabled": True, "runbookUrl": RUNBOOK_URL}
    rule = only(templates.template({"metrics": {"prometheusRule": values}}), "PrometheusRule")
    (folder / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    tests = (ROOT / "tests/install/rules_test.yaml").read_text()
    (folder / "rules_test.yaml").write_text(tests.replace("__RULES__", "rules.yaml").replace("__RUNBOOK__", RUNBOOK_URL))
    return folder


def test_promtool_finds_nothing_wrong(folder: Path) -> None:
    run(tools() / "promtool", "check", "rules", "--lint=all", "--lint-fatal", folder / "rules.yaml")


def test_each_alert_fires_in_its_trouble_only(folder: Path) -> None:
    run(tools() / "promtool", "test", "rules", folder / "rules_test.yaml")
    tested = re.findall(r"alertname: (\w+)", (folder / "rules_test.yaml").read_text())
    for alert in ALERTS:
        assert tested.count(alert["alert"]) >= 2, f"{alert['alert']}: when it fires, and when not"


def test_each_alert_has_an_entry_in_the_runbook() -> None:
    text = (ROOT / RUNBOOK).read_text()
    entries = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(entries) == [alert["alert"] for alert in ALERTS]
    for alert in ALERTS:
        assert alert["annotations"]["runbook_url"] == f"RUNBOOK_URL#{alert['alert'].lower()}"
        for part in ("**Symptom.**", "**Cause.**", "**Remedy.**"):
            assert part in entries[alert["alert"]], f"{alert['alert']}: {part}"


def test_no_alert_links_to_a_runbook_that_is_nowhere(templates: Helm) -> None:
    rule = only(templates.template({"metrics": {"prometheusRule": {"enabled": True}}}), "PrometheusRule")
    installed = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    for alert, before in zip(installed, ALERTS, strict=True):
        link = before["annotations"]["runbook_url"]
        assert alert == before | {"annotations": {
            name: text for name, text in before["annotations"].items() if text != link}}


def test_runbook_quotes_the_log_as_it_is() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.cpp"))
    quoted = re.findall(r'"([^"]+)"(?: in the log|, and the warnings before it)', (ROOT / RUNBOOK).read_text())
    assert len(quoted) >= 4
    for line in quoted:
        assert line in source, f"nothing logs {line}"


# -- metrics that exist -----------------------------------------------------------


def dashboard() -> Object:
    return json.loads((CHART / "files/dashboard.json").read_text())


def expressions() -> Iterator[tuple[str, str]]:
    for alert in ALERTS:
        yield alert["alert"], alert["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def known() -> dict[str, set[str]]:
    """Every series of the reference page, with its labels."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\|", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE)
    result = {}
    for name, kind, labels in rows:
        named = set(re.findall(r"`(\w+)`", labels))
        result |= {f"{name}_bucket": named | {"le"}, f"{name}_count": named, f"{name}_sum": named} if kind == "histogram" \
            else {name: named}
    return result


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_metrics_and_labels_exist(where: str, expression: str) -> None:
    metrics = known()
    selected = re.findall(r"\b((?:edsm|process)_\w+)(?:\{([^}]*)\})?", expression)
    assert selected, where
    labels = set()
    for name, matchers in selected:
        assert name in metrics, f"{where}: there is no {name}"
        labels |= metrics[name]
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= metrics[name] | OF_THE_TARGET, where
    for grouping in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(re.findall(r"\w+", grouping)) <= labels | OF_THE_TARGET, where


def test_dashboard_can_be_read_by_grafana() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == [
        "Freshness", "Work", "Errors", "API calls avoided"]
    taken = set()
    for panel in panels:
        where = panel["gridPos"]
        cells = {(x, y) for x in range(where["x"], where["x"] + where["w"]) for y in range(where["y"], where["y"] + where["h"])}
        assert where["x"] + where["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_dashboard_and_rules_reach_the_cluster_as_they_are(templates: Helm) -> None:
    objects = templates.template({"metrics": {"dashboard": {"enabled": True}, "prometheusRule": {"enabled": True}}})
    assert json.loads(only(objects, "ConfigMap")["data"]["edsm.json"]) == dashboard()
    assert [rule["alert"] for rule in only(objects, "PrometheusRule")["spec"]["groups"][0]["rules"]] == [
        alert["alert"] for alert in ALERTS]
