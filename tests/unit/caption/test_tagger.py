"""The engine tagger with a small ONNX of the interface that WD14 taggers have, made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loraloom.caption.engine import Made, Picture
from loraloom.caption.tagger import load_tagger, square, written
from loraloom.spec.captioning import TaggerJob
from loraloom.spec.errors import LoomError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SIDE = 16
TAGS = [
    ("general", 9, 0.9),
    ("sensitive", 9, 0.3),
    ("long_hair", 0, 0.5),
    ("^_^", 0, 0.7),
    ("blue_sky", 0, 0.36),
    ("sword", 0, 0.34),
    ("hatsune_miku", 4, 0.86),
    ("rin_(vocaloid)", 4, 0.84),
]
"""Name, category, probability for a white picture."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make(tmp_path / "wd")


def make(folder: Path, fixed: int | None = None) -> Path:
    """A tagger that looks at the mean of the first channel: white and blue pictures have the probabilities of TAGS, a
    picture without blue has lower ones."""
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir()
    wanted = np.array([p for *_, p in TAGS], dtype=np.float32)
    bias = np.log(wanted / (1 - wanted))
    mix = np.zeros((3, len(TAGS)), dtype=np.float32)
    mix[0] = 4 / 255  # channel 0 is blue
    axes = numpy_helper.from_array(np.array([1, 2], dtype=np.int64), "axes")
    constants = [axes, numpy_helper.from_array(mix, "mix"), numpy_helper.from_array(bias - 4, "bias")]
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "mix"], ["mixed"]),
        helper.make_node("Add", ["mixed", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["output"]),
    ]
    batch: Any = fixed or "batch"
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, SIDE, SIDE, 3])
    gives = helper.make_tensor_value_info("output", TensorProto.FLOAT, [batch, len(TAGS)])
    graph = helper.make_graph(nodes, "tagger", [given], [gives], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(made, str(folder / "model.onnx"))
    rows = [f"{i},{name},{category},{1000 - i}" for i, (name, category, _) in enumerate(TAGS)]
    (folder / "selected_tags.csv").write_text("tag_id,name,category,count\n" + "\n".join(rows) + "\n", "utf-8")
    return folder


def pictures(tmp_path: Path, *colours: str, size: tuple[int, int] = (20, 20)) -> list[Picture]:
    made: list[Picture] = []
    for colour in colours:
        file = tmp_path / f"{colour}.png"
        Image.new("RGB", size, colour).save(file)
        made.append(Picture(file))
    return made


def tag(model: Path, asked: list[Picture], **settings: Any) -> list[Made]:
    tagger = load_tagger(TaggerJob(model=str(model), device="cpu", **settings))
    return [made for _, made in tagger.caption(asked)]


def test_thresholds_by_category_and_order(model: Path, tmp_path: Path) -> None:
    (made,) = tag(model, pictures(tmp_path, "white"))
    assert made.caption == "hatsune miku, ^_^, long hair, blue sky"
    assert [round(label.p, 3) for label in made.labels] == [0.86, 0.7, 0.5, 0.36]
    assert [label.group for label in made.labels] == ["character", "general", "general", "general"]


@pytest.mark.parametrize(
    ("settings", "caption"),
    [
        ({"underscores": True}, "hatsune_miku, ^_^, long_hair, blue_sky"),
        ({"characters_first": False, "order": "model"}, "long hair, ^_^, blue sky, hatsune miku"),
        ({"order": "alphabet"}, "hatsune miku, ^_^, blue sky, long hair"),
        ({"blocked": ["Long Hair", "blue_sky"]}, "hatsune miku, ^_^"),
        ({"general_threshold": 0.6, "character_threshold": 0.8}, "hatsune miku, rin (vocaloid), ^_^"),
        ({"rating_threshold": 0.5, "max_tags": 2}, "hatsune miku, ^_^, general"),
        ({"rating_threshold": 0.95}, "hatsune miku, ^_^, long hair, blue sky"),
    ],
)
def test_settings(model: Path, tmp_path: Path, settings: dict[str, Any], caption: str) -> None:
    assert tag(model, pictures(tmp_path, "white"), **settings)[0].caption == caption


@pytest.mark.parametrize("fixed", [None, 1, 3])
def test_the_channels_are_blue_green_red_and_batches_change_nothing(tmp_path: Path, fixed: int | None) -> None:
    asked = pictures(tmp_path, "blue", "red", "white", "navy")
    made = tag(make(tmp_path / "other", fixed), asked, general_threshold=0.1)
    assert made[0] == made[2] and "long hair" in made[0].caption
    assert made[1].caption == "" and made[3].labels[0].p < made[0].labels[0].p


def test_pictures_are_padded_with_white_to_a_square() -> None:
    pixels = square(Image.new("RGB", (40, 20), (255, 0, 0)), SIDE)
    assert pixels.shape == (SIDE, SIDE, 3) and pixels.dtype == np.float32
    assert pixels[SIDE // 2, SIDE // 2].tolist() == [0, 0, 255] and pixels[0, 0].tolist() == [255, 255, 255]


def test_a_picture_that_does_not_decode_spoils_no_other(model: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"x")
    made = tag(model, [Picture(tmp_path / "broken.png"), *pictures(tmp_path, "white")])
    assert made[0].problem and made[1].caption


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        *((face, face) for face in ("^_^", "o_o", "0_0", "(o)_(o)", "+_-", ">_<", "||_||", "x_x", "@_@", "3_3", "=_=")),
        ("1girl", "1girl"),
        ("looking_at_viewer", "looking at viewer"),
        ("rin_(vocaloid)", "rin (vocaloid)"),
        ("k-on!", "k-on!"),
    ],
)
def test_underscores(tag: str, text: str) -> None:
    assert written(tag, False) == text and written(tag, True) == tag


def test_what_is_no_tagger_is_said(model: Path, tmp_path: Path) -> None:
    rows = (model / "selected_tags.csv").read_text("utf-8")
    for file, content, words in (
        ("selected_tags.csv", rows + "99,more,0,1\n", "8 numbers, but selected_tags.csv has 9"),
        ("selected_tags.csv", "a,b\n1,2\n", "columns name and category"),
        ("model.onnx", "no onnx", "cannot be loaded"),
    ):
        before = (model / file).read_bytes()
        (model / file).write_text(content, "utf-8")
        with pytest.raises(LoomError, match=words):
            tag(model, [])
        (model / file).write_bytes(before)
    (model / "model.onnx").unlink()
    with pytest.raises(LoomError, match=r"no model\.onnx"):
        tag(model, [])
    with pytest.raises(LoomError, match="no model at"):
        tag(tmp_path / "nowhere", [])
    with pytest.raises(LoomError, match="needs a model"):
        load_tagger(TaggerJob())
