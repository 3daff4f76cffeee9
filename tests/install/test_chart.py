"""What the chart renders: checked values, safe pods, objects that a real API server takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bed import ROOT
from bed.controlplane import ControlPlane
from bed.kube import KubeError, Object
from commands import CHART, FULL_NAME, CommandFailed, Helm, documents, dry_run, kubectl, only

# The defaults of the older chart, and what people set in it.
OLDER_VALUES = """
replicaCount: 1
extraEnv:
- name: SQS_QUEUE_URL
  value: https://sqs.eu-west-1.amazonaws.com/123456789012/events
- name: FROM_ELSEWHERE
  valueFrom: {configMapKeyRef: {name: elsewhere, key: it}}
extraEnvFrom:
- secretRef: {name: aws-credentials}
- configMapRef: {name: more, optional: true}
image: {repository: registry.example.com/edsm, pullPolicy: Always, tag: "1.2"}
imagePullSecrets: [{name: registry}]
nameOverride: ""
fullnameOverride: ""
serviceAccount:
  create: true
  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/edsm"}
  name: ""
clusterRole: {create: true, name: ""}
podAnnotations: {team: platform}
podSecurityContext: {fsGroup: 2000}
securityContext: {runAsUser: 1000}
resources: {limits: {cpu: 100m, memory: 128Mi}, requests: {cpu: 100m, memory: 128Mi}}
autoscaling: {enabled: true, minReplicas: 1, maxReplicas: 100, targetCPUUtilizationPercentage: 80}
nodeSelector: {disktype: ssd}
tolerations: [{key: dedicated, operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
  {matchExpressions: [{key: arch, operator: In, values: [amd64]}]}]}}}
"""

EVERYTHING = """
replicaCount: 3
image: {digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
aws: {queueUrls: ["https://sqs.eu-west-1.amazonaws.com/1/a", "https://sqs.us-east-1.amazonaws.com/1/b"], region: eu-west-1}
gcp: {subscriptions: [projects/shop-123456/subscriptions/edsm-events, projects/5/subscriptions/other], project: shop-123456}
azure: {queueUrls: ["https://shop-edsm.servicebus.windows.net/edsm-events", "https://shop-edsm.servicebus.windows.net/events/subscriptions/edsm"], vaultUrl: "https://shop-kv.vault.azure.net"}
allowSecretDeletion: true
extraVolumes: [{name: ca, configMap: {name: ca}}]
extraVolumeMounts: [{name: ca, mountPath: /ca, readOnly: true}]
priorityClassName: system-cluster-critical
podLabels: {team: platform}
autoscaling: {enabled: true, targetMemoryUtilizationPercentage: 80}
networkPolicy:
  enabled: true
  metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  extraEgress: [{ports: [{port: 3128}]}]
metrics:
  tlsSecretName: metrics-tls
  authentication: {enabled: true, readers: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]}
  service: {annotations: {a: b}}
  serviceMonitor: {enabled: true, labels: {release: prometheus}, tlsConfig: {insecureSkipVerify: true}}
  prometheusRule: {enabled: true, labels: {release: prometheus}}
  dashboard: {enabled: true, annotations: {folder: EDSM}}
"""

NARROW = {"watchNamespaces": ["default"]}
ENFORCED = {"tenancy": "enforce"}


def container(objects: list[Object]) -> Object:
    return only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def identity(obj: Object) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


# -- values -----------------------------------------------------------------------


VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())


def schemas(within: Any) -> Iterator[Object]:
    """Every schema of an object with named members."""
    if isinstance(within, dict):
        if "properties" in within and isinstance(within["properties"], dict):
            yield within
        for member in within.values():
            yield from schemas(member)


def leaves(value: Object, schema: Object, path: str = "") -> Iterator[str]:
    """The names of all values that the schema knows by name: "image.tag"."""
    for name, member in schema["properties"].items():
        if "properties" in member and name != "resources":  # which are Kubernetes' own words
            yield from leaves(value[name], member, f"{path}{name}.")
        elif name != "global":
            assert name in value, f"{path}{name} has no default"
            yield f"{path}{name}"


def test_every_part_of_the_values_knows_its_names() -> None:
    assert all(schema["additionalProperties"] is False for schema in schemas(SCHEMA))


@pytest.mark.parametrize("setting", [
    "replicas=2", "image.repo=x", "metrics.serviceMonitor.enable=true", "replicaCount=two", "image.digest=abc", "controller.resyncInterval=30", "controller.logLevel=loud",
    "aws.queueUrls={my-queue}", "gcp.subscriptions={edsm-events}", "gcp.project=My Shop", "azure.queueUrls={edsm-events}", "azure.vaultUrl=shop-kv", "watchNamespaces={a,B}", "watchNamespaces={a,a}", "metrics.port=0", "tenancy=strict",
    "tenancy=true", "extraEnv[0].nam=X"])
def test_a_wrong_value_is_refused(templates: Helm, setting: str) -> None:
    with pytest.raises(CommandFailed, match="values don't meet the specifications"):
        templates("template", "edsm", CHART, "--set", setting)


def test_no_value_is_dead() -> None:
    text = "".join(path.read_text() for path in (CHART / "templates").iterdir())
    for path in leaves(VALUES, SCHEMA):
        # Within `with .Values.metrics` and `with .Values.…` only the end of the name is there.
        used = re.search(rf"\.{re.escape(path)}\b|\.{re.escape(path.removeprefix('metrics.'))}\b", text)
        assert used or ".Values." + path.rpartition(".")[0] + " " in text, f"no template uses {path}"


def test_values_of_the_older_chart_keep_working(templates: Helm, cluster: ControlPlane) -> None:
    objects = templates.template(yaml.safe_load(OLDER_VALUES))
    dry_run(cluster, objects)
    deployment = only(objects, "Deployment", FULL_NAME)
    assert "replicas" not in deployment["spec"], "the autoscaler's"
    pod, program = deployment["spec"]["template"]["spec"], container(objects)
    assert {"name": "SQS_QUEUE_URL", "value": "https://sqs.eu-west-1.amazonaws.com/123456789012/events"} in program["env"]
    assert program["envFrom"][0] == {"secretRef": {"name": "aws-credentials"}}
    assert program["image"] == "registry.example.com/edsm:1.2" and program["imagePullPolicy"] == "Always"
    assert pod["imagePullSecrets"] == [{"name": "registry"}] and pod["nodeSelector"] == {"disktype": "ssd"}
    assert pod["securityContext"]["fsGroup"] == 2000 and program["securityContext"]["runAsUser"] == 1000
    assert only(objects, "HorizontalPodAutoscaler")["spec"]["maxReplicas"] == 100
    account = only(objects, "ServiceAccount", FULL_NAME)
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == "arn:aws:iam::123456789012:role/edsm"


def test_nothing_set_is_what_the_older_chart_called_null(templates: Helm) -> None:
    rendered = templates.template({"extraEnv": None, "extraEnvFrom": None, "serviceAccount": {"annotations": None}})
    assert rendered == templates.template()


# -- the objects ------------------------------------------------------------------


@pytest.mark.parametrize("values", [{}, yaml.safe_load(EVERYTHING), NARROW, NARROW | {"allowSecretDeletion": True},
                                    ENFORCED | {"allowSecretDeletion": True}, NARROW | ENFORCED],
                         ids=["defaults", "everything", "one namespace", "one namespace, deleting", "tenancy",
                              "one namespace, tenancy"])
def test_the_api_server_takes_every_field(templates: Helm, cluster: ControlPlane, values: Object) -> None:
    dry_run(cluster, templates.template(values))


def test_its_pods_meet_the_restricted_standard(templates: Helm, cluster: ControlPlane) -> None:
    name = "restricted"
    cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {
        "pod-security.kubernetes.io/enforce": "restricted"}}})
    template = only(templates.template(yaml.safe_load(EVERYTHING)), "Deployment")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "edsm", "namespace": name}, "spec": template["spec"]}
    cluster.kube.request("POST", f"/api/v1/namespaces/{name}/pods", pod, params={"dryRun": "All"})
    del pod["spec"]["securityContext"]["seccompProfile"]
    with pytest.raises(KubeError, match="seccompProfile"):  # so it is enforced
        cluster.kube.request("POST", f"/api/v1/namespaces/{name}/pods", pod, params={"dryRun": "All"})
    cluster.kube.delete("Namespace", name)


def test_arguments_are_those_that_the_program_has(templates: Helm) -> None:
    reference = (ROOT / "docs/reference/configuration.md").read_text()
    known = dict(re.findall(r"^\| `(--[\w-]+)[,\w-]*` \|.*\| (.*) \|$", reference, re.MULTILINE))
    for values in ({}, yaml.safe_load(EVERYTHING), NARROW, ENFORCED):
        arguments = container(templates.template(values))["args"]
        assert arguments[0] == "run"
        for argument in arguments[1:]:
            assert argument.partition("=")[0] in known
    for argument in container(templates.template())["args"][1:]:
        flag, _, value = argument.partition("=")
        assert value in ("", known[flag]), f"the chart's default of {flag} is not the program's"


def test_azures_webhook_finds_the_pods(templates: Helm) -> None:
    label, annotated = "azure.workload.identity/use", {"serviceAccount": {"annotations": {"azure.workload.identity/client-id": "x"}}}
    for values, shown in (({}, None), (annotated, "true"), (annotated | {"podLabels": {label: "false"}}, "false")):
        pod = only(templates.template(values), "Deployment")["spec"]["template"]["metadata"]
        assert pod["labels"].get(label) == shown


def test_the_image_is_the_program_of_this_version(templates: Helm) -> None:
    version = re.search(r"project\(edsm VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert version and container(templates.template())["image"] == f"edsm:{version[1]}"


def test_replicas_are_spread_and_one_may_go_at_a_time(templates: Helm) -> None:
    objects = templates.template()
    deployment = only(objects, "Deployment")
    assert deployment["spec"]["replicas"] == 2 and "--leader-elect" in container(objects)["args"]
    selector = deployment["spec"]["selector"]
    budget = only(objects, "PodDisruptionBudget")["spec"]
    assert budget["selector"] == selector and budget["maxUnavailable"] == 1
    for spread in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]:
        assert spread["labelSelector"] == selector
    own = {"labelSelector": {"matchLabels": {"a": "b"}}, "topologyKey": "rack", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}
    rendered = only(templates.template({"topologySpreadConstraints": [own]}), "Deployment")
    assert rendered["spec"]["template"]["spec"]["topologySpreadConstraints"][0]["topologyKey"] == "rack"


# -- chart and config/ are one thing ----------------------------------------------


def rules(obj: Object) -> list[Object]:
    return sorted(obj["rules"], key=str)


def test_permissions_are_those_of_config(templates: Helm) -> None:
    objects = templates.template()
    controller = documents((ROOT / "config/rbac/controller.yaml").read_text())
    for kind in ("ClusterRole", "Role"):
        assert rules(only(objects, kind, FULL_NAME)) == rules(only(controller, kind)), kind
    for role in documents((ROOT / "config/rbac/users.yaml").read_text()):
        name = role["metadata"]["name"].removeprefix("edsm-")
        rendered = only(objects, "ClusterRole", f"{FULL_NAME}-{name}")
        aggregates = {"rbac.authorization.k8s.io/aggregate-to-" + {"viewer": "view", "editor": "edit"}.get(name, name)}
        assert rules(rendered) == rules(role)
        assert aggregates <= rendered["metadata"]["labels"].keys() & role["metadata"]["labels"].keys()


def test_deleting_is_permitted_only_on_request_and_as_in_config(templates: Helm) -> None:
    optional = only(documents((ROOT / "config/optional/secret-deletion.yaml").read_text()), "ClusterRole")
    for values, kind, name in (({}, "ClusterRole", FULL_NAME), (NARROW, "Role", f"{FULL_NAME}-work")):
        before = rules(only(templates.template(values), kind, name))
        after = rules(only(templates.template(values | {"allowSecretDeletion": True}), kind, name))
        assert not any("delete" in rule["verbs"] for rule in before)
        assert [rule for rule in after if rule not in before] == optional["rules"]


def test_tenancy_is_permitted_only_on_request_and_as_in_config(templates: Helm) -> None:
    optional = only(documents((ROOT / "config/optional/tenancy.yaml").read_text()), "ClusterRole")
    before = rules(only(templates.template(), "ClusterRole", FULL_NAME))
    for mode in ("audit", "enforce"):
        objects = templates.template({"tenancy": mode})
        after = rules(only(objects, "ClusterRole", FULL_NAME))
        assert [rule for rule in after if rule not in before] == rules(optional)
        assert f"--tenancy={mode}" in container(objects)["args"]
    for off in ("off", False):
        assert templates.template({"tenancy": off}) == templates.template()


def test_tenancy_in_one_namespace_sees_no_other(templates: Helm) -> None:
    optional = only(documents((ROOT / "config/optional/tenancy.yaml").read_text()), "ClusterRole")
    objects = templates.template(NARROW | ENFORCED)
    role = only(objects, "ClusterRole", f"{FULL_NAME}-kube-system-tenancy")
    narrowed = [rule | ({"resourceNames": ["default"]} if rule["resources"] == ["namespaces"] else {})
                for rule in optional["rules"]]
    assert role["rules"] == narrowed
    assert only(objects, "ClusterRoleBinding")["roleRef"]["name"] == role["metadata"]["name"]
    assert rules(only(objects, "Role", f"{FULL_NAME}-work")) == rules(only(templates.template(NARROW), "Role", f"{FULL_NAME}-work"))


AUTHENTICATION = {"tlsSecretName": "metrics-tls", "authentication": {
    "enabled": True, "readers": [{"kind": "ServiceAccount", "name": "prometheus", "namespace": "monitoring"}]}}


def test_reviewing_tokens_is_permitted_only_on_request_and_as_in_config(templates: Helm) -> None:
    config = documents((ROOT / "config/optional/metrics-authentication.yaml").read_text())
    assert "review" not in json.dumps(templates.template())
    for values in ({}, NARROW):
        objects = templates.template(values | {"metrics": AUTHENTICATION})
        assert "--metrics-authentication=tokenreview" in container(objects)["args"]
        for part in ("token-reviews", "metrics-reader"):
            name = f"{FULL_NAME}-kube-system-{part}"
            assert rules(only(objects, "ClusterRole", name)) == rules(only(config, "ClusterRole", f"edsm-{part}"))
            assert only(objects, "ClusterRoleBinding", name)["roleRef"]["name"] == name
        assert only(objects, "ClusterRoleBinding", f"{FULL_NAME}-kube-system-metrics-reader")["subjects"] == (
            AUTHENTICATION["authentication"]["readers"])


def test_tokens_are_not_taken_in_the_clear(templates: Helm) -> None:
    with pytest.raises(CommandFailed, match="needs metrics.tlsSecretName"):
        templates("template", "edsm", CHART, "--set", "metrics.authentication.enabled=true")


def test_prometheus_sends_its_token_where_one_is_needed(templates: Helm) -> None:
    def endpoint(**monitor: object) -> Object:
        values = {"metrics": AUTHENTICATION | {"serviceMonitor": {"enabled": True, **monitor}}}
        return only(templates.template(values), "ServiceMonitor")["spec"]["endpoints"][0]

    assert endpoint()["bearerTokenFile"] == "/var/run/secrets/kubernetes.io/serviceaccount/token"
    assert endpoint(bearerTokenFile="/token")["bearerTokenFile"] == "/token"
    authorization = {"credentials": {"name": "scraper", "key": "token"}}
    assert endpoint(authorization=authorization)["authorization"] == authorization
    assert "bearerTokenFile" not in endpoint(authorization=authorization)
    open_ = templates.template({"metrics": {"serviceMonitor": {"enabled": True}}})
    assert not {"bearerTokenFile", "authorization"} & only(open_, "ServiceMonitor")["spec"]["endpoints"][0].keys()


def test_one_namespace_needs_no_permission_for_others(templates: Helm) -> None:
    objects = templates.template(NARROW | {"userRoles": {"create": False}, "crds": {"install": False},
                                           "flowSchema": {"enabled": False}, "guard": {"enabled": False}})
    everywhere = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "FlowSchema",
                  "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    assert not everywhere & {each["kind"] for each in objects}
    assert {each["metadata"]["namespace"] for each in objects} == {"default", "kube-system"}
    work = only(objects, "Role", f"{FULL_NAME}-work")
    assert rules(work) == rules(only(templates.template(), "ClusterRole", FULL_NAME))
    assert "--watch-namespace=default" in container(objects)["args"]


def test_each_of_several_namespaces_gets_its_permissions(templates: Helm) -> None:
    objects = templates.template({"watchNamespaces": ["default", "a", "b"], "allowSecretDeletion": True})
    roles = [each for each in objects if each["kind"] == "Role" and each["metadata"]["name"] == f"{FULL_NAME}-work"]
    bindings = [each for each in objects if each["kind"] == "RoleBinding" and each["roleRef"]["name"] == f"{FULL_NAME}-work"]
    for made in (roles, bindings):
        assert [each["metadata"]["namespace"] for each in made] == ["default", "a", "b"]
    assert all(rules(each) == rules(roles[0]) for each in roles)
    assert not [each for each in objects if each["kind"] == "ClusterRoleBinding"]
    assert [each for each in container(objects)["args"] if each.startswith("--watch")] == [
        f"--watch-namespace={name}" for name in ("default", "a", "b")]


def test_a_role_of_ones_own_is_bound(templates: Helm) -> None:
    objects = templates.template({"clusterRole": {"create": False, "name": "mine"}})
    assert only(objects, "ClusterRoleBinding")["roleRef"]["name"] == "mine"
    roles = [each for each in objects if each["kind"] == "ClusterRole" and "aggregate" not in str(each)]
    assert [role["rules"][0]["verbs"] for role in roles] == [["break-glass"]]
    assert not [each for each in templates.template({"clusterRole": {"create": False}}) if each["kind"] == "ClusterRoleBinding"]


def policies(objects: list[Object]) -> list[Object]:
    return [each for each in objects if each["kind"].startswith("ValidatingAdmissionPolicy")]


def test_the_guard_is_that_of_config_for_the_account_of_the_release(templates: Helm) -> None:
    of_config = documents((ROOT / "config/optional/guard.yaml").read_text().replace(
        "system:serviceaccount:kube-system:edsm", "system:serviceaccount:shop:mine"))
    objects = templates.template({"serviceAccount": {"name": "mine"}}, namespace="shop")
    policy = only(objects, "ValidatingAdmissionPolicy")
    assert policy["spec"] == only(of_config, "ValidatingAdmissionPolicy")["spec"]
    assert only(objects, "ValidatingAdmissionPolicyBinding")["spec"] == {
        "policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    role = only(objects, "ClusterRole", f"{FULL_NAME}-shop-break-glass")
    assert role["rules"] == only(of_config, "ClusterRole")["rules"]


def test_the_guard_is_there_only_where_it_is_wanted_and_can_be(templates: Helm) -> None:
    assert policies(templates.template())
    assert not policies(templates.template(serves=()))
    assert not policies(templates.template({"guard": {"enabled": False}}))


def test_config_can_be_applied_with_kustomize(cluster: ControlPlane) -> None:
    objects = documents(kubectl(cluster, "kustomize", ROOT / "config"))
    dry_run(cluster, objects)
    assert sorted(map(identity, objects)) == sorted(map(identity, documents((ROOT / "config/install.yaml").read_text())))
