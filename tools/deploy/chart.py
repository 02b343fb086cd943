"""Checks the Helm chart: lint, render with every file of ci/, and hold each object to its schema and to our own rules."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import kubernetes_validate
import yaml

from tools.deploy import cli_words, pods, reach
from tools.deploy.binaries import ROOT, helm

if TYPE_CHECKING:
    from loraloom.jobs.runners.kubernetes.settings import Settings

CHART = ROOT / "deploy/helm/loraloom"
SCHEMAS = ROOT / "deploy/schemas"
VERSIONS = ("1.28", "1.34", "1.37")
"""Of Kubernetes: the oldest that Chart.yaml allows, that of the kubectl beside helm, and the newest with schemas."""
RELEASE, SPACE = "rel", "loom"
REFUSED = (
    "workers: [{name: a, labells: [x]}]",
    'workers: [{name: "Not A Name"}]',
    "workers: [{replicas: 2}]",
    "workers: [{name: a, resources: {requests: {nvidia.com/gpu: 1}}}]",
    "database: {url: 'mysql://host/name'}",
    "admin: {name: local}",
    "imagee: {repository: x}",
    "kubernetes: {enabled: true, kueue: {createQueue: true}}",
)
"""Values that must not render: misspelt, of the wrong type, or a contradiction."""

Object = dict[str, Any]


def faults() -> Iterator[str]:
    """Everything that is wrong with the chart."""
    files = [None, *sorted((CHART / "ci").glob("*-values.yaml"))]
    if len(files) < 5:
        yield "ci/ holds fewer files of values than it should"
    for values in files:
        name = values.stem if values else "defaults"
        for fault in _of_values(values):
            yield f"chart, {name}: {fault}"
    for text in REFUSED:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            if helm("template", RELEASE, str(CHART), "-f", file.name).returncode == 0:
                yield f"chart: these values should be refused: {text}"


def _of_values(values: Path | None) -> Iterator[str]:
    given = ["-f", str(values)] if values else []
    lint = helm("lint", str(CHART), "--strict", *given)
    if lint.returncode:
        yield f"helm lint: {lint.stdout}{lint.stderr}"
    done = helm("template", RELEASE, str(CHART), "--namespace", SPACE, "--kube-version", VERSIONS[1], *given)
    if done.returncode:
        yield f"helm template: {done.stderr}"
        return
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    if len(objects) < 10:
        yield f"only {len(objects)} objects were rendered"
    for one in objects:
        yield from schema_faults(one)
    yield from _names(objects)
    own = yaml.safe_load(values.read_text(encoding="utf-8")) if values else {}
    brought = set(_secrets_named(own))
    for where, pod in pods.pods(objects):
        for fault in (*pods.security_faults(pod), *pods.container_faults(pod), *_missing(pod, objects, brought)):
            yield f"{where}: {fault}"
        for fault in _words(pod):
            yield f"{where}: {fault}"
    yield from _targets(objects)
    wrong = [*_runner(objects)]
    yield from wrong
    if not wrong:  # whoever the runner's pods are is known
        yield from _reaches(objects)


def schema_faults(one: Object) -> Iterator[str]:
    """What the strict schemas of Kubernetes, or those kept in deploy/schemas, have against an object."""
    where = f"{one['kind']} {one['metadata']['name']}"
    kept = _kept_schema(one["kind"])
    if kept is not None:
        for error in jsonschema.Draft202012Validator(kept).iter_errors(one):
            yield f"{where}: {error.json_path}: {error.message}"
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{where}: {'.'.join(map(str, error.path))}: {error.message} (Kubernetes {version})"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{where}: there is no schema of {one['apiVersion']} {one['kind']} in Kubernetes {version}"


@functools.cache
def _kept_schema(kind: str) -> Object | None:
    file = SCHEMAS / f"{kind}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def _names(objects: list[Object]) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for one in objects:
        metadata = one["metadata"]
        key = (one["kind"], metadata.get("namespace", SPACE), metadata["name"])
        if key in seen:
            yield f"{one['kind']} {metadata['name']} is there twice"
        seen.add(key)
        if len(metadata["name"]) > 63:
            yield f"{metadata['name']} is too long for a name"
        if metadata.get("labels", {}).get("app.kubernetes.io/instance") != RELEASE:
            yield f"{one['kind']} {metadata['name']} does not say to which release it belongs"


def _secrets_named(values: Any) -> Iterator[str]:
    """Names of Secrets and claims that the values bring along."""
    if isinstance(values, dict):
        for key, value in values.items():
            if key in ("existingSecret", "existingClaim") and value:
                yield value
            elif key == "secretKeyRef":
                yield value["name"]
            else:
                yield from _secrets_named(value)
    elif isinstance(values, list):
        for value in values:
            yield from _secrets_named(value)


def _missing(pod: Object, objects: list[Object], brought: set[str]) -> Iterator[str]:
    for kind, name, key in pods.references(pod):
        if name in brought or (kind, name) == ("ServiceAccount", "default"):
            continue
        found = next((one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name), None)
        if found is None:
            yield f"{kind} {name} is not there"
        elif key is not None and not found.get("stringData", {}).get(key):
            yield f"{kind} {name} has no key {key}"


def _words(pod: Object) -> Iterator[str]:
    for container in pods.containers(pod):
        if "args" in container and "command" not in container:
            yield from cli_words.faults(container["args"])
        for name in cli_words.unread([variable["name"] for variable in container.get("env", ())]):
            yield f"nothing reads {name}"


def _targets(objects: list[Object]) -> Iterator[str]:
    """Services, budgets, monitors and scalers that point at nothing."""
    everything = [pod["metadata"].get("labels", {}) for _, pod in pods.pods(objects)]
    services = [one for one in objects if one["kind"] == "Service"]
    for one in objects:
        spec, where = one.get("spec", {}), f"{one['kind']} {one['metadata']['name']}"
        if one["kind"] == "Service" and not _any(spec["selector"], everything):
            yield f"{where} selects no pod"
        if one["kind"] == "PodDisruptionBudget" and not _any(spec["selector"]["matchLabels"], everything):
            yield f"{where} selects no pod"
        if one["kind"] == "ServiceMonitor":
            labels = [service["metadata"]["labels"] for service in services]
            if not _any(spec["selector"]["matchLabels"], labels):
                yield f"{where} selects no service"
        if one["kind"] == "ScaledObject":
            name = spec["scaleTargetRef"]["name"]
            found = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == name]
            if not found or "replicas" in found[0]["spec"]:
                yield f"{where} scales what is not there, or what says how many it is"
            for trigger in spec["triggers"]:
                for metric in cli_words.unknown_metrics(trigger["metadata"]["query"]):
                    yield f"{where} asks for {metric}, which the server does not have"
        if one["kind"] == "ConfigMap" and "loraloom.json" in one.get("data", {}):
            for query in _queries(json.loads(one["data"]["loraloom.json"])):
                for metric in cli_words.unknown_metrics(query):
                    yield f"{where} shows {metric}, which the server does not have"


def _queries(content: Any) -> Iterator[str]:
    """Everything that a dashboard asks Prometheus."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from (value,) if key in ("expr", "query") and isinstance(value, str) else _queries(value)
    elif isinstance(content, list):
        for value in content:
            yield from _queries(value)


def _any(selector: dict[str, str], labels: list[dict[str, str]]) -> bool:
    return any(selector.items() <= one.items() for one in labels)


def _runner(objects: list[Object]) -> Iterator[str]:
    """The settings must be those the kubernetes runner takes, and the Jobs it makes of them must hold to the same rules."""
    from loraloom.jobs.runners.kubernetes.manifest import JobAsk, job_of, secret_of
    from loraloom.spec.errors import LoomError

    try:
        settings = _settings(objects)
    except LoomError as error:
        yield error.message
        return
    if settings is None:
        return
    ask = JobAsk(run_id="01jexample", fence=1, token="x" * 43)
    made = [job_of(settings, ask), secret_of(settings, ask, "00000000-0000-0000-0000-000000000000")]
    for one in made:
        yield from schema_faults(one)
    for where, pod in pods.pods(made):
        for fault in (*pods.security_faults(pod), *pods.container_faults(pod), *_missing(pod, made, set())):
            yield f"{where} of the runner: {fault}"
        for container in pods.containers(pod):
            yield from cli_words.faults(container["command"][1:])
    roles = [one["rules"] for one in objects if one["kind"] == "Role"]
    if roles != [_documented_rules()]:
        yield "the Role of the server is not the one of docs/kubernetes.md, which the tests of the runner use"
    spaces = [one["metadata"].get("namespace", SPACE) for one in objects if one["kind"] == "RoleBinding"]
    if spaces != [settings.namespace]:
        yield f"the server has its role in {spaces}, and makes Jobs in {settings.namespace}"


def _settings(objects: list[Object]) -> Settings | None:
    """The settings of the kubernetes runner in the rendered ConfigMap. Raises LoomError `config_invalid`."""
    from loraloom.jobs.runners.kubernetes.settings import Settings

    texts = [one["data"]["kubernetes.yaml"] for one in objects if "kubernetes.yaml" in one.get("data", {})]
    return Settings.of(yaml.safe_load(texts[0])) if texts else None


def _documented_rules() -> list[Object] | None:
    text = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    return next((one["rules"] for one in blocks if isinstance(one, dict) and one.get("kind") == "Role"), None)


def _reaches(objects: list[Object]) -> Iterator[str]:
    """Who may talk to whom, asked of the rendered policies."""
    policies = [
        {**o, "metadata": {"namespace": SPACE, **o["metadata"]}} for o in objects if o["kind"] == "NetworkPolicy"
    ]
    if not policies:
        return
    peers = _peers(objects)
    outside, metadata = reach.Peer(address="93.184.215.14"), reach.Peer(address="169.254.169.254")
    door, other = reach.Peer(namespace="ingress-nginx"), reach.Peer(namespace="default")
    scraper = reach.Peer(namespace="monitoring")
    table = [
        (door, "server", 7860, True),
        (scraper, "server", 7860, True),
        (other, "server", 7860, False),
        ("worker", "server", 7860, True),
        ("test", "server", 7860, True),
        ("run", "server", 7860, True),
        ("server", "postgresql", 5432, True),
        ("migrate", "postgresql", 5432, True),
        ("worker", "postgresql", 5432, False),
        ("run", "postgresql", 5432, False),
        ("server", "redis", 6379, True),
        ("worker", "redis", 6379, True),
        ("run", "redis", 6379, False),
        ("migrate", "server", 7860, False),
        ("worker", "worker", 7860, False),
        (other, "postgresql", 5432, False),
        (other, "redis", 6379, False),
        ("postgresql", outside, 443, False),
        ("redis", outside, 443, False),
        ("server", outside, 443, True),
        ("worker", outside, 443, True),
        ("run", outside, 443, True),
        ("worker", outside, 25, False),
        ("worker", metadata, 80, False),
        ("worker", metadata, 443, False),
    ]
    for source, target, port, wanted in table:
        ends = [peers.get(one) if isinstance(one, str) else one for one in (source, target)]
        if None not in ends and reach.may(policies, ends[0], ends[1], port) is not wanted:
            yield f"{source} {'cannot' if wanted else 'can'} reach {target} at port {port}"


def _peers(objects: list[Object]) -> dict[str, reach.Peer]:
    """One pod for each component, and one that the kubernetes runner makes."""
    found: dict[str, reach.Peer] = {}
    for _, pod in pods.pods(objects):
        labels = pod["metadata"]["labels"]
        ports = {p["name"]: p["containerPort"] for c in pods.containers(pod) for p in c.get("ports", ())}
        found[labels["app.kubernetes.io/component"]] = reach.Peer(SPACE, labels, ports)
    settings = _settings(objects)
    if settings is not None:
        from loraloom.jobs.runners.kubernetes.manifest import labels_of

        found["run"] = reach.Peer(settings.namespace, labels_of(settings))
    return found
