"""The engine photo on photographs of scikit-image, where both are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loraloom.caption.engine import Picture
from loraloom.spec.captioning import PhotoJob
from loraloom.spec.engines import ENGINES
from loraloom.spec.errors import LoomError

if ENGINES["photo"].missing():
    pytest.skip("the extra `photo` is not installed", allow_module_level=True)

from loraloom.caption.photo import load_photo, prepare, words

EXPECTED = {"chelsea": "cat", "coffee": "espresso", "rocket": "missile", "astronaut": "", "camera": ""}
"""What stands among the three likeliest classes; empty: ImageNet has no such class."""


def test_photographs_get_their_classes(tmp_path: Path) -> None:
    data = pytest.importorskip("skimage.data")
    asked: list[Picture] = []
    for name in EXPECTED:
        file = tmp_path / f"{name}.png"
        Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB").save(file)
        asked.append(Picture(file))
    photo = load_photo(PhotoJob(device="cpu", max_labels=3))
    made = dict(photo.caption(asked))
    for place, known in enumerate(EXPECTED.values()):
        assert made[place].caption and len(made[place].labels) == 3
        assert known in ", ".join(label.label for label in made[place].labels).lower()
    single = [next(iter(photo.caption([picture])))[1].caption for picture in asked]
    assert single == [made[place].caption for place in range(len(asked))]
    assert "1,000 classes" in photo.warnings[0].message


def test_names_of_classes() -> None:
    assert words("a cat having a striped coat", "tiger cat") == "tiger cat"
    assert words("kite (bird of prey)", "kite") == "kite"
    assert words("cardboard box / carton", "carton") == "cardboard box"


def test_any_shape_is_prepared() -> None:
    for size in ((300, 300), (1000, 17), (17, 1000), (1, 1)):
        assert prepare(Image.new("RGB", size)).shape == (3, 224, 224)


def test_it_has_one_model() -> None:
    with pytest.raises(LoomError, match="one model"):
        load_photo(PhotoJob(model="other"))
