"""Buckets keep their promises for every resolution; cuts cover, and masks are cut where pictures are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from loraloom.data.buckets import assign, bucket_for, bucket_sizes, effective_step, fit, fit_mask
from loraloom.data.fitting import covering
from loraloom.spec.dataset import Dataset
from loraloom.spec.dataset import Image as Taken


def dataset(**fields: object) -> Dataset:
    return Dataset.model_validate({"path": "x", **fields})


@pytest.mark.parametrize("resolution", [32, 40, 64, 72, 96, 128, 256, 512, 520, 768, 1024, 1536])
@pytest.mark.parametrize("step", [8, 32, 64, 128])
@pytest.mark.parametrize("aspect", [1.0, 1.5, 2.0, 4.0])
def test_promises(resolution: int, step: int, aspect: float) -> None:
    data = dataset(resolution=resolution, bucket_step=step, max_aspect=aspect)
    sizes = bucket_sizes(data)
    used = effective_step(data)
    assert used % 8 == 0 and 8 <= used <= step
    assert sizes and len(set(sizes)) == len(sizes)
    assert sizes == sorted(sizes, key=lambda s: s[0] / s[1])
    assert {(h, w) for w, h in sizes} == set(sizes)
    for width, height in sizes:
        assert width % used == 0 == height % used
        assert width * height <= resolution**2
        assert max(width, height) <= aspect * min(width, height)
        assert not any(w >= width and h >= height and (w, h) != (width, height) for w, h in sizes)


def test_known_sizes() -> None:
    assert bucket_sizes(dataset()) == [(384, 640), (448, 576), (512, 512), (576, 448), (640, 384)]
    assert bucket_sizes(dataset(resolution=64)) == [(48, 80), (64, 64), (80, 48)]
    assert bucket_sizes(dataset(buckets=False, resolution=520)) == [(520, 520)]
    assert (832, 1216) in bucket_sizes(dataset(resolution=1024))
    assert (1024, 1024) in bucket_sizes(dataset(resolution=1024))


def test_the_nearest_shape_is_chosen() -> None:
    rng = np.random.default_rng(0)
    sizes = bucket_sizes(dataset(resolution=512))
    for width, height in rng.integers(20, 4000, (200, 2)).tolist():
        chosen = bucket_for(width, height, sizes)
        distance = abs(math.log(chosen[0] / chosen[1] * height / width))
        assert all(distance <= abs(math.log(w / h * height / width)) + 1e-8 for w, h in sizes)
        turned = bucket_for(height, width, sizes)
        assert abs(math.log(turned[0] / turned[1] * width / height)) == pytest.approx(distance)
    image = Taken(path="/x/a.png", name="a.png", width=300, height=100, sha256="0")
    assert assign([image], dataset()) == {"a.png": (640, 384)}


def test_fit_covers_and_cuts() -> None:
    rng = np.random.default_rng(1)
    for width, height in [(10_000, 20), (20, 3000), (64, 64), (63, 65), *rng.integers(16, 300, (20, 2)).tolist()]:
        picture = Image.new("RGB", (width, height))
        for crop in ("center", "random"):
            fitted = fit(picture, (80, 48), crop, rng)
            scaled = covering((width, height), (80, 48))
            assert fitted.picture.size == (80, 48)
            assert fitted.original == (width, height)
            assert 0 <= fitted.corner[0] <= scaled[0] - 80
            assert 0 <= fitted.corner[1] <= scaled[1] - 48


def test_fit_equals_scaling_then_cutting() -> None:
    values = np.random.default_rng(2).integers(0, 256, (60, 120, 3), dtype=np.uint8)
    picture = Image.fromarray(values)
    fitted = fit(picture, (30, 30), "center")
    assert fitted.corner == (15, 0)
    plain = picture.resize((60, 30), Image.Resampling.LANCZOS).crop((15, 0, 45, 30))
    assert np.abs(np.asarray(fitted.picture, np.int16) - np.asarray(plain, np.int16)).max() <= 1


def test_nothing_is_lost_when_the_size_is_right_already() -> None:
    values = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(fit(Image.fromarray(values), (64, 64), "center").picture), values)


def test_random_crops_need_and_follow_their_generator() -> None:
    picture = Image.new("RGB", (200, 50))
    with pytest.raises(ValueError, match="generator"):
        fit(picture, (32, 32), "random")
    corners = [fit(picture, (32, 32), "random", np.random.default_rng(seed)).corner for seed in (1, 1, 2, 3, 4)]
    assert corners[0] == corners[1]
    assert len(set(corners)) > 2


def test_masks_are_cut_where_pictures_are() -> None:
    picture = Image.new("L", (120, 60))
    picture.paste(255, (40, 0, 80, 60))
    for seed in range(5):
        fitted = fit(picture.convert("RGB"), (48, 48), "random", np.random.default_rng(seed))
        mask = fit_mask(np.asarray(picture, np.float32) / 255, (48, 48), fitted.corner)
        assert mask.shape == (48, 48) and mask.dtype == np.float32
        grey = np.asarray(fitted.picture.convert("L"), np.float32) / 255
        assert np.abs(grey - mask).mean() < 0.02
