"""Checks the Dockerfile: hadolint, and that what it copies, installs and starts is there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import yaml

import loraloom
from tools.deploy import cli_words, compose
from tools.deploy.binaries import ROOT

FILE = ROOT / "deploy/Dockerfile"
IGNORED = ROOT / "deploy/Dockerfile.dockerignore"
PREPARE = ROOT / "deploy/prepare.sh"
TARGETS = ("cpu", "cuda")


def faults() -> Iterator[str]:
    """Everything that is wrong with the images, and versions that do not agree."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), "--no-color", str(FILE)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        yield f"hadolint: {done.stdout}{done.stderr}"
    text = FILE.read_text(encoding="utf-8")
    for fault in (*copy_faults(text), *stage_faults(text), *_extras(text), *_versions()):
        yield f"Dockerfile: {fault}"
    script = PREPARE.read_text(encoding="utf-8")
    calls = cli_words.script_commands(script)
    if len(calls) < 3:
        yield "prepare.sh calls fewer commands than it should"
    for call in calls:
        yield from (f"prepare.sh: {fault}" for fault in cli_words.faults(call))


def instructions(text: str) -> list[list[str]]:
    """The instructions as words, lines that go on put together, comments left out."""
    whole = re.sub(r"(?m)^\s*#.*\n", "", text)
    whole = re.sub(r"\\\n", " ", whole)
    return [line.split() for line in whole.splitlines() if line.strip()]


def copy_faults(text: str) -> Iterator[str]:
    """Sources of COPY that are not in the build's context, and stages that are not there."""
    stages = {words[3] for words in instructions(text) if words[0] == "FROM" and len(words) == 4}
    for words in instructions(text):
        if words[0] != "COPY":
            continue
        flags = [word for word in words[1:] if word.startswith("--")]
        sources = [word for word in words[1:] if not word.startswith("--")][:-1]
        origin = next((flag.partition("=")[2] for flag in flags if flag.startswith("--from=")), None)
        if origin is not None and origin not in stages:
            yield f"there is no stage {origin}"
        for source in sources if origin is None else ():
            if not (ROOT / source).exists():
                yield f"COPY of {source}, which is not there"
            elif is_ignored(source):
                yield f"COPY of {source}, which Dockerfile.dockerignore keeps back"


def is_ignored(path: str) -> bool:
    """Whether Dockerfile.dockerignore keeps `path` from the builder: the last line that fits decides."""
    ignored = False
    for line in IGNORED.read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        parts = [path, *map(str, Path(path).parents)][:-1]
        if any(fnmatch(part, pattern) or fnmatch(part, pattern.removeprefix("**/")) for part in parts):
            ignored = not line.startswith("!")
    return ignored


def stage_faults(text: str) -> Iterator[str]:
    """Targets that are not there or run as root; bases without a version."""
    stages: dict[str, list[list[str]]] = {}
    for words in instructions(text):
        if words[0] == "FROM":
            stages[words[3] if len(words) == 4 else words[1]] = [words]
            base = words[1]
            if base not in stages and (":" not in base or base.endswith(":latest")):
                yield f"{base} has no version"
        elif stages:
            next(reversed(stages.values())).append(words)
    for target in TARGETS:
        users = [words[1] for words in stages.get(target, ()) if words[0] == "USER"]
        if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
            yield f"the target {target} is not there or runs as root"
    services = yaml.safe_load(compose.FILE.read_text(encoding="utf-8"))["services"].values()
    for context, file, target in (compose.build_of(one) for one in services if "build" in one):
        if context != ROOT or file != FILE or target not in TARGETS:
            yield f"compose.yaml builds {target} of {file}"


def _extras(text: str) -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = re.findall(r'ARG EXTRAS="([\w,]*)"', text)
    if len(lists) != len(TARGETS):
        yield "a target does not say which extras it has"
    for name in {name for one in lists for name in one.split(",")} - set(project["optional-dependencies"]):
        yield f"pyproject.toml has no extra {name}"


def _versions() -> Iterator[str]:
    """The chart, the example and compose.yaml name the version that this tree is."""
    chart = yaml.safe_load((ROOT / "deploy/helm/loraloom/Chart.yaml").read_text(encoding="utf-8"))
    if chart["appVersion"] != loraloom.__version__:
        yield f"Chart.yaml says {chart['appVersion']}, this is {loraloom.__version__}"
    for file in (compose.FILE, compose.EXAMPLE):
        said = set(re.findall(r"LORALOOM_VERSION(?:=|:-)([\d.]+)", file.read_text(encoding="utf-8")))
        if said != {loraloom.__version__}:
            yield f"{file.name} says {said}, this is {loraloom.__version__}"
