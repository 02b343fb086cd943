"""The embedded CLIP: small, complete, loaded without a network, and sensible about the demo pictures."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loraloom.models import embedded_clip

DEMO = Path(embedded_clip.__file__).parents[1] / "assets" / "demo" / "pictures"
LABELS = ("banana", "cactus", "dog", "donut", "grapes", "octopus", "penguin", "apple", "car", "rocket")


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any, Any]:
    """Model, tokenizer, image processor, by plain transformers, with every connection refused."""

    def refuse(*_: object) -> None:
        raise AssertionError("something wanted the network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

        folder = embedded_clip.path()
        return (
            CLIPModel.from_pretrained(folder).float().eval(),
            AutoTokenizer.from_pretrained(folder),
            CLIPImageProcessorPil.from_pretrained(folder),
        )


def test_a_megabyte_at_most_with_its_notes() -> None:
    files = {p.name: p.stat().st_size for p in embedded_clip.path().rglob("*") if p.is_file()}
    assert sum(files.values()) <= 1_000_000
    assert {"README.md", "LICENSE", "LICENSE-data.txt", "model.safetensors", "config.json"} <= files.keys()
    assert not [name for name in files if name.endswith((".bin", ".pt", ".pkl"))]


def test_it_says_what_it_cannot_do() -> None:
    assert set(embedded_clip.LIMITS) == {"en", "zh"}
    assert "guess" in embedded_clip.LIMITS["en"] and "猜" in embedded_clip.LIMITS["zh"]


def test_demo_pictures_get_sensible_labels(loaded: tuple[Any, Any, Any]) -> None:
    import torch

    model, tokenizer, processor = loaded
    files = {"dog": "dog-face", "apple": "red-apple", "car": "red-car"}
    images = [Image.open(DEMO / f"{files.get(label, label)}.png").convert("RGB") for label in LABELS]
    texts = tokenizer([f"a picture of a {label}" for label in LABELS], padding=True, return_tensors="pt")
    with torch.inference_mode():
        chances = model(**texts, **processor(images, return_tensors="pt")).logits_per_image.softmax(-1)
    first = sum(int(row.argmax()) == i for i, row in enumerate(chances))
    third = sum(i in row.topk(3).indices for i, row in enumerate(chances))
    assert first >= 5, f"{first} of 10, where chance is one"
    assert third >= 8, f"{third} of 10 among the first three"


def test_words_it_never_read_are_unknown(loaded: tuple[Any, Any, Any]) -> None:
    _, tokenizer, _ = loaded
    assert tokenizer.unk_token_id not in tokenizer("A picture of a CAT, on a white background.").input_ids
    assert tokenizer("quark").input_ids[1] == tokenizer("猫").input_ids[1] == tokenizer.unk_token_id
    assert len(tokenizer("a " * 40, truncation=True).input_ids) == 12
