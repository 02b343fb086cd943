"""The embedded small CLIP: where it is, and what it cannot do."""

from __future__ import annotations

from pathlib import Path

LIMITS: dict[str, str] = {
    "en": (
        "The built-in CLIP is tiny: it knows about a thousand things as emoji draw them, by single English words. "
        "Photographs, people, scenes, styles, light and words it never read it can only guess."
    ),
    "zh": (
        "内置的 CLIP 非常小：它只认识大约一千种以表情符号画法呈现的事物，而且只懂英文单词。"
        "对于照片、人物、场景、风格、光线以及没学过的词，它只能猜测。"
    ),
}
"""One thing to know before its labels are used, by language."""


def path() -> Path:
    """Folder of the model, in the layout of Hugging Face's CLIP. Nothing is downloaded."""
    return Path(__file__).parent.parent / "assets" / "clip"
