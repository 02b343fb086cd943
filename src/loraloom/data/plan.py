"""The plan of a run: which pictures, in which buckets, how many batches and steps. Shown before the run, and then run."""

from __future__ import annotations

import hashlib
import math

from loraloom.data.buckets import Size, assign
from loraloom.spec.dataset import Bucket, DatasetReport, Image, Plan
from loraloom.spec.errors import LoomError
from loraloom.spec.run import ImageRun


def plan(report: DatasetReport, run: ImageRun) -> Plan:
    """Count everything: steps an epoch are the sum over buckets of ceil(pictures x repeats / batch), then accumulated.

    The validation split depends on the seed and on each picture's content alone, so that a picture that is added later
    moves hardly any other. Raises LoomError `dataset_empty` when there is nothing to train on.
    """
    if not report.images:
        raise LoomError("dataset_empty", f"There are no pictures in {report.path}.", "See `loraloom dataset check`.")
    training = run.training
    sizes = assign(report.images, run.dataset)
    images, held_out = _split(report.images, run.validation.share, training.seed)
    if not images:
        raise LoomError("dataset_empty", "Every picture is held out for validation.", "Let some be trained on.")
    buckets = _buckets(images, sizes, training.batch_size)
    per_epoch = sum(bucket.steps for bucket in buckets)
    if training.steps is not None:
        total_batches = training.steps * training.accumulation
    else:
        total_batches = per_epoch * (training.epochs or 1)
    return Plan(
        images=images,
        held_out=held_out,
        sizes=sizes,
        buckets=buckets,
        samples=sum(bucket.samples for bucket in buckets),
        batch_size=training.batch_size,
        accumulation=training.accumulation,
        flip=run.dataset.flip,
        variants=run.dataset.crop_variants if run.dataset.crop == "random" else 1,
        batches_per_epoch=per_epoch,
        steps_per_epoch=math.ceil(per_epoch / training.accumulation),
        total_batches=total_batches,
        total_steps=math.ceil(total_batches / training.accumulation),
        epochs=total_batches / per_epoch,
    )


def _split(images: list[Image], share: float, seed: int) -> tuple[tuple[Image, ...], tuple[Image, ...]]:
    """Training and held-out pictures: those that somebody held out, and a share of the rest, at least one of it when there
    are two or more."""
    chosen = {image.name for image in images if image.held_out}
    rest = [image for image in images if image.name not in chosen]
    if share > 0 and len(rest) > 1:
        count = min(max(1, round(len(rest) * share)), len(rest) - 1)
        ranked = sorted(rest, key=lambda image: hashlib.sha256(f"{seed}:{image.sha256}".encode()).digest())
        chosen |= {image.name for image in ranked[:count]}
    return tuple(i for i in images if i.name not in chosen), tuple(i for i in images if i.name in chosen)


def _buckets(images: tuple[Image, ...], sizes: dict[str, Size], batch_size: int) -> tuple[Bucket, ...]:
    groups: dict[Size, list[Image]] = {}
    for image in images:
        groups.setdefault(sizes[image.name], []).append(image)
    buckets: list[Bucket] = []
    for (width, height), members in sorted(groups.items(), key=lambda item: (item[0][0] / item[0][1], item[0])):
        samples = sum(image.repeats for image in members)
        steps = math.ceil(samples / batch_size)
        buckets.append(Bucket(width=width, height=height, images=len(members), samples=samples, steps=steps))
    return tuple(buckets)
