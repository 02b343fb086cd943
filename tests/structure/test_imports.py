"""Light packages stay light, and nothing is imported that not every system has."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from structure_source import HEAVY_MODULES, LIGHT, ROOT, SRC, imports, modules, python_files, top_level, tree

POSIX_ONLY = {"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "posix", "crypt", "readline", "syslog"}
WINDOWS_ONLY = {"msvcrt", "winreg", "_winapi", "winsound"}


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
    assert packages == {*LIGHT, "train", "generate"}


@pytest.mark.parametrize("file", python_files("src", "tools"), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_modules_at_the_top_exist_on_every_system(file: Path) -> None:
    named = {name.split(".")[0] for node in top_level(file) for name in imports(node)}
    assert not named & (POSIX_ONLY | WINDOWS_ONLY)


@pytest.mark.parametrize("file", python_files("src"), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_house_rules_that_a_tree_shows(file: Path) -> None:
    in_cli = file.is_relative_to(SRC / "cli")
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: a relative import"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert in_cli or called != "print", f"line {node.lineno}: print outside cli"
            assert called not in ("eval", "exec", "os.system", "pickle.load", "pickle.loads"), f"line {node.lineno}"
            for keyword in node.keywords:
                shell = keyword.arg == "shell" and ast.unparse(keyword.value) != "False"
                unsafe = keyword.arg == "weights_only" and ast.unparse(keyword.value) != "True"
                assert not shell and not unsafe, f"line {node.lineno}: {keyword.arg}"
            if called == "torch.load":
                assert any(keyword.arg == "weights_only" for keyword in node.keywords), f"line {node.lineno}"


def test_the_two_halves_meet_at_a_process_boundary() -> None:
    for file in python_files("src/loraloom/train", "src/loraloom/generate"):
        named = {name for node in ast.walk(tree(file)) for name in imports(node)}
        assert not [n for n in named if n.startswith(("loraloom.jobs", "loraloom.cli", "loraloom.store"))], file
