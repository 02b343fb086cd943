"""Checks compose.yaml: against the Compose specification once its variables are filled in, and against our own rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compose_spec
import yaml

from tools.deploy import cli_words
from tools.deploy.binaries import ROOT

FILE = ROOT / "deploy/compose.yaml"
EXAMPLE = ROOT / "deploy/.env.example"
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Z0-9_]+)(?:(?P<sign>:-|:\?)(?P<rest>[^}]*))?\})")


def faults() -> Iterator[str]:
    """Everything that is wrong with compose.yaml and the example of its variables."""
    text, example = FILE.read_text(encoding="utf-8"), EXAMPLE.read_text(encoding="utf-8")
    for fault in (*variable_faults(text, example), *_spec_faults(text, _example(example))):
        yield f"compose: {fault}"
    content = yaml.safe_load(filled(text, _example(example)))
    if len(content["services"]) < 6:
        yield "compose: there are fewer services than there should be"
    for name, service in content["services"].items():
        for fault in (*service_faults(service, content["services"]), *_words(service)):
            yield f"compose, {name}: {fault}"


def filled(text: str, values: dict[str, str]) -> str:
    """`text` with its variables replaced as Compose does. Raises KeyError for one without value or default."""

    def value(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        given = values.get(found["name"], "")
        if given or found["sign"] is None:
            return given
        if found["sign"] == ":?":
            raise KeyError(found["name"])
        return found["rest"]

    return VARIABLE.sub(value, text)


def variable_faults(text: str, example: str) -> Iterator[str]:
    """Variables that the example does not name, and names that are used nowhere."""
    content = yaml.safe_load(text)
    used = {found["name"] for found in VARIABLE.finditer(text) if found["name"]} | _passed(content)
    named = set(re.findall(r"(?m)^#?([A-Z][A-Z0-9_]+)=", example))
    yield from (f".env.example does not name {name}" for name in sorted(used - named))
    yield from (f".env.example names {name}, which is used nowhere" for name in sorted(named - used))


def service_faults(service: dict[str, Any], services: dict[str, Any]) -> Iterator[str]:
    """What a service lacks."""
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "keeps powers it does not need"
    if not service.get("read_only"):
        yield "may write into its image"
    if "build" not in service and not re.fullmatch(r"[1-9]\d*:[1-9]\d*", str(service.get("user", ""))):
        yield "runs as root"
    if "image" not in service or service["image"].endswith(":latest") or ":" not in service["image"]:
        yield "has an image without a version"
    for port in service.get("ports", ()):
        if not port.startswith("127.0.0.1:"):
            yield f"listens beyond this machine unless told otherwise: {port}"
    for other, how in service.get("depends_on", {}).items():
        condition = how["condition"]
        if condition == "service_healthy" and "healthcheck" not in services[other]:
            yield f"waits until {other} is healthy, which it never says"
        if condition == "service_completed_successfully" and services[other].get("restart") != "no":
            yield f"waits for the end of {other}, which is started again and again"
        if not set(services[other].get("profiles", ())) <= set(service.get("profiles", ())):
            yield f"needs {other}, which belongs to another profile"


def _passed(content: dict[str, Any]) -> set[str]:
    """Variables that are handed on as they are: written without a value."""
    everywhere = (service.get("environment", {}) for service in content["services"].values())
    return {key for variables in everywhere for key, value in variables.items() if value is None}


def _example(text: str) -> dict[str, str]:
    """The values of the example, and something where it leaves one empty."""
    found = dict(re.findall(r"(?m)^([A-Z][A-Z0-9_]+)=(.*)$", text))
    optional = ("TORCH_INDEX_CPU", "TORCH_INDEX_CUDA")
    return {name: value or ("" if name in optional else "x" * 48) for name, value in found.items()}


def _spec_faults(text: str, values: dict[str, str]) -> Iterator[str]:
    try:
        content = yaml.safe_load(filled(text, values))
        plain = {key: value for key, value in content.items() if not key.startswith("x-")}
        compose_spec.PyCompose.from_yaml(yaml.safe_dump(plain)).validate()
    except (KeyError, ValueError) as error:
        yield f"not a Compose file: {error}"


def _words(service: dict[str, Any]) -> Iterator[str]:
    ours = "build" in service
    if ours and "entrypoint" not in service:
        yield from cli_words.faults(service["command"])
    for name in cli_words.unread(list(service.get("environment", ()))) if ours else ():
        yield f"nothing reads {name}"


def build_of(service: dict[str, Any]) -> tuple[Path, Path, str]:
    """(context, Dockerfile, target) of a service that is built here."""
    build = service["build"]
    context = (FILE.parent / build["context"]).resolve()
    return context, context / build["dockerfile"], build["target"]
