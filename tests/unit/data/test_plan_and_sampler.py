"""The plan's numbers are the numbers that run: every sample once an epoch, the same batches after a resume."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from loraloom.data.plan import plan
from loraloom.data.sampler import BatchSampler
from loraloom.spec.dataset import DatasetReport, Image, Plan
from loraloom.spec.errors import LoomError
from loraloom.spec.run import RUN


def report(count: int, seed: int = 0) -> DatasetReport:
    rng = np.random.default_rng(seed)
    images = [
        Image(
            path=f"/x/{i}.png",
            name=f"{i}.png",
            width=int(rng.integers(30, 200)),
            height=int(rng.integers(30, 200)),
            sha256=f"{seed}-{i}",
            repeats=int(rng.integers(1, 6)),
        )
        for i in range(count)
    ]
    return DatasetReport(path="x", images=images)


def made(count: int, *, share: float = 0.0, dataset: dict[str, Any] | None = None, **training: Any) -> Plan:
    if "steps" not in training:
        training.setdefault("epochs", 2)
    config = {
        "family": "sd1",
        "dataset": {"path": "x", "resolution": 64, **(dataset or {})},
        "training": training,
        "validation": {"share": share},
    }
    return plan(report(count), RUN.validate_python(config))


GRID = list(itertools.product([1, 2, 7, 40], [1, 3, 8], [1, 4]))


@pytest.mark.parametrize(("count", "batch", "accumulation"), GRID)
def test_counts(count: int, batch: int, accumulation: int) -> None:
    p = made(count, batch_size=batch, accumulation=accumulation, epochs=3)
    groups: dict[tuple[int, int], int] = {}
    for image in p.images:
        groups[p.sizes[image.name]] = groups.get(p.sizes[image.name], 0) + image.repeats
    assert p.batches_per_epoch == sum(math.ceil(n / batch) for n in groups.values())
    assert p.samples == sum(groups.values()) == sum(bucket.samples for bucket in p.buckets)
    assert sum(bucket.images for bucket in p.buckets) == count
    assert p.total_batches == 3 * p.batches_per_epoch
    assert p.total_steps == math.ceil(p.total_batches / accumulation)
    assert p.steps_per_epoch == math.ceil(p.batches_per_epoch / accumulation)
    assert p.epochs == 3


@pytest.mark.parametrize(("count", "batch", "accumulation"), GRID)
def test_every_sample_exactly_once_an_epoch(count: int, batch: int, accumulation: int) -> None:
    p = made(count, batch_size=batch, accumulation=accumulation)
    sampler = BatchSampler(p, 7)
    batches = list(sampler)
    assert len(batches) == len(sampler) == p.total_batches
    for epoch in (0, 1):
        seen = Counter(index for b in batches if b.epoch == epoch for index in b.images)
        assert seen == {index: image.repeats for index, image in enumerate(p.images)}
    for b in batches:
        assert 1 <= len(b.images) == len(b.flips) == len(b.variants) <= batch
        assert {p.sizes[p.images[index].name] for index in b.images} == {b.size}


def test_length_in_steps() -> None:
    p = made(7, batch_size=2, accumulation=3, steps=50)
    assert (p.total_steps, p.total_batches) == (50, 150)
    assert p.epochs == pytest.approx(150 / p.batches_per_epoch)
    assert len(list(BatchSampler(p, 1))) == 150


def test_resume_equals_an_uninterrupted_run() -> None:
    p = made(23, batch_size=4, epochs=5, dataset={"flip": True, "crop": "random"})
    whole = list(BatchSampler(p, 42))
    for start in (0, 1, p.batches_per_epoch - 1, p.batches_per_epoch, len(whole) - 1):
        fresh = BatchSampler(p, 42)
        assert [fresh.batch(i) for i in range(start, len(whole))] == whole[start:]
    backwards = BatchSampler(p, 42)
    assert [backwards.batch(i) for i in reversed(range(len(whole)))] == whole[::-1]
    first, again = BatchSampler(p, 42).caption_draws(9), BatchSampler(p, 42).caption_draws(9)
    assert first.random(5).tolist() == again.random(5).tolist()


def test_epochs_and_seeds_differ() -> None:
    p = made(23, batch_size=4, epochs=2)
    batches = [b.images for b in BatchSampler(p, 1)]
    half = p.batches_per_epoch
    assert batches[:half] != batches[half:]
    assert batches != [b.images for b in BatchSampler(p, 2)]
    with pytest.raises(IndexError):
        BatchSampler(p, 1).batch(-1)


def test_flips_and_variants() -> None:
    still = list(BatchSampler(made(20, batch_size=4), 1))
    assert not any(any(b.flips) or any(b.variants) for b in still)
    p = made(40, batch_size=4, epochs=5, dataset={"flip": True, "crop": "random", "crop_variants": 3})
    batches = list(BatchSampler(p, 1))
    flips = [flip for b in batches for flip in b.flips]
    assert 0.4 < sum(flips) / len(flips) < 0.6
    assert {variant for b in batches for variant in b.variants} == {0, 1, 2}


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(1, 0.5, 0), (2, 0.1, 1), (40, 0.1, 4), (3, 0.5, 2), (40, 0, 0)]
)
def test_validation_split(count: int, share: float, expected: int) -> None:
    p = made(count, share=share)
    assert len(p.held_out) == expected
    names = [image.name for image in p.images]
    assert set(names) | set(p.validation) == {f"{i}.png" for i in range(count)}
    assert not set(names) & set(p.validation)
    assert set(p.validation) <= set(p.sizes)
    assert made(count, share=share) == p


def test_the_split_moves_with_the_seed_and_not_with_the_order() -> None:
    splits = {made(40, share=0.1, seed=seed).validation for seed in range(5)}
    assert len(splits) > 1
    run = RUN.validate_python(
        {"family": "sd1", "dataset": {"path": "x"}, "training": {"epochs": 1}, "validation": {"share": 0.1}}
    )
    forward = report(40)
    backward = forward.model_copy(update={"images": forward.images[::-1]})
    assert set(plan(forward, run).validation) == set(plan(backward, run).validation)


def test_nothing_to_plan() -> None:
    with pytest.raises(LoomError) as caught:
        made(0)
    assert caught.value.code == "dataset_empty"


def test_a_plan_survives_json() -> None:
    p = made(9, share=0.2)
    assert Plan.model_validate_json(p.model_dump_json()) == p
