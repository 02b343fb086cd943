"""What a run saw: its own copy of the pictures and captions, or of the texts, as they were when it began."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from loraloom.data.layout import LOOM_FILE, MASK_SUFFIX
from loraloom.jobs.draft import DATA
from loraloom.jobs.texts import TEXTS
from loraloom.spec.example import Example

LONGEST = 64 << 10
"""Bytes of a caption that are read."""


class Seen(BaseModel):
    """A picture as the run saw it; `crop` as left, top, width, height in shares."""

    file: str = Field(examples=["00001-tabby.webp"])
    name: str = Field(examples=["cats/tabby.jpg"])
    caption: str
    picture: str = Field(examples=["/api/runs/1qz3k8f0s4m2p7ra/files/data/00001-tabby.webp"])
    repeats: int = 1
    held_out: bool = False
    crop: list[float] | None = None
    masked: bool = False


def listed(run_dir: Path, address: str, after: str | None, limit: int) -> tuple[list[Seen], str | None]:
    """Pictures by file name behind the file `after`, and the name to ask on from. The folder is read-only for the child."""
    folder = run_dir / DATA
    if not folder.is_dir() or folder.is_symlink():
        return [], None
    every = sorted(file.name for file in folder.iterdir() if file.suffix in (".webp", ".png") and not file.is_symlink())
    files = [name for name in every if not Path(name).stem.endswith(MASK_SUFFIX)]
    shown = [name for name in files if after is None or name > after]
    said = _said(folder)
    items = [_one(folder, name, said.get(name, {}), address) for name in shown[:limit]]
    return items, shown[limit - 1] if len(shown) > limit else None


def _one(folder: Path, name: str, said: dict[str, Any], address: str) -> Seen:
    stem = Path(name).stem
    text = folder / f"{stem}.txt"
    return Seen(
        file=name,
        name=str(said.get("original_name", name)),
        caption=text.read_text("utf-8", "replace")[:LONGEST] if text.is_file() else "",
        picture=f"{address}/{DATA}/{name}",
        repeats=int(said.get("repeats", 1)),
        held_out=bool(said.get("held_out", False)),
        crop=said.get("crop"),
        masked=(folder / f"{stem}{MASK_SUFFIX}.png").is_file(),
    )


def _said(folder: Path) -> dict[str, dict[str, Any]]:
    """File -> what loom.json says of it; runs of older versions have none."""
    try:
        return json.loads((folder / LOOM_FILE).read_text("utf-8"))["images"]
    except (OSError, ValueError, KeyError):
        return {}


def texts(run_dir: Path, after: int, limit: int) -> tuple[list[Example], str | None]:
    """Texts of a run behind line `after`, and the line to ask on from. The file is read-only for the child."""
    file = run_dir / DATA / TEXTS
    if file.is_symlink() or not file.is_file():
        return [], None
    shown: list[Example] = []
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if number > after and len(shown) < limit:
                shown.append(Example.model_validate_json(line).model_copy(update={"line": number}))
            elif len(shown) == limit:
                return shown, str(shown[-1].line)
    return shown, None
