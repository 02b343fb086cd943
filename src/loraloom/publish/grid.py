"""The sample grid of a card: a row a prompt, a column the base or a strength, the same seed in a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from loraloom.publish.evidence import best_column
from loraloom.publish.subject import Finding, Sample, Subject
from loraloom.spec.experiment import cells

ROWS, COLUMNS = 6, 5
SMALLEST, LARGEST = 160, 320
"""Sides of a cell in pixels: Thimble's pictures are enlarged without smoothing, large ones made smaller."""
GAP, HEAD, EDGE = 8, 34, 16
PAPER, INK = (255, 255, 255), (70, 70, 78)
NAME = "sample-grid.png"


@dataclass(frozen=True)
class Grid:
    """What the grid shows. `heads` are written above its columns; its prompts stand in the card, a row each."""

    heads: tuple[str, ...]
    prompts: tuple[str, ...]
    rows: tuple[tuple[Path | None, ...], ...]
    """Pictures, or None for one that is missing."""


def plan_grid(subject: Subject) -> Grid | None:
    """The grid of `subject`: from its best experiment, else from samples of its run; None where there are no pictures."""
    best = best_column(subject.findings)
    found = _of_experiment(best.finding, best.column.base, best.column.sampler) if best is not None else None
    return found or _of_samples(subject.samples)


def _of_experiment(finding: Finding, base: int, sampler: int) -> Grid | None:
    mine = {
        number: column
        for number, column in sorted(finding.columns.items(), key=lambda item: item[1].strength)
        if (column.base, column.sampler) == (base, sampler)
    }
    alone = [
        number for number, column in finding.base_columns.items() if (column.base, column.sampler) == (base, sampler)
    ][:1]
    kept = _spread([*mine], COLUMNS - len(alone))
    numbers, heads = [*alone, *kept], [*("base" for _ in alone), *(f"{mine[n].strength:g}" for n in kept)]
    prompts = finding.experiment.prompts[:ROWS]
    at = {(cell.column, cell.prompt): cell.number for cell in cells(finding.experiment) if cell.seed == 0}
    rows = tuple(
        tuple(finding.made.get(at[number, prompt], (None, None))[0] for number in numbers)
        for prompt in range(len(prompts))
    )
    return Grid(tuple(heads), prompts, rows) if any(file for row in rows for file in row) else None


def _of_samples(samples: Sequence[Sample]) -> Grid | None:
    """Before (step 0, the base alone) and after (the last step)."""
    drawn = [sample for sample in samples if sample.file is not None]
    if not drawn:
        return None
    last = max(sample.step for sample in drawn)
    steps = sorted({0, last} & {sample.step for sample in drawn})
    by_prompt: dict[str, dict[int, Path | None]] = {}
    for sample in drawn:
        by_prompt.setdefault(sample.prompt, {})[sample.step] = sample.file
    prompts = [prompt for prompt, files in by_prompt.items() if last in files][:ROWS]
    rows = tuple(tuple(by_prompt[prompt].get(step) for step in steps) for prompt in prompts)
    return Grid(tuple("base" if step == 0 and last > 0 else "1" for step in steps), tuple(prompts), rows)


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most `most` of `numbers`, evenly, the first and the last among them."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[round(place * (len(numbers) - 1) / (most - 1))] for place in range(most)]


def draw_grid(grid: Grid, out: Path) -> None:
    """Write the grid as a PNG without metadata. A picture that cannot be read stays empty. Raises OSError."""
    pictures = [[_read(file) for file in row] for row in grid.rows]
    width, height = _cell(picture for row in pictures for picture in row if picture is not None)
    columns = len(grid.heads)
    size = (
        2 * EDGE + HEAD + columns * width + (columns - 1) * GAP,
        2 * EDGE + HEAD + len(pictures) * (height + GAP) - GAP,
    )
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for column, head in enumerate(grid.heads):
        pen.text((EDGE + HEAD + column * (width + GAP) + width // 2, EDGE + HEAD // 2 - 4), head, INK, font, "mm")
    for row, found in enumerate(pictures):
        top = EDGE + HEAD + row * (height + GAP)
        pen.text((EDGE + HEAD // 2 - 4, top + height // 2), str(row + 1), INK, font, "mm")
        for column, picture in enumerate(found):
            if picture is not None:
                sheet.paste(_fitted(picture, width, height), (EDGE + HEAD + column * (width + GAP), top))
    sheet.save(out, "PNG", optimize=True)


def _cell(pictures: Iterable[Image.Image]) -> tuple[int, int]:
    """Width and height of a cell: the first picture's, between the limits."""
    first = next(iter(pictures), None)
    if first is None:
        return SMALLEST, SMALLEST
    width, height = first.size
    longest = max(width, height)
    scale = LARGEST / longest if longest > LARGEST else max(1, -(-SMALLEST // longest))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _fitted(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.size == (width, height):
        return picture
    how = Image.Resampling.NEAREST if picture.width < width else Image.Resampling.LANCZOS
    return picture.resize((width, height), how)


def _read(file: Path | None) -> Image.Image | None:
    if file is None:
        return None
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
