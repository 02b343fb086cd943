"""Marks that many pictures carry at one place, as watermarks are: fine edges at top and bottom that agree in sign."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loraloom.data.quality.report import Finding, Looked, Measures
from loraloom.data.quality.weigh import finding

Traces = NDArray[np.int8]
Plane = NDArray[np.float32]

FEWEST, SHARE = 4, 3
"""A mark is on four pictures at least, and on one of three."""
AGREES = 0.35
"""From -1 to 1: how far a picture has to agree with the mark of the others to carry it. Strangers have 0, and 0.2 by
chance; a half-transparent line of text leaves 0.6 on a busy photograph."""
_SIDE, _BAND = 128, 32
_CELLS = 2 * _BAND * _SIDE
_FAINT = 2.5
"""Grey levels from its neighbours up to which a cell is even."""
_WINDOW = 9, 17
"""Cells, height and width, over which agreement is summed up: about a line of text, and a few of its letters."""
_WIDE, _LEAST = 100, 96
"""A mark is at most this many cells wide (bars and frames go from side to side), and at least as many cells of it agree."""
_FINE = 0.28
"""Changes between brighter and darker along the rows of a mark, a cell: writing has 0.4 to 0.5, an outline up to 0.2."""
_SURE = (1.0, 1.5, 2.0, 2.0)
"""Standard deviations of chance from which a cell counts: few at first, while strangers are among the carriers."""
_POWERS = 3 ** np.arange(5)
_DIGITS = (np.arange(3**5)[:, None] // _POWERS % 3 - 1).astype(np.int8)


def trace(light: NDArray[np.uint8]) -> str:
    """What `shared` compares, of a grey picture [128, 128]: whether each cell of the upper and the lower quarter is
    brighter or darker than those around it, or neither; five cells a byte, deflated, in base64 (at most 2.2 kB).

    Signs let chance cancel out over many pictures; the middle, where subjects sit alike, is left out.
    """
    values = np.pad(light.astype(np.float32), 1, mode="reflect", reflect_type="odd")
    rows = values[:-2] + values[1:-1] + values[2:]
    apart = light - (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    signs = 1 + (apart > _FAINT).astype(np.uint8) - (apart < -_FAINT).astype(np.uint8)
    digits = np.pad(np.concatenate((signs[:_BAND], signs[-_BAND:])).ravel(), (0, -_CELLS % 5)).reshape(-1, 5)
    return base64.b64encode(zlib.compress((digits @ _POWERS).astype(np.uint8).tobytes(), 6)).decode()


def signs(text: str) -> Traces:
    """[2, 32, 128] of -1, 0 and 1 from what `trace` wrote: the upper quarter and the lower one."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    return _DIGITS[packed].ravel()[:_CELLS].reshape(2, _BAND, _SIDE)


def marked(known: Sequence[tuple[Looked, Measures]], spare: Collection[str], total: int) -> Iterator[Finding]:
    """Which pictures carry a mark; those measured without a trace take no part, and `spare`, ids of near duplicates of
    others, do not make one."""
    traced = [(image, measures, measures.trace) for image, measures in known if measures.trace is not None]
    if len(traced) < FEWEST:
        return
    cells = np.stack([_inside(signs(text), image, measures) for image, measures, text in traced])
    found = shared(cells, np.array([image.id not in spare for image, _, _ in traced]))
    if found:
        named = [[traced[index][0].id for index in carriers] for carriers in found]
        carried = {name for group in named for name in group}
        ids = [image.id for image, _, _ in traced if image.id in carried]
        yield finding("watermark", ids, total, {}, named)


def _inside(cells: Traces, image: Looked, measures: Measures) -> Traces:
    """Without bars, which are another finding, and the edge where they end."""
    left, top, right, bottom = measures.borders
    if left or right:
        first, last = (round(bar / image.width * _SIDE) + 3 if bar else 0 for bar in (left, right))
        cells[:, :, :first] = cells[:, :, _SIDE - last :] = 0
    if top:
        cells[0, : round(top / image.height * _SIDE) + 3] = 0
    if bottom:
        cells[1, max(0, _BAND - round(bottom / image.height * _SIDE) - 3) :] = 0
    return cells


def shared(traces: Traces, once: NDArray[np.bool_]) -> list[list[int]]:
    """The pictures that carry each mark that is found, one a quarter, from `traces` [n, 2, 32, 128]. Those of `once` [n]
    have to be FEWEST, and one of SHARE of them."""
    found = (_mark(traces[:, 0], once, inner=-1), _mark(traces[:, 1], once, inner=0))
    return [carriers for carriers in found if carriers]


def _mark(cells: Traces, once: NDArray[np.bool_], inner: int) -> list[int]:
    """The carriers of the mark in `cells` [n, 32, 128], whose row `inner` is nearest the middle of the picture.

    Over pairs of pictures, agreement is 0 on average where they have nothing in common. What goes on to the middle is
    a subject or a scene, what goes from side to side a frame: no mark then is looked for beside it.
    """
    rows = cells.astype(np.float32)
    total, there = rows[once].sum(axis=0), np.abs(rows[once]).sum(axis=0)
    room = _summed(np.full_like(there, once.sum() / 4))
    agreement = _summed(total**2 - there) / np.maximum(_summed(there), room)
    untried = agreement.copy()
    for _ in range(3):
        place = np.unravel_index(int(untried.argmax()), agreement.shape)
        peak = float(agreement[place])
        if peak < 0.5:
            return []
        region = _grown(agreement >= peak / 2, int(place[0]), int(place[1]))
        columns = np.flatnonzero(region.any(axis=0))
        if region[inner].any() or columns[-1] - columns[0] >= _WIDE:
            return []
        carriers = _carriers(rows[:, region], once)
        enough = (carriers & once).sum() >= max(FEWEST, once.sum() / SHARE)
        if enough and _written(np.where(region, rows[carriers & once], 0)):
            return np.flatnonzero(carriers).tolist()
        untried[region] = 0
    return []


def _carriers(rows: Plane, once: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of `rows` [n, cells] agree with the others of `once` that do."""
    inside = np.ones(len(rows), dtype=bool)
    for sure in _SURE:
        base = inside & once
        others = rows[base].sum(axis=0) - rows * base[:, None]
        weights = np.where(np.abs(others) >= _sure(rows[base], sure), others, 0)
        agrees = (weights * rows).sum(axis=1) / np.maximum(np.abs(weights).sum(axis=1), 1)
        inside = agrees >= AGREES
    return inside


def _sure(rows: Plane, deviations: float) -> Plane:
    """Sums of signs over `rows` [n, ...] beyond chance; where they are few, all but one of them have to agree."""
    return np.clip(deviations * np.sqrt(np.abs(rows).sum(axis=0)), 1, max(1, len(rows) - 1))


def _written(rows: Plane) -> bool:
    """Whether what `rows` [n, 32, 128] share is large enough, and as fine as writing or a logo: outlines are not."""
    total = rows.sum(axis=0)
    clear = np.where(np.abs(total) >= _sure(rows, _SURE[-1]), np.sign(total), 0)
    changes = sum(int(np.count_nonzero(np.diff(line[line != 0]))) for line in clear)
    cells = int(np.count_nonzero(clear))
    return cells >= _LEAST and changes >= _FINE * cells


def _summed(plane: Plane) -> Plane:
    """Sums over the window around each cell."""
    high, wide = _WINDOW
    padded = np.pad(plane, ((high // 2 + 1, high // 2), (wide // 2 + 1, wide // 2))).cumsum(axis=0).cumsum(axis=1)
    return padded[high:, wide:] - padded[:-high, wide:] - padded[high:, :-wide] + padded[:-high, :-wide]


def _grown(mask: NDArray[np.bool_], row: int, column: int) -> NDArray[np.bool_]:
    """The connected part of `mask` around a cell."""
    region = np.zeros_like(mask)
    region[row, column] = True
    while True:
        around = np.pad(region, 1)
        more = around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2] | around[1:-1, 2:] | region
        if ((more & mask) == region).all():
            return region
        region = more & mask
