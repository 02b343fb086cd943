"""Pictures as latents: encoded once by the VAE, kept in the cache, put together into batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from loraloom.data.draws import Stream, draws
from loraloom.data.fitting import box_of, fit, fit_mask
from loraloom.data.pictures import load_mask, load_picture
from loraloom.data.sampler import Batch
from loraloom.spec.dataset import Dataset, Image
from loraloom.train.cache import Cache, key_of
from loraloom.train.families.protocol import Geometry
from loraloom.train.ranks import Ranks


class Latents:
    """Latents [4, h, w] of every picture, for each crop variant and for its mirror image."""

    def __init__(
        self,
        images: Sequence[Image],
        sizes: Mapping[str, tuple[int, int]],
        dataset: Dataset,
        cache: Cache,
        base: str,
        seed: int,
    ) -> None:
        self._images, self._sizes, self._dataset = images, sizes, dataset
        self._cache, self._base, self._seed = cache, base, seed

    def prepare(self, vae: Any, progress: Callable[[int, int], None], ranks: Ranks) -> None:
        """Encode whatever the cache lacks, one picture at a time, on the VAE's device; each of `ranks` encodes its share."""
        variants = self._dataset.crop_variants if self._dataset.crop == "random" else 1
        flips = (False, True) if self._dataset.flip else (False,)
        wanted = [(i, v, f) for i in range(len(self._images)) for v in range(variants) for f in flips]
        every = {self._key(*one): one for one in wanted}
        keys = list(ranks.gather({key: {} for key in every if key not in self._cache}))  # what any of them lacks
        there = len(wanted) - len(keys)
        if there:
            progress(there, len(wanted))
        for first in range(0, len(keys), ranks.count):
            mine = keys[first + ranks.number : first + ranks.number + 1]
            for key, entry in ranks.gather({key: self._encode(vae, *every[key]) for key in mine}).items():
                if key not in self._cache:  # on a disk that they share another process may have been sooner
                    self._cache[key] = entry
            progress(there + min(first + ranks.count, len(keys)), len(wanted))

    def batch(self, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor | None, list[Geometry]]:
        """Latents [B, 4, h, w] in fp32, masks [B, 1, h, w] or None, and the sizes SDXL is told."""
        entries = [
            self._cache[self._key(i, v, f)] for i, v, f in zip(batch.images, batch.variants, batch.flips, strict=True)
        ]
        latents = torch.stack([entry["latent"] for entry in entries]).to(device)
        mask = None
        if any("mask" in entry for entry in entries):
            whole = torch.ones(1, *latents.shape[2:])
            mask = torch.stack([entry.get("mask", whole) for entry in entries]).to(device)
        return latents, mask, [_geometry(entry["geometry"].tolist()) for entry in entries]

    def _key(self, index: int, variant: int, flip: bool) -> str:
        image = self._images[index]
        size = self._sizes[image.name]
        crop = (self._dataset.crop, variant, self._seed) if self._dataset.crop == "random" else self._dataset.crop
        own = () if image.crop is None else (image.crop,)  # keys of whole pictures stay what they were
        return key_of(image.sha256, image.mask_sha256, size, crop, flip, self._dataset.background, self._base, *own)

    @torch.no_grad()
    def _encode(self, vae: Any, index: int, variant: int, flip: bool) -> dict[str, Tensor]:
        image = self._images[index]
        size = self._sizes[image.name]
        whole = load_picture(Path(image.path), self._dataset.background)
        box = box_of(whole.size, image.crop)
        picture = whole if image.crop is None else whole.crop(box)
        fitted = fit(
            picture, size, self._dataset.crop, draws(self._seed, Stream.CROP, int(image.sha256[:12], 16), variant)
        )
        pixels = torch.from_numpy(np.asarray(fitted.picture, dtype=np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        pixels = pixels.flip(-1) if flip else pixels
        first = next(vae.parameters())
        mean = vae.encode(pixels.to(first.device, first.dtype)).latent_dist.mode()
        latent = ((mean.float() - (vae.config.shift_factor or 0)) * vae.config.scaling_factor)[0]
        entry = {"latent": latent, "geometry": torch.tensor([*fitted.original, *fitted.corner, *size])}
        if image.mask is not None and self._dataset.masks:
            left, top, right, bottom = box
            mask = load_mask(Path(image.mask), whole.size)[top:bottom, left:right]
            weight = fit_mask(mask, size, fitted.corner)
            plane = torch.from_numpy(weight)[None, None]
            plane = plane.flip(-1) if flip else plane
            entry["mask"] = F.interpolate(plane, latent.shape[1:], mode="area")[0]
        return entry


def _geometry(numbers: list[int]) -> Geometry:
    a, b, c, d, e, f = numbers
    return Geometry(original=(a, b), crop=(c, d), target=(e, f))
