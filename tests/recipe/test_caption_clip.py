"""The engine clip gives the numbers that transformers gives when it is used plainly, for CLIP and for SigLIP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from loraloom.caption.clip import Clip, load_clip
from loraloom.caption.engine import Made, Picture
from loraloom.models import embedded_clip
from loraloom.spec.captioning import ClipJob
from loraloom.spec.errors import LoomError
from tests.runs import DEMO
from tests.unit.caption import tiny

LABELS = ("cat", "dog", "red house", "small green tree", "fish")
NAMED = ("strawberry", "rocket", "penguin", "grapes")
VIT_B_32 = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "image_size": 224,
    "patch_size": 32,
}
TEXT_B_32 = {"hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8, "num_hidden_layers": 12}
PICTURES = [Picture(file) for file in sorted(DEMO.glob("*.png"))[:5]]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("clips")
    return {
        "ViT-B/32": tiny.clip(place / "b32", 224, VIT_B_32, TEXT_B_32 | {"max_position_embeddings": 77}),
        "tiny": tiny.clip(place / "tiny"),
        "SigLIP": tiny.siglip(place / "siglip"),
    }


def plainly(folder: Path, labels: tuple[str, ...], pictures: list[Picture]) -> torch.Tensor:
    """[pictures, labels], one sentence a label, as transformers' own examples do it."""
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    padding = "max_length" if model.config.model_type == "siglip" else True
    texts = [f"a photo of a {label}" for label in labels]
    words = tokenizer(
        texts,
        padding=padding,
        truncation=True,
        max_length=model.config.text_config.max_position_embeddings,
        return_tensors="pt",
    )
    images = processor(images=[p.load() for p in pictures], return_tensors="pt")
    with torch.inference_mode():
        out = model(input_ids=words["input_ids"], attention_mask=words["attention_mask"], **images)
    if model.config.model_type == "siglip":
        return torch.sigmoid(out.logits_per_image)
    return out.logits_per_image.softmax(dim=-1)


def loaded(folder: Path, **settings: Any) -> Clip:
    settings = {"labels": LABELS, "device": "cpu", "max_labels": len(LABELS), **settings}
    return load_clip(ClipJob(model=str(folder), **settings))


def captioned(clip: Clip, pictures: list[Picture], at_once: int) -> list[Made]:
    made: list[Made] = []
    for start in range(0, len(pictures), at_once):
        made += [m for _, m in clip.caption(pictures[start : start + at_once])]
    return made


@pytest.mark.parametrize("kind", ["ViT-B/32", "tiny", "SigLIP"])
@pytest.mark.parametrize("at_once", [1, 5])
def test_the_numbers_of_transformers(folders: dict[str, Path], kind: str, at_once: int) -> None:
    expected = plainly(folders[kind], LABELS, PICTURES)
    clip = loaded(folders[kind], prompts=["a photo of a {}"])
    for made, row in zip(captioned(clip, PICTURES, at_once), expected, strict=True):
        found = {label.label: label.p for label in made.labels}
        assert [found[label] for label in LABELS] == pytest.approx(row.tolist(), abs=1e-4)
        assert made.embedding is not None and np.linalg.norm(made.embedding) == pytest.approx(1, abs=1e-5)
    assert expected.std() > 1e-4, "the pictures or the labels would otherwise be all the same to it"


def test_sentences_are_averaged(folders: dict[str, Path]) -> None:
    clip = loaded(folders["tiny"], prompts=["a photo of a {}", "a drawing of a {}"])
    single = [loaded(folders["tiny"], prompts=[p]).texts[0] for p in ("a photo of a {}", "a drawing of a {}")]
    mean = sum(single) / 2
    assert torch.allclose(clip.texts[0], mean / mean.norm(dim=-1, keepdim=True), atol=1e-6)  # pyright: ignore[reportAttributeAccessIssue]


def test_groups_are_decided_each_on_its_own(folders: dict[str, Path]) -> None:
    groups = {"colours": ["red", "blue", "green"], "sizes": ["big", "small"]}
    clip = loaded(folders["tiny"], groups=groups, label_sets=["lighting.zh"], max_labels=2, threshold=0.0)
    made = captioned(clip, PICTURES[:1], 1)[0]
    for group, count in (("labels", 5), ("colours", 3), ("sizes", 2)):
        chances = [label.p for label in made.labels if label.group == group]
        assert len(chances) == count and sum(chances) == pytest.approx(1, abs=1e-4)
    words = made.caption.split(", ")
    assert len(words) == 8 and sum(word in groups["colours"] for word in words) == 2
    assert [label.label for label in made.labels[:8]] == words


def test_threshold_and_labels_at_most(folders: dict[str, Path]) -> None:
    best = captioned(loaded(folders["tiny"], max_labels=1), PICTURES, 5)
    assert all(m.caption and "," not in m.caption for m in best)
    assert all(m.caption == "" for m in captioned(loaded(folders["tiny"], threshold=1.0), PICTURES, 5))
    several = captioned(loaded(folders["tiny"], temperature=100.0), PICTURES, 5)  # nearly equal: 0.2 each
    assert all(len(m.caption.split(", ")) >= 2 for m in several)


def test_chinese_labels_are_asked_in_english_where_the_model_knows_no_chinese(folders: dict[str, Path]) -> None:
    chinese = loaded(folders["tiny"], labels=(), label_sets=["subjects.zh"])
    english = loaded(folders["tiny"], labels=(), label_sets=["subjects"])
    assert torch.equal(chinese.texts[0], english.texts[0])
    zh, en = captioned(chinese, PICTURES, 5), captioned(english, PICTURES, 5)
    pairs = dict(zip(english.groups[0].labels, chinese.groups[0].labels, strict=True))
    assert [pairs[m.caption] for m in en] == [m.caption for m in zh]


def test_doubts_are_told(folders: dict[str, Path]) -> None:
    doubts = loaded(folders["tiny"], labels=("cat", "猫", "quokka")).warnings
    assert [doubt.code for doubt in doubts] == ["labels_unknown"]
    assert "2 of 3 labels: 猫, quokka" in doubts[0].message
    assert loaded(folders["tiny"]).warnings == []


def test_what_is_no_clip_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(LoomError, match="is a blip model without"):
        loaded(tiny.blip(tmp_path / "blip"))
    with pytest.raises(LoomError, match="no weights"):
        (tmp_path / "empty").mkdir()
        loaded(tmp_path / "empty")
    (tmp_path / "empty" / "pytorch_model.bin").touch()
    with pytest.raises(LoomError) as raised:
        loaded(tmp_path / "empty")
    assert raised.value.code == "pickle_refused"
    (tmp_path / "empty" / "model.safetensors").touch()
    with pytest.raises(LoomError, match="cannot be loaded"):
        loaded(tmp_path / "empty")
    with pytest.raises(LoomError, match="learnt no bias"):
        loaded(folders["tiny"], probability="sigmoid")
    with pytest.raises(LoomError, match="could not be fetched"):
        load_clip(ClipJob(model="nobody/nothing", labels=("a",)))


def test_a_picture_that_does_not_decode_spoils_no_other(folders: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"x")
    made = captioned(loaded(folders["tiny"]), [Picture(tmp_path / "broken.png"), *PICTURES[:2]], 3)
    assert made[0].problem and made[1].caption and made[2].caption
    assert captioned(loaded(folders["tiny"]), [Picture(tmp_path / "broken.png")], 1)[0].problem


@pytest.mark.skipif(
    not (embedded_clip.path() / "model.safetensors").is_file(), reason="the embedded CLIP is not built yet"
)
def test_the_embedded_clip_is_the_default_and_says_how_limited_it_is() -> None:
    clip = load_clip(ClipJob(labels=(*NAMED, "xyzzyx"), device="cpu"))
    assert clip.model == "embedded"
    assert [doubt.code for doubt in clip.warnings] == ["embedded_clip", "labels_unknown"]
    assert "tiny" in clip.warnings[0].message and "xyzzyx" in clip.warnings[1].message
    made = captioned(clip, [Picture(DEMO / f"{name}.png") for name in NAMED], 4)
    right = sum(m.caption == name for m, name in zip(made, NAMED, strict=True))
    assert right >= 3, "chance is one of five"
