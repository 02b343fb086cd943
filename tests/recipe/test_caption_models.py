"""The engine caption with random models of every class it is made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from loraloom.caption.captioner import Captioner, load_captioner
from loraloom.caption.engine import Made, Picture
from loraloom.spec.captioning import CaptionerJob
from loraloom.spec.errors import LoomError
from tests.unit.caption import tiny

PROMPT = {"florence2": "<CAPTION>"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in tiny.CAPTIONERS.items()}


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    made: list[Picture] = []
    for number, size in enumerate([(64, 64), (200, 80), (48, 90)]):
        Image.new("RGB", size, (80 * number, 120, 30)).save(tmp_path / f"{number}.png")
        made.append(Picture(tmp_path / f"{number}.png"))
    return made


def loaded(folder: Path, **settings: Any) -> Captioner:
    settings = {"max_new_tokens": 8, "device": "cpu", "temperature": 1.0, **settings}
    return load_captioner(CaptionerJob(model=str(folder), **settings))


def captions(captioner: Captioner, pictures: list[Picture]) -> list[Made]:
    found = list(captioner.caption(pictures))
    assert [place for place, _ in found] == list(range(len(pictures)))
    return [made for _, made in found]


@pytest.mark.parametrize("kind", list(tiny.CAPTIONERS))
def test_every_class_says_something(folders: dict[str, Path], kind: str, pictures: list[Picture]) -> None:
    made = captions(loaded(folders[kind], min_new_tokens=5), pictures)
    words = set(tiny.WORDS)
    assert any(m.caption for m in made)
    assert all(set(m.caption.split()) <= words for m in made), made
    assert all(bool(m.caption) != bool(m.problem) for m in made)


@pytest.mark.parametrize("kind", list(tiny.CAPTIONERS))
def test_prompt_and_length(folders: dict[str, Path], kind: str, pictures: list[Picture]) -> None:
    captioner = loaded(folders[kind], prompt=PROMPT.get(kind, "a picture of"), max_new_tokens=3, min_new_tokens=3)
    for made in captions(captioner, pictures):
        words = made.caption.split()
        if kind == "blip" and words:  # it goes on from its prompt
            assert words[:3] == ["a", "picture", "of"]
            words = words[3:]
        assert len(words) <= 3, words


@pytest.mark.parametrize("kind", ["blip", "qwen2_vl", "qwen2_5_vl"])
def test_batches_say_the_same_as_single_pictures(folders: dict[str, Path], kind: str, pictures: list[Picture]) -> None:
    captioner = loaded(folders[kind], temperature=0.0, min_new_tokens=4)
    alone = [captions(captioner, [picture])[0] for picture in pictures]
    assert captions(captioner, pictures) == alone


def test_a_seed_says_the_same_again(folders: dict[str, Path], pictures: list[Picture]) -> None:
    said = [captions(loaded(folders["blip"], seed=seed, min_new_tokens=6), pictures) for seed in (1, 1, 2)]
    assert said[0] == said[1] != said[2]


def test_what_is_asked_where_nothing_is_said(folders: dict[str, Path]) -> None:
    asked = {kind: loaded(folder).prompt for kind, folder in folders.items()}
    assert asked["blip"] == asked["blip-2"] == "" and asked["florence2"] == "<DETAILED_CAPTION>"
    assert asked["qwen2_vl"] == asked["qwen2_5_vl"] == "Describe this picture in one sentence."


def test_a_picture_the_model_cannot_take_spoils_no_other(
    folders: dict[str, Path], pictures: list[Picture], tmp_path: Path
) -> None:
    Image.new("RGB", (1000, 4)).save(tmp_path / "narrow.png")  # Qwen takes no more than 200 to 1
    (tmp_path / "broken.png").write_bytes(b"x")
    asked = [pictures[0], Picture(tmp_path / "narrow.png"), Picture(tmp_path / "broken.png"), pictures[1]]
    made = captions(loaded(folders["qwen2_vl"], min_new_tokens=6), asked)
    assert made[0].caption and made[3].caption
    assert "cannot take this picture" in made[1].problem and "not a picture" in made[2].problem


def test_what_does_not_describe_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(LoomError, match=r"\(clip\) does not describe pictures"):
        loaded(tiny.clip(tmp_path / "clip"))
    with pytest.raises(LoomError, match="needs a model"):
        load_captioner(CaptionerJob())
