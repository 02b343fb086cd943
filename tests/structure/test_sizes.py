"""Files with one job, functions that fit a screen, a loop that is read in one sitting."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

import pytest

from structure_source import ROOT, SRC, python_files, tree

FILES = python_files("src", "tools", "tests")


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_a_file_has_800_lines_at_most(file: Path) -> None:
    assert lines(file) <= 800


def test_half_of_the_files_have_120_lines_at_most() -> None:
    assert median(lines(file) for file in python_files("src")) <= 120


def test_the_training_loop_is_read_in_one_sitting() -> None:
    assert lines(SRC / "train" / "loop.py") <= 120


@pytest.mark.parametrize("file", python_files("src"), ids=lambda f: f.relative_to(ROOT).as_posix())
def test_a_function_fits_a_screen(file: Path) -> None:
    for node in ast.walk(tree(file)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 80, f"{node.name} has {length} lines"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_a_module_opens_with_what_it_is_for(file: Path) -> None:
    text = ast.get_docstring(tree(file)) or ""
    first = text.splitlines()[0] if text else ""
    assert len(first) > 15, f"{first!r}"
