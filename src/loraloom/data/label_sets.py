"""Label sets that come with Loom or lie in a person's file: what pictures may show, in English and Chinese, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from loraloom.spec.errors import LoomError

FOLDER = Path(__file__).parent.parent / "assets" / "labels"
MAX_LABELS = 5000


@dataclass(frozen=True)
class LabelSet:
    """Labels of one kind. `english` says the same line by line: what a model that knows no Chinese is asked."""

    name: str
    """Such as `styles.zh`, or the name of the file."""
    language: str
    title: str
    labels: tuple[str, ...]
    english: tuple[str, ...]
    prompts: tuple[str, ...] = ()
    """Sentences around a label, {} is the label."""
    english_prompts: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """What the labels are called in a template: `styles`."""
        return self.name.split(".")[0]


def names() -> tuple[str, ...]:
    """The sets that come with Loom, English first."""
    return tuple(sorted((file.stem for file in FOLDER.glob("*.*.yaml")), key=lambda name: name.split(".")[::-1]))


@cache
def read(name: str) -> LabelSet:
    """The set called `name` (`styles.zh`; `styles` is the English one). Raises LoomError `not_found`."""
    full = name if "." in name else f"{name}.en"
    if full not in names():
        raise LoomError("not_found", f"There is no label set {name!r}.", f"There are: {', '.join(names())}.")
    group, language = full.split(".")
    own = _content(FOLDER / f"{full}.yaml")
    english = own if language == "en" else _content(FOLDER / f"{group}.en.yaml")
    return LabelSet(full, language, own["title"], own["labels"], english["labels"], own["prompts"], english["prompts"])


def read_file(file: Path) -> LabelSet:
    """A person's own set: YAML with `labels` (and `title`, `prompts`), or a text file with a label a line.

    Raises LoomError `file_not_found` or `config_invalid`.
    """
    if not file.is_file():
        raise LoomError(
            "file_not_found", f"There is no label set {file}.", f"Give a file, or one of {', '.join(names())}."
        )
    content = _content(file)
    group = file.stem.split(".")[0]
    return LabelSet(
        group,
        "",
        content["title"] or group,
        content["labels"],
        content["labels"],
        content["prompts"],
        content["prompts"],
    )


def _content(file: Path) -> dict[str, Any]:
    import yaml

    try:
        text = file.read_text("utf-8-sig")
        read: Any = yaml.safe_load(text) if file.suffix.lower() in (".yaml", ".yml") else text.splitlines()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LoomError("config_invalid", f"The label set {file.name} cannot be read.", "Save it as UTF-8.") from error
    whole = cast("dict[str, Any]", read if isinstance(read, dict) else {"labels": read})
    labels, prompts = _lines(whole.get("labels")), _lines(whole.get("prompts"))
    if not labels or len(labels) > MAX_LABELS or any("{}" not in prompt for prompt in prompts):
        hint = f"It needs `labels:`, a list of 1 to {MAX_LABELS} texts; {{}} in each of `prompts:` is where the label goes."
        raise LoomError("config_invalid", f"The label set {file.name} is not one.", hint)
    return {"title": str(whole.get("title") or ""), "labels": labels, "prompts": prompts}


def _lines(value: Any) -> tuple[str, ...]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return tuple(dict.fromkeys(text for item in items if (text := str(item).strip())))
