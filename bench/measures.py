"""`python -m bench.measures`: do the measures of an experiment move when, and only when, they should?

Sets of pictures are made to be memorised, all the same, off the prompt, of another look, or leaking, each from the same
plain set by one change. Everything comes from the packaged data set; nothing is drawn by a model and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

from bench.machine import machine
from loraloom.generate.looks import Looks
from loraloom.generate.measures import figures
from loraloom.generate.measures.clip import Clip
from loraloom.generate.measures.seen import see
from loraloom.generate.parts import load_parts
from loraloom.models.resolve import resolve

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "src" / "loraloom" / "assets" / "demo" / "pictures"
SEEDS, SIDE = 3, 64
FIGURES = ("adherence", "style", "diversity", "nearest", "leak")
MOVED: dict[str, tuple[str, int]] = {
    "off the prompt": ("adherence", -1),
    "another look": ("style", +1),
    "all the same": ("diversity", -1),
    "memorised": ("nearest", +1),
    "memorised, mirrored": ("nearest", +1),
    "leaking": ("leak", +1),
}
"""Set -> the figure that has to move, and whether up or down."""
ENOUGH = {"adherence": 0.05, "style": 0.2, "diversity": 0.08, "nearest": 0.12, "leak": 0.4}
"""What counts as having moved."""


@dataclass(frozen=True)
class Set:
    """Pictures, `SEEDS` a prompt, and what they are measured against. `own` and `base` are pictures without the trigger."""

    pictures: tuple[Image.Image, ...]
    prompts: tuple[str, ...]
    trained: tuple[Image.Image, ...]
    own: tuple[Image.Image, ...]
    base: tuple[Image.Image, ...]


def sets() -> dict[str, Set]:
    """The plain set and those that were changed in one way. Half of the things were trained on, the others are drawn."""
    files = sorted(PICTURES.glob("*.png"))
    lot = np.random.default_rng(0)
    trained = tuple(_opened(file) for file in files[::2])
    drawn = files[1::2]
    prompts = tuple(file.with_suffix(".txt").read_text("utf-8").strip() for file in drawn)
    seeds = tuple(_varied(_opened(file), lot) for file in drawn for _ in range(SEEDS))
    faint = tuple(_noised(picture, lot, 3) for picture in seeds)
    plain = Set(seeds, prompts, trained, faint, seeds)
    first = [seeds[number - number % SEEDS] for number in range(len(seeds))]
    copied = tuple(_noised(seeds[number], lot, 6) for number in range(0, len(seeds), SEEDS))
    return {
        "plain": plain,
        "off the prompt": replace(plain, prompts=prompts[4:] + prompts[:4]),
        "another look": replace(
            plain, pictures=tuple(ImageEnhance.Contrast(picture).enhance(2.2) for picture in seeds)
        ),
        "all the same": replace(plain, pictures=tuple(_noised(picture, lot, 1) for picture in first)),
        "memorised": replace(plain, trained=(*trained, *copied)),
        "memorised, mirrored": replace(plain, trained=(*trained, *map(ImageOps.mirror, copied))),
        "leaking": replace(plain, own=tuple(_varied(picture, lot) for picture in seeds)),
    }


class Bench:
    """What looks at all sets."""

    def __init__(self) -> None:
        self._clip = Clip()
        base = resolve("thimble")
        assert base.family is not None
        self._vae = load_parts(base, base.family, torch.float32).vae

    def measure(self, one: Set) -> dict[str, float]:
        """The figures of a set."""
        seen, trained = see(self._clip, one.pictures), see(self._clip, one.trained)
        prompts = [number // SEEDS for number in range(len(one.pictures))]
        near = figures.nearest(seen, trained)
        found = {
            "adherence": figures.adherence(seen, self._clip.texts(one.prompts), prompts),
            "style": self._style(one),
            "diversity": figures.diversity(seen, prompts),
            "nearest": near.likeness if near else None,
            "leak": figures.leak(see(self._clip, one.own), see(self._clip, one.base), prompts),
        }
        return {key: float(value) for key, value in found.items() if value is not None}

    def _style(self, one: Set) -> float:
        with TemporaryDirectory() as folder:
            for number, picture in enumerate(one.trained):
                picture.save(Path(folder) / f"{number}.png")
            looks = Looks(self._vae, Path(folder), (SIDE, SIDE))
        return looks.distance([np.asarray(picture, np.float32) / 255 for picture in one.pictures])


def moved(plain: dict[str, float], changed: dict[str, float]) -> dict[str, int]:
    """Figure -> 1 where it went up by what counts, -1 where down, 0 where it stayed."""
    apart = {key: changed[key] - plain[key] for key in FIGURES}
    return {key: int(np.sign(apart[key])) if abs(apart[key]) >= ENOUGH[key] else 0 for key in FIGURES}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write it to bench/results."""
    parser = argparse.ArgumentParser(prog="python -m bench.measures", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results")
    options = parser.parse_args(arguments)
    bench = Bench()
    rows = {name: bench.measure(one) for name, one in sets().items()}
    table = _table(rows)
    print(table)
    options.out.mkdir(parents=True, exist_ok=True)
    result = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "rows": rows, "enough": ENOUGH}
    (options.out / "measures.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    about = "\n".join(f"- {key}: {value}" for key, value in result["machine"].items())
    (options.out / "measures.md").write_text(
        f"# Measures of experiments, {result['date']}\n\n{table}\n\n{NOTES}\n\n{about}\n", "utf-8"
    )


NOTES = (
    "Each row is the plain set with one change; bold is a figure that moved by what counts as moving (adherence "
    f"{ENOUGH['adherence']}, style {ENOUGH['style']}, diversity {ENOUGH['diversity']}, nearest {ENOUGH['nearest']}, leak "
    f"{ENOUGH['leak']}). Plain: the packaged pictures of every other thing, {SEEDS} ways each (moved, sized, turned in "
    "colour), against the pictures of the things between them. Off the prompt: the same pictures, others' prompts. "
    "Another look: the same with hard contrast. All the same: the first of each prompt again and again, with noise of 1 of "
    "255. Memorised: the data set also holds the first of each prompt, with noise of 6 of 255. Leaking: without the trigger "
    "the pictures are as another seed might have them, where the plain set's differ from the base's by noise of 3 of 255. "
    "What sees them is the embedded CLIP."
)


def _table(rows: dict[str, dict[str, float]]) -> str:
    plain = rows["plain"]
    lines = [f"| set | {' | '.join(FIGURES)} |", f"|---|{'---|' * len(FIGURES)}"]
    for name, row in rows.items():
        signs = moved(plain, row)
        cells = [f"**{row[key]:.3f}**" if signs[key] else f"{row[key]:.3f}" for key in FIGURES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _varied(picture: Image.Image, lot: np.random.Generator) -> Image.Image:
    """As another seed would have it: another place and size, other colours."""
    side = int(lot.integers(40, SIDE))
    corner = picture.getpixel((0, 0))
    assert isinstance(corner, tuple)
    out = Image.new("RGB", (SIDE, SIDE), corner)
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    out.paste(small, tuple(int(at) for at in lot.integers(0, SIDE - side + 1, 2)))
    return ImageEnhance.Color(out).enhance(float(lot.uniform(0.7, 1.3)))


def _noised(picture: Image.Image, lot: np.random.Generator, deviation: float) -> Image.Image:
    pixels = np.asarray(picture, np.float32) + lot.normal(0, deviation, (SIDE, SIDE, 3))
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
