"""What speaks for a LoRA and what warns of it, worked out from what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from loraloom.publish.subject import Finding, Subject
from loraloom.spec.experiment import Column, Measured
from loraloom.spec.publication import Evidence, Hashes

FEW_VOTES = 20
"""Below this the winner of blind votes may be chance."""
FEW_IMAGES = 10
WARNINGS = {
    "copies": "It can copy what it was trained on: a picture of it is nearly a training picture{nearest}.",
    "leaks": "It shows without its trigger words too: pictures that do not ask for it are changed{leak}.",
    "loses_diversity": "Its pictures of one prompt differ less than those of the base model{diversity}.",
}
"""Key of a warning -> sentence, with the figure where it is known."""
MEASURES = ("adherence", "style", "diversity", "nearest", "leak", "perplexity")


class Best(NamedTuple):
    """The column of this LoRA that is recommended, and why."""

    finding: Finding
    number: int
    column: Column
    by: Literal["votes", "measures", "usual"]


def evidence(subject: Subject, hashes: Hashes) -> Evidence:
    """The evidence for `subject`, whose published file has `hashes`."""
    best = best_column(subject.findings)
    measured = _measures(best)
    votes = sum(votes_on(finding) for finding in subject.findings)
    return Evidence(
        tested=bool(subject.findings),
        experiments=tuple(finding.id for finding in subject.findings),
        votes=votes,
        strength=best.column.strength if best and best.by != "usual" else 1.0,
        strength_from=best.by if best else "usual",
        **{name: getattr(measured, name) for name in MEASURES} if measured else {},
        images=subject.images,
        steps=subject.steps,
        resolution=subject.resolution,
        hashes=hashes,
        limits=tuple(_limits(subject, best, measured, votes)),
    )


def votes_on(finding: Finding) -> int:
    """Votes in which a column of this LoRA stood."""
    cells = len(finding.experiment.prompts) * len(finding.experiment.seeds)
    return sum(1 for left, right, _ in finding.votes if {left // cells, right // cells} & finding.columns.keys())


def best_column(findings: Sequence[Finding]) -> Best | None:
    """The best column of the LoRA: of the newest experiment with votes on it, else of the newest that was measured, else the
    one nearest to strength 1. None where nothing was compared."""
    for finding in findings:
        ranked = [place.column for place in finding.ranked if place.column in finding.columns and place.votes]
        if ranked:
            return Best(finding, ranked[0], finding.columns[ranked[0]], "votes")
    for finding in findings:
        if finding.proposed is not None and finding.proposed in finding.columns:
            return Best(finding, finding.proposed, finding.columns[finding.proposed], "measures")
    for finding in findings:
        if finding.columns:
            number = min(finding.columns, key=lambda each: abs(finding.columns[each].strength - 1))
            return Best(finding, number, finding.columns[number], "usual")
    return None


def _measures(best: Best | None) -> Measured | None:
    if best is None:
        return None
    return next((found for found in best.finding.measured if found.column == best.number), None)


def _limits(subject: Subject, best: Best | None, measured: Measured | None, votes: int) -> list[str]:
    texts = subject.kind == "texts"
    things = "texts" if texts else "pictures"
    found: list[str] = []
    if not subject.findings:
        found.append("It was not tested: nobody compared it with the base model or with another LoRA.")
    if best is not None:
        found += _warnings(best, measured)
    if votes and votes < FEW_VOTES:
        found.append(f"Its strength rests on {votes} {'vote' if votes == 1 else 'votes'}: that may be chance.")
    if subject.findings and not votes:
        found.append("Nobody voted on its answers." if texts else "Nobody voted on its pictures.")
    if best is not None and _base_is_liked_better(best):
        found.append(f"In blind votes the {things} of the base model alone were liked at least as much.")
    if subject.images is not None and subject.images < FEW_IMAGES:
        found.append(f"It was trained on {subject.images} {things} only: it may know little beside them.")
    if subject.images is None:
        found.append(f"On how many {things} it was trained is not known.")
    return found


def _warnings(best: Best, measured: Measured | None) -> list[str]:
    figures = {
        name: f" ({value:.2f})" if measured is not None and (value := getattr(measured, name)) is not None else ""
        for name in MEASURES
    }
    known = best.finding.warnings.get(best.number, ())
    return [sentence.format(**figures) for key, sentence in WARNINGS.items() if key in known]


def _base_is_liked_better(best: Best) -> bool:
    if best.by != "votes":
        return False
    order = [place.column for place in best.finding.ranked if place.votes]
    return any(column in best.finding.base_columns for column in order[: order.index(best.number)])
