"""Pictures of the subjects in each style, 64 x 64 RGBA, from npm packages; kept in one file, as drawing takes a minute."""

import io
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image
from subjects import Subject

SIZE = 64
SVG_STYLES = {"noto-v1": "noto-v1", "fluent-flat": "fluent-emoji-flat", "fxemoji": "fxemoji"}
TRAINED = ("noto", "noto-v1", "fluent-flat")
"""Styles of the training set."""
TESTS = ("fluent-3d", "fxemoji")
"""Styles that are only ever tested on. FxEmojis are CC BY 4.0 (its npm package says otherwise), which none trained on is."""
FOLDERS = {
    "noto": ("emoji-datasource-google/img/google/64", ".png"),
    "fluent-3d": ("@lobehub/fluent-emoji-3d/assets", ".webp"),
}


def draw(known: list[Subject], npm: Path, style: str) -> dict[int, Image.Image]:
    """Pictures by the index of the subject, where the style has one."""
    if style in FOLDERS:
        folder, suffix = FOLDERS[style]
        found = {i: _open(npm / folder, subject, suffix) for i, subject in enumerate(known)}
        return {i: picture for i, picture in found.items() if picture is not None}
    return _svg(known, npm / "@iconify-json" / SVG_STYLES[style])


def _open(folder: Path, subject: Subject, suffix: str) -> Image.Image | None:
    for stem in subject.codes:
        path = folder / f"{stem}{suffix}"
        if path.exists():
            return Image.open(path).convert("RGBA").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return None


def _svg(known: list[Subject], folder: Path) -> dict[int, Image.Image]:
    import resvg_py

    icons = json.loads((folder / "icons.json").read_text("utf-8"))
    by_code = json.loads((folder / "chars.json").read_text("utf-8"))
    by_name = {re.sub(r"[^a-z0-9]", "", name): name for name in [*icons.get("aliases", {}), *icons["icons"]]}
    found = {}
    for i, subject in enumerate(known):
        names = [by_code.get(code) for code in subject.codes]
        names += [by_name.get(re.sub(r"[^a-z0-9]", "", text)) for text in (subject.name, subject.old_name)]
        name = next((n for n in names if n), None)
        name = icons.get("aliases", {}).get(name, {}).get("parent", name)
        icon = icons["icons"].get(name) if name else None
        if icon is None:
            continue
        width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="64" height="64">{icon["body"]}</svg>'
        data = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE))
        picture = Image.open(io.BytesIO(data)).convert("RGBA")
        found[i] = picture if picture.size == (SIZE, SIZE) else _square(picture)
    return found


def _square(picture: Image.Image) -> Image.Image:
    side = max(picture.size)
    out = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    out.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return out.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def all_drawings(known: list[Subject], npm: Path, cache: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RGBA uint8 (n, 64, 64, 4), the subject of each, and its style's place in `TRAINED`."""
    if not cache.exists():
        rows = [(i, s, picture) for s, style in enumerate(TRAINED) for i, picture in draw(known, npm, style).items()]
        pictures = np.stack([np.asarray(row[2]) for row in rows])
        which, style = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
        np.savez_compressed(cache, pictures=pictures, which=which, style=style)
    with np.load(cache) as kept:
        return kept["pictures"], kept["which"], kept["style"]
