"""What is measured of a run on pictures: those of its largest bucket."""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import Any

from loraloom.data.plan import plan as make_plan
from loraloom.jobs.laid import STEPS, Laid, short
from loraloom.spec.dataset import Bucket, DatasetReport, Image, Plan
from loraloom.spec.run import ImageRun
from loraloom.store.blobs import link_or_copy

SAMPLING_STEPS = 3


def lay_out(run: ImageRun, report: DatasetReport, data: Path, steps: int) -> Laid:
    """Fill `data`, and say with which config it is trained."""
    plan = make_plan(report, run)
    heaviest = _heaviest(plan)
    pictures = _fill(data, run, plan, heaviest)
    config = trimmed(run, _repeats(pictures, heaviest, run.training.batch_size), steps)
    return Laid(config, config["sample"]["steps"], float(heaviest.width * heaviest.height))


def trimmed(run: ImageRun, repeats: int, steps: int = STEPS) -> dict[str, Any]:
    """`run` for `steps` steps on the pictures beside it, `repeats` times each; its samples with few denoising steps."""
    dataset = {"path": "data", "metadata_path": None, "repeats": repeats, "upscale": True, "min_side": 1}
    return short(run, steps, dataset, {"steps": min(SAMPLING_STEPS, run.sample.steps)})


def _heaviest(plan: Plan) -> Bucket:
    """The bucket whose full batch is the most work."""
    return max(plan.buckets, key=lambda bucket: bucket.width * bucket.height * min(bucket.samples, plan.batch_size))


def _repeats(pictures: int, bucket: Bucket, batch: int) -> int:
    """How often each picture counts, so that all batches are full where the bucket can fill one."""
    if bucket.samples < batch:
        return max(1, bucket.samples // pictures)
    return batch // gcd(batch, pictures)


def _fill(data: Path, run: ImageRun, plan: Plan, bucket: Bucket) -> int:
    """Pictures of the bucket, with a caption each; masks cost nothing to speak of. Returns how many."""
    size = (bucket.width, bucket.height)
    wanted = run.training.batch_size * run.training.accumulation * STEPS
    chosen: list[Image] = [image for image in plan.images if plan.sizes[image.name] == size][:wanted]
    for number, image in enumerate(chosen):
        source = Path(image.path)
        link_or_copy(source, data / f"{number:05d}{source.suffix.lower() or '.png'}")
        if image.captions:
            (data / f"{number:05d}.txt").write_text(image.captions[0], encoding="utf-8")
    return len(chosen)
