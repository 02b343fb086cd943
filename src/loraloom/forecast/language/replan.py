"""The plan of a run on the same texts with other settings, counted from the lengths that are known."""

from __future__ import annotations

from math import ceil

from loraloom.spec.example import TextPlan
from loraloom.spec.text import TextRun


def replan(plan: TextPlan, before: TextRun, after: TextRun) -> TextPlan:
    """About the plan of `after`: exactly where only length, batch and repeats differ from `before`, whose `plan` is known.
    With another `dataset.max_length` texts are cut there, or have as much more as was cut from each in the mean."""
    training, repeats = after.training, after.dataset.repeats
    samples = len(plan.lengths) * repeats
    per_epoch = ceil(samples / training.batch_size)
    total = per_epoch * (training.epochs or 1) if training.steps is None else training.steps * training.accumulation
    lengths, trained = _cut(plan, before.dataset.max_length, after.dataset.max_length)
    return plan.model_copy(
        update={
            "lengths": lengths,
            "trained": trained,
            "samples": samples,
            "repeats": repeats,
            "batch_size": training.batch_size,
            "accumulation": training.accumulation,
            "batches_per_epoch": per_epoch,
            "steps_per_epoch": ceil(per_epoch / training.accumulation),
            "total_batches": total,
            "total_steps": ceil(total / training.accumulation),
            "epochs": total / per_epoch,
        }
    )


def _cut(plan: TextPlan, before: int, after: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Lengths and learned tokens at another longest length. Of a pair each answer is cut."""
    if before == after:
        return plan.lengths, plan.trained
    sides = 2 if plan.preference else 1
    more = min(after - before, plan.cut_tokens // max(1, plan.cut)) * sides if plan.cut else 0

    def of(length: int) -> int:
        return min(length + (more if more > 0 and length >= before * sides else 0), after * sides)

    lengths = tuple(of(length) for length in plan.lengths)
    pairs = zip(plan.trained, lengths, plan.lengths, strict=True)
    return lengths, tuple(min(new - sides, max(1, learned + new - old)) for learned, new, old in pairs)
