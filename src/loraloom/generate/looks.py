"""How far pictures are from the look of a folder of pictures, seen by the base model's own VAE encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MEASURE = "style distance: Gram matrices of the VAE encoder's features"


class Looks:
    """Style as Gram matrices of features (Gatys et al. 2015, arXiv:1508.06576), of each level of the encoder.

    They hold which colours, edges and shadings come together, not where, so that subjects hardly count.
    """

    def __init__(self, vae: Any, folder: Path, size: tuple[int, int], most: int | None = None) -> None:
        """The look of the pictures in `folder`, seen at `size` (width, height), which drawn pictures must have too. Of more
        than `most` every so many-th is looked at."""
        self._vae = vae
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        files = files[:: -(-len(files) // most)] if most and files else files
        pictures = [Image.open(path).convert("RGB").resize(size, Image.Resampling.LANCZOS) for path in files]
        self._goal = self._style([np.asarray(picture, np.float32) / 255 for picture in pictures])

    def distance(self, pictures: Sequence[np.ndarray]) -> float:
        """Distance of `pictures` (each [h, w, 3] in 0 to 1) from the folder's look, as a share of it; 0 is the same."""
        levels = zip(self._style(pictures), self._goal, strict=True)
        return float(np.mean([float((own - goal).norm() / goal.norm()) for own, goal in levels]))

    @torch.no_grad()
    def _style(self, pictures: Sequence[np.ndarray]) -> list[Tensor]:
        """Mean Gram matrix [C, C] of the pictures at each level."""
        first = next(self._vae.parameters())
        sums: list[Tensor] = []
        for picture in pictures:
            x = torch.from_numpy(picture).permute(2, 0, 1)[None].to(first.device, first.dtype) * 2 - 1
            x = self._vae.encoder.conv_in(x)
            grams: list[Tensor] = []
            for block in self._vae.encoder.down_blocks:
                x = block(x)
                features = x[0].flatten(1).float()
                features = features - features.mean(1, keepdim=True)
                grams.append(features @ features.t() / features.shape[1])
            sums = grams if not sums else [total + gram for total, gram in zip(sums, grams, strict=True)]
        return [total / len(pictures) for total in sums]
