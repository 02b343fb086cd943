"""Light packages stay light, and nothing is imported that not every system has."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.structure_source import HEAVY_MODULES, LIGHT, SRC, imports, modules, python_files, top_level, tree, where

POSIX_ONLY = {"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "posix", "crypt", "readline", "syslog"}
WINDOWS_ONLY = {"msvcrt", "winreg", "_winapi", "winsound"}
NEVER = {"eval", "exec", "os.system", "pickle.load", "pickle.loads"}


@pytest.mark.parametrize("package", LIGHT)
def test_a_light_package_brings_nothing_heavy(package: str) -> None:
    names = modules(package)
    assert names
    code = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(json.dumps(sorted(set({HEAVY_MODULES!r}) & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_every_package_is_listed_somewhere() -> None:
    packages = {file.parent.name for file in SRC.glob("*/__init__.py")}
    assert packages == {*LIGHT, "train", "caption", "generate"}


def test_modules_at_the_top_exist_on_every_system() -> None:
    wrong = [
        where(file, node)
        for file in python_files("src", "tools")
        for node in top_level(file)
        if {name.split(".")[0] for name in imports(node)} & (POSIX_ONLY | WINDOWS_ONLY)
    ]
    assert not wrong


def test_house_rules_that_a_tree_shows() -> None:
    wrong = [
        f"{where(file, node)} {rule}"
        for file in python_files("src")
        for node in ast.walk(tree(file))
        for rule in broken_rules(node, in_cli=file.is_relative_to(SRC / "cli"))
    ]
    assert not wrong


def test_the_rules_can_be_broken() -> None:
    text = "from . import x\nprint(1)\nsubprocess.run('x', shell=True)\ntorch.load('x')\neval('1')\n"
    found = [rule for node in ast.walk(ast.parse(text)) for rule in broken_rules(node, in_cli=False)]
    assert sorted(found) == ["eval", "print outside cli", "relative import", "shell", "torch.load of a pickle"]


def test_the_two_halves_meet_at_a_process_boundary() -> None:
    wrong = [
        where(file, node)
        for file in python_files("src/loraloom/train", "src/loraloom/generate")
        for node in ast.walk(tree(file))
        if any(
            name.startswith(("loraloom.jobs", "loraloom.cli", "loraloom.store", "loraloom.server"))
            for name in imports(node)
        )
    ]
    assert not wrong


def broken_rules(node: ast.AST, in_cli: bool) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.level:
        yield "relative import"
    if not isinstance(node, ast.Call):
        return
    called = ast.unparse(node.func)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    if called == "print" and not in_cli:
        yield "print outside cli"
    if called in NEVER:
        yield called
    if given.get("shell", "False") != "False":
        yield "shell"
    if called == "torch.load" and given.get("weights_only") != "True":
        yield "torch.load of a pickle"
