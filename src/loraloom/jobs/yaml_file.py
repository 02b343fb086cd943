"""Config files as mappings: read with every fault in the user's words, written so that a half file is never seen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from loraloom.spec.errors import LoomError


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key that stands twice in one mapping is an error: the second would win in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen and key != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read(file: Path) -> dict[str, Any]:
    """The mapping in `file` (YAML or JSON). Raises LoomError `file_not_found` or `config_unreadable`."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise LoomError("file_not_found", f"There is no file {file}.", f"Looked in {Path.cwd()}.") from None
    except IsADirectoryError:
        raise LoomError("config_unreadable", f"{file} is a folder.", "Give the YAML file.") from None
    except UnicodeDecodeError:
        raise LoomError("config_unreadable", f"{file} is not UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as error:
        raise LoomError("config_unreadable", f"{file} cannot be read: {error.strerror}.") from error
    return parse(text, str(file))


def parse(text: str, where: str) -> dict[str, Any]:
    """The mapping that `text` holds; `where` names it in errors."""
    try:
        content: Any = yaml.load(text, _Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        raise LoomError("config_unreadable", f"{where} is not YAML: {_say(error)}.", "Correct that line.") from None
    if not isinstance(content, dict):
        kind = "empty" if content is None else f"a {type(content).__name__}"
        hint = "`loraloom config new` writes a config to begin with."
        raise LoomError("config_unreadable", f"{where} is {kind}, not keys and values.", hint)
    return {str(key): value for key, value in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def write(file: Path, content: dict[str, Any], heading: str = "") -> None:
    """Write `content` as YAML; `heading` becomes comment lines on top. The file is old or new, never half."""
    comments = "".join(f"# {line}\n" for line in heading.splitlines())
    text = comments + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    beside = file.with_name(file.name + ".new")
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)


def _say(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}: {error.problem}"
    return str(error).splitlines()[0]
