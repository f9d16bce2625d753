#!/usr/bin/env python3
"""Renders deploy/chart with each set of values, and checks what comes out: helm's lint, the Kubernetes API's schemas
(strict), and what the roles promise. Needs helm-python-sdk and kubernetes-validate, no network and no cluster.

    check-chart.py [--print VALUES]      the second form prints the manifests of one set
"""

import json
import pathlib
import sys

import helm_python as helm
import kubernetes_validate
import yaml

CHART = pathlib.Path(__file__).resolve().parent.parent / "deploy" / "chart"
KUBERNETES = "1.34"
# Kinds of operators that Kubernetes itself has no schema for.
CUSTOM = {"keda.sh/v1alpha1"}
# The defaults alone are refused: they name no Secret.
SETS = {"values-small.yaml": "single", "values-production.yaml": "split"}


def values_of(name):
    return yaml.safe_load((CHART / name).read_text())


def manifests_of(values):
    with helm.Chart.load(CHART) as chart:
        rendered = chart.render(values=values, name="trunkline", namespace="voice", is_install=True)
    for path, text in sorted(rendered.items()):
        if path.endswith(".yaml"):
            for document in yaml.safe_load_all(text):
                if document:
                    yield path, document


def faults_of_document(path, document):
    name = f"{path}: {document['kind']} {document['metadata']['name']}"
    if document["apiVersion"] in CUSTOM:
        return
    try:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    except Exception as error:  # noqa: BLE001 - the library has no common base for what it raises
        yield f"{name}: {getattr(error, 'message', error)}"
    pod = document.get("spec", {}).get("template", {}).get("spec")
    if not pod:
        return
    if not pod.get("securityContext", {}).get("runAsNonRoot"):
        yield f"{name}: runs as root"
    if pod.get("automountServiceAccountToken") is not False:
        yield f"{name}: is given a token of the cluster that it does not need"
    for container in pod["containers"]:
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield f"{name}: {container['name']} has no memory limit"
        if document["kind"] != "Job" and "readinessProbe" not in container:
            yield f"{name}: {container['name']} has no readiness probe"


def faults_of_promises(by_kind):
    """What deploy/README.md promises of a rollout and of load, looked up in what is rendered."""
    deployments, policies = by_kind.get("Deployment", {}), by_kind.get("NetworkPolicy", {})
    streams = deployments["trunkline-streams"]["spec"]["template"]["spec"]
    if streams["terminationGracePeriodSeconds"] < 120 + 35:
        yield "split: streams ends before its live calls may"
    for name, deployment in deployments.items():
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        if "preStop" not in container.get("lifecycle", {}):
            yield f"split: {name} is told to end while its endpoint is still there"
    for name in ("trunkline-roles", "trunkline-proxy"):
        if set(policies.get(name, {}).get("spec", {}).get("policyTypes", [])) != {"Ingress", "Egress"}:
            yield f"split: no network policy {name} for both directions"
    scaled = by_kind.get("ScaledObject", {})
    triggers = {name: o["spec"]["triggers"][0]["type"] for name, o in scaled.items()}
    if triggers.get("trunkline-calls") != "rabbitmq" or triggers.get("trunkline-streams") != "prometheus":
        yield f"split: calls scales by queue depth and streams by live calls: {triggers}"
    times = by_kind["Ingress"]["trunkline"]["metadata"]["annotations"]
    if int(times.get("nginx.ingress.kubernetes.io/proxy-read-timeout", 0)) < 3600:
        yield "split: the Ingress ends a call's WebSocket within the hour"
    if "trunkline-pgbouncer" not in deployments:
        yield "split: no PgBouncer"


def faults_of_set(values, mode):
    documents = list(manifests_of(values))
    for path, document in documents:
        yield from faults_of_document(path, document)
    by_kind = {}
    for _, document in documents:
        by_kind.setdefault(document["kind"], {})[document["metadata"]["name"]] = document
    workloads = {**by_kind.get("Deployment", {}), **by_kind.get("StatefulSet", {})}
    if mode == "single":
        if list(workloads) != ["trunkline"]:
            yield f"single: one workload is wanted, there are {sorted(workloads)}"
        return
    for role in json.loads((CHART / "roles.json").read_text())["roles"]:
        if f"trunkline-{role['name']}" not in workloads:
            yield f"split: the role {role['name']} has no workload"
    ingress = by_kind.get("StatefulSet", {}).get("trunkline-ingress")
    if not ingress:
        yield "split: ingress keeps a spool and must be a StatefulSet"
    elif "spool" not in json.dumps(ingress["spec"]["template"]["spec"]["containers"][0].get("lifecycle", {})):
        yield "split: ingress does not wait for its spool before it stops"
    yield from faults_of_promises(by_kind)
    hook = by_kind.get("Job", {}).get("trunkline-migrate", {}).get("metadata", {}).get("annotations", {})
    if "pre-upgrade" not in hook.get("helm.sh/hook", ""):
        yield "split: migrations do not run before the rollout"


def refused(values):
    try:
        list(manifests_of(values))
    except helm.HelmError:
        return True
    return False


def main():
    if sys.argv[1:2] == ["--print"]:
        for _, document in manifests_of(values_of(sys.argv[2])):
            print("---")
            print(yaml.safe_dump(document, sort_keys=False), end="")
        return 0
    faults = []
    for name, mode in SETS.items():
        values = values_of(name)
        report = helm.lint(CHART, values)
        messages = report if isinstance(report, list) else report.get("messages", [])
        faults += [f"{name}: {m}" for m in messages if "icon is recommended" not in str(m)]
        faults += [f"{name}: {fault}" for fault in faults_of_set(values, mode)]
    production = values_of("values-production.yaml")
    for what, change in {
        "no Secret": {"existingSecret": ""},
        "no bucket": {"settings": {"S3_BUCKET": None}},
        "an unknown role": {"roles": {"egres": {"replicas": 2}}},
        "an unknown mode": {"mode": "both"},
        "a drain that outlasts the grace": {"settings": {**production["settings"], "TRUNKLINE_DRAIN_S": 600}},
    }.items():
        if not refused({**production, **change}):
            faults.append(f"{what} is not refused")
    for fault in faults:
        print(f"error: deploy/chart: {fault}")
    print(f"deploy/chart: {len(faults)} to mend" if faults else "deploy/chart: in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
