"""Writes docs/reference from the code: every key of a config, every command. `--check` only says whether it is current."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
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
    ("chat",),
    ("inspect",),
    ("export",),
    ("dataset", "check"),
    ("dataset", "export"),
    ("dataset", "draft"),
    ("caption",),
    ("config", "new"),
    ("config", "validate"),
    ("config", "schema"),
    ("presets",),
    ("presets", "show"),
)


def config_page() -> str:
    """Every key with its default, unit, limits and the sentence that says what it trades."""
    source = "Generated from `loraloom.spec.run`. `loraloom config schema` prints the same as JSON schema."
    top = {row.name: row.info for row in _rows(())}
    preset = "`preset: NAME` at the top lays a [preset](presets.md) under everything else in the file."
    parts = [NOTE, "# Keys of a config\n", f"{source} {preset}\n"]
    parts += ["## At the top\n", _table([row for row in _rows(()) if not _is_group(row.name)])]
    for name in (name for name in top if _is_group(name)):
        parts += [f"## `{name}`\n", f"{_about(name)}\n", _table(_rows((name,)))]
    return "\n".join(parts)


@dataclass
class Row:
    """A key as some families have it."""

    name: str
    info: Any
    families: list[str]

    @property
    def said(self) -> tuple[str, ...]:
        """What the table says of it."""
        extra: Any = self.info.json_schema_extra or {}
        text = (self.info.description or "").replace("|", "\\|")
        return (_default(self.info), extra.get("unit", ""), _limits(self.info), text)


def _rows(path: tuple[str, ...]) -> list[Row]:
    """The keys of the group at `path`, those of a name together; one for each way in which families have it."""
    from loraloom.spec.check import fields_at
    from loraloom.spec.run import FAMILIES

    found: dict[str, list[Row]] = {}
    for family in FAMILIES:
        for name, info in fields_at(path, family).items():
            row = Row(name, info, [family])
            same = next((one for one in found.setdefault(name, []) if one.said == row.said or name == "family"), None)
            if same is None:
                found[name].append(row)
            else:
                same.families.append(family)
    return [row for rows in found.values() for row in rows]


def _is_group(name: str) -> bool:
    from loraloom.spec.check import fields_at
    from loraloom.spec.run import FAMILIES

    return any(fields_at((name,), family) for family in FAMILIES)


def _about(group: str) -> str:
    """What a group is; where it is another thing for texts, both."""
    found = [" ".join((row.info.annotation.__doc__ or "").split()) for row in _rows(()) if row.name == group]
    said = list(dict.fromkeys(found))
    return said[0] if len(said) == 1 else f"Pictures: {said[0]} Texts: {said[1]}"


def _only(families: list[str]) -> str:
    """For whom a key is, where it is not for all."""
    from loraloom.spec.run import FAMILIES, NATIVE_RESOLUTION

    if len(families) == len(FAMILIES):
        return ""
    if families == list(NATIVE_RESOLUTION):
        return " Pictures only."
    return " Texts only." if families == ["causal_lm"] else f" Only {', '.join(families)}."


def _table(found: list[Row]) -> str:
    from loraloom.spec.run import FAMILIES

    rows = ["| key | default | unit | limits | what it does |", "|---|---|---|---|---|"]
    for row in found:
        if row.name == "family":
            kinds = ", ".join(f"`{family}`" for family in FAMILIES)
            rows.append(f"| `family` | the base model's |  | {kinds} | {row.info.description} |")
            continue
        default, unit, limits, text = row.said
        rows.append(f"| `{row.name}` | {default} | {unit} | {limits} | {text}{_only(row.families)} |")
    return "\n".join(rows) + "\n"


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
