"""From counts to findings, levels and a score: every number that weighs a finding stands here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

from loraloom.data.quality.report import Card, Finding, Kind, Level, Value
from loraloom.data.quality.words import say


@dataclass(frozen=True)
class Weight:
    """`points` are lost when `full` of the pictures (a share) are meant, fewer in proportion; above the share `bad` a
    finding is bad, above `warn` it is a warning, else a note."""

    points: float
    full: float
    warn: float = 0.0
    bad: float = 2.0


WEIGHTS: dict[Kind, Weight] = {
    "few_pictures": Weight(30, 1.0, bad=0.5),
    "near_duplicate": Weight(25, 0.5, bad=0.3),
    "tiny": Weight(25, 0.5, bad=0.3),
    "blurred": Weight(25, 0.5, bad=0.3),
    "dark": Weight(10, 0.5, warn=0.1),
    "bright": Weight(15, 0.5, warn=0.1, bad=0.5),
    "flat": Weight(15, 0.5, warn=0.1, bad=0.5),
    "borders": Weight(20, 0.5, bad=0.3),
    "one_background": Weight(10, 1.0, warn=0.8),
    "one_pose": Weight(15, 1.0, warn=0.6),
    "no_caption": Weight(30, 0.8, bad=0.5),
    "same_caption": Weight(15, 1.0, warn=0.5),
    "long_caption": Weight(15, 0.5, bad=0.5),
    "trigger_missing": Weight(5, 1.0, warn=2.0),
    "tag_in_all": Weight(5, 1.0),
    "full_width_commas": Weight(10, 0.5, warn=0.2),
    "watermark": Weight(20, 0.5, bad=0.5),
    "nsfw": Weight(10, 0.5, bad=0.3),
}
_ORDER: tuple[Level, ...] = ("bad", "warn", "note")


def finding(
    kind: Kind,
    images: Sequence[str],
    total: int,
    values: dict[str, Value],
    groups: Iterable[list[str]] = (),
    share: float | None = None,
) -> Finding:
    """The finding that `images` of `total` are of `kind`, in words. `share` is what counts where it is not theirs."""
    weight = WEIGHTS[kind]
    part = len(images) / max(1, total) if share is None else share
    level = "bad" if part > weight.bad else "warn" if part > weight.warn else "note"
    named: dict[str, Value] = {"count": len(images), "total": total, **values}
    message, hint = say(kind, named)
    return Finding(
        kind=kind,
        level=level,
        count=len(images),
        values={**named, "share": round(part, 4)},
        message=message,
        hint=hint,
        images=list(images),
        groups=list(groups),
    )


def card_of(findings: Iterable[Finding]) -> Card:
    """Findings, worst first, and what is left of a hundred points."""
    known = sorted(findings, key=lambda found: (_ORDER.index(found.level), -_points(found)))
    return Card(score=max(0, floor(100 - sum(map(_points, known)))), findings=known)


def _points(found: Finding) -> float:
    weight = WEIGHTS[found.kind]
    return weight.points * min(1.0, float(found.values["share"]) / weight.full)
