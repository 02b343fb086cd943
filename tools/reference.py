"""Writes docs/reference from the code: every key of a config, every command. `--check` only says whether it is current."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code. Do not edit. -->\n"
COMMANDS = (
    (),
    ("demo",),
    ("train",),
    ("sample",),
    ("inspect",),
    ("export",),
    ("dataset", "check"),
    ("dataset", "export"),
    ("caption",),
    ("config", "new"),
    ("config", "validate"),
    ("config", "schema"),
    ("presets",),
    ("presets", "show"),
)


def config_page() -> str:
    """Every key with its default, unit, limits and the sentence that says what it trades."""
    from loraloom.spec.check import fields_at

    source = "Generated from `loraloom.spec.run`. `loraloom config schema` prints the same as JSON schema."
    top = _of_all_families(())
    preset = "`preset: NAME` at the top lays a [preset](presets.md) under everything else in the file."
    parts = [NOTE, "# Keys of a config\n", f"{source} {preset}\n"]
    parts += ["## At the top\n", _table({k: v for k, v in top.items() if not fields_at((k,))})]
    for name, info in top.items():
        fields = _of_all_families((name,))
        if fields:
            doc = " ".join((info.annotation.__doc__ or "").split())
            parts += [f"## `{name}`\n", f"{doc}\n", _table(fields, (name,))]
    return "\n".join(parts)


def _of_all_families(path: tuple[str, ...]) -> dict[str, Any]:
    from loraloom.spec.check import fields_at
    from loraloom.spec.run import FAMILIES

    return {name: info for family in FAMILIES for name, info in fields_at(path, family).items()}


def _table(fields: dict[str, Any], path: tuple[str, ...] = ()) -> str:
    from loraloom.spec.run import FAMILIES

    rows = ["| key | default | unit | limits | what it does |", "|---|---|---|---|---|"]
    for name, info in fields.items():
        if name == "family":
            kinds = ", ".join(f"`{family}`" for family in FAMILIES)
            rows.append(f"| `family` | the base model's |  | {kinds} | {info.description} |")
            continue
        extra: Any = info.json_schema_extra or {}
        text = (info.description or "").replace("|", "\\|") + _only(name, path)
        rows.append(f"| `{name}` | {_default(info)} | {extra.get('unit', '')} | {_limits(info)} | {text} |")
    return "\n".join(rows) + "\n"


def _only(name: str, path: tuple[str, ...]) -> str:
    from loraloom.spec.check import fields_at
    from loraloom.spec.run import FAMILIES

    having = [family for family in FAMILIES if name in fields_at(path, family)]
    return "" if len(having) == len(FAMILIES) else f" Only {', '.join(having)}."


def _default(info: Any) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if value in ((), ""):
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else f"`{list(value) if isinstance(value, tuple) else value}`"


def _limits(info: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "multiple of"}
    found = [f"{sign} {getattr(m, name)}" for m in info.metadata for name, sign in signs.items() if hasattr(m, name)]
    choices = re.search(r"Literal\[(.*)\]", str(info.annotation))
    if choices:
        found.append(choices.group(1).replace("'", "`"))
    return ", ".join(found).replace("|", "\\|")


def cli_page() -> str:
    """The help of every command."""
    from contextlib import redirect_stdout
    from io import StringIO

    for name in ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"):
        os.environ.pop(name, None)
    os.environ.update(TERM="dumb", NO_COLOR="1", TERMINAL_WIDTH="110", COLUMNS="110")
    from loraloom.cli.app import run

    parts = [NOTE, "# Commands\n"]
    for command in COMMANDS:
        with redirect_stdout(StringIO()) as out:
            run([*command, "--help"])
        text = "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())
        parts.append(f"## `{' '.join(('loraloom', *command))}`\n\n```\n{text}\n```\n")
    return "\n".join(parts)


def presets_page() -> str:
    """Every preset: who it is for and what it sets."""
    from loraloom import presets

    parts = [NOTE, "# Presets\n"]
    for name in presets.names():
        preset = presets.read(name)
        text = (presets.FOLDER / f"{name}.yaml").read_text(encoding="utf-8").strip()
        parts.append(f"## {preset.title}: `{name}`\n\n{preset.who}\n\n```yaml\n{text}\n```\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` return 1 when one of them is out of date."""
    pages = {"config.md": config_page(), "cli.md": cli_page(), "presets.md": presets_page()}
    old = {name: text for name, text in pages.items() if _read(FOLDER / name) != text}
    if arguments == ["--check"]:
        for name in old:
            print(f"docs/reference/{name} is out of date: run `make docs`")
        return 1 if old else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in old.items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"docs/reference/{name}")
    return 0


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
