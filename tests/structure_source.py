"""The project's own files, for the tests that read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "loraloom"
LIGHT = ("spec", "child", "data", "models", "presets", "forecast", "store", "jobs", "publish", "server", "cli")
"""Packages that never import torch or what stands on it."""
HEAVY_MODULES = ("torch", "torchvision", "diffusers", "transformers", "peft", "accelerate", "tensorboardX")


def python_files(*folders: str) -> list[Path]:
    """Every Python file under `folders` of the repository."""
    found = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    assert len(found) >= 5, f"too few files under {folders}: the test would pass by looking at nothing"
    return found


@cache
def tree(file: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def modules(package: str) -> list[str]:
    """Dotted names of the modules in `loraloom.<package>`, those that run a process or a migration left out."""
    names = []
    for file in sorted((SRC / package).rglob("*.py")):
        parts = file.relative_to(SRC.parent).with_suffix("").parts
        if parts[-1] != "__main__" and "migrations" not in parts:
            names.append(".".join(part for part in parts if part != "__init__"))
    return names


def imports(node: ast.AST) -> Iterator[str]:
    """Names of the modules that an import statement names; nothing for other nodes."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module


def top_level(file: Path) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported: those under `if TYPE_CHECKING` and in functions do not."""

    def walk(body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in body:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            yield node
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from walk([inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt)])

    return walk(tree(file).body)


def where(file: Path, node: ast.AST | None = None) -> str:
    """`src/loraloom/x.py:12`."""
    name = file.relative_to(ROOT).as_posix()
    return name if node is None else f"{name}:{getattr(node, 'lineno', 0)}"
