"""Files with one job, functions that fit a screen, a loop that is read in one sitting."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

from tests.structure_source import SRC, python_files, tree, where

FILES = python_files("src", "tools", "tests")
assert len(FILES) > 150


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def test_a_file_has_800_lines_at_most() -> None:
    assert not [where(file) for file in FILES if lines(file) > 800]


def test_half_of_the_files_have_120_lines_at_most() -> None:
    assert median(lines(file) for file in python_files("src")) <= 120


def test_the_training_loop_is_read_in_one_sitting() -> None:
    assert lines(SRC / "train" / "loop.py") <= 120


def test_a_function_fits_a_screen() -> None:
    wrong = [
        f"{where(file, node)} {node.name}"
        for file in python_files("src")
        if "migrations" not in file.parts  # generated tables
        for node in ast.walk(tree(file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= 80
    ]
    assert not wrong


def test_a_module_opens_with_what_it_is_for() -> None:
    assert not [where(file) for file in FILES if len((ast.get_docstring(tree(file)) or "").split("\n")[0]) < 15]
