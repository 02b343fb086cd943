"""How far pictures are from the look of a folder of pictures, seen by the embedded base's own small CLIP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from loraloom.models.resolve import thimble_path


class Looks:
    """Style is what the first layers see: mean and spread of each feature over the picture (Huang and Belongie 2017,
    arXiv:1703.06868), compared between the average of some pictures and the average of the folder."""

    MEASURE = "distance of feature statistics in the embedded CLIP, 0 is the same look"

    def __init__(self, folder: Path) -> None:
        from transformers.models.clip.modeling_clip import CLIPModel

        self._vision: Any = CLIPModel.from_pretrained(thimble_path() / "clip", local_files_only=True).vision_model
        self._vision.float().eval()
        self._side: int = self._vision.config.image_size
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"))
        self._goal = self._style([np.asarray(Image.open(p).convert("RGB"), np.float32) / 255 for p in files])

    def distance(self, pictures: Sequence[np.ndarray]) -> float:
        """Distance of `pictures` (each [h, w, 3] in 0 to 1) to the folder's look."""
        return float((self._style(pictures).mean(0) - self._goal.mean(0)).norm() / self._goal.mean(0).norm())

    @torch.no_grad()
    def _style(self, pictures: Sequence[np.ndarray]) -> Tensor:
        """[N, F] statistics."""
        pixels = torch.stack([self._pixels(picture) for picture in pictures])
        layers = self._vision(pixels, output_hidden_states=True).hidden_states[1:3]
        return torch.cat([torch.cat([layer[:, 1:].mean(1), layer[:, 1:].std(1)], -1) for layer in layers], -1)

    def _pixels(self, picture: np.ndarray) -> Tensor:
        image = Image.fromarray((picture * 255).round().clip(0, 255).astype(np.uint8))
        image = image.resize((self._side, self._side), Image.Resampling.BICUBIC)
        return torch.from_numpy(np.asarray(image, np.float32) / 127.5 - 1).permute(2, 0, 1)
