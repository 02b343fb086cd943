"""A CLIP that says how near pictures are to words and to each other (Radford et al. 2021, arXiv:2103.00020)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from loraloom.generate.quiet import quiet
from loraloom.models.embedded_clip import path
from loraloom.spec.errors import LoomError

TEXTS_AT_ONCE, PICTURES_AT_ONCE = 256, 64


class Clip:
    """Loaded from a folder of transformers; the embedded one without."""

    def __init__(self, folder: Path | None = None, device: str = "cpu") -> None:
        """Raises LoomError `caption_model_unusable`."""
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        quiet()
        place = folder or path()
        try:
            network: Any = AutoModel.from_pretrained(
                place, use_safetensors=True, local_files_only=True, dtype=torch.float32
            )
            self._tokenizer: Any = AutoTokenizer.from_pretrained(place, local_files_only=True)
            self._processor: Any = AutoImageProcessor.from_pretrained(place, local_files_only=True, backend="pil")
        except (OSError, ValueError, KeyError) as error:
            says = f"{place.name} cannot be loaded as a CLIP: {error}"
            raise LoomError("caption_model_unusable", says, "Measure with the built-in one.") from error
        self._network = network.to(device).requires_grad_(False).eval()
        self._device = device

    @torch.inference_mode()
    def pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """Unit vectors [pictures, width]."""
        rows: list[torch.Tensor] = []
        for first in range(0, len(pictures), PICTURES_AT_ONCE):
            given = self._processor(images=list(pictures[first : first + PICTURES_AT_ONCE]), return_tensors="pt")
            rows.append(_features(self._network.get_image_features(given["pixel_values"].to(self._device))))
        return _unit(torch.cat(rows))

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors [texts, width]."""
        longest = self._network.config.text_config.max_position_embeddings
        padding: Any = "max_length" if self._network.config.model_type.startswith("siglip") else True
        rows: list[torch.Tensor] = []
        for first in range(0, len(texts), TEXTS_AT_ONCE):
            part = list(texts[first : first + TEXTS_AT_ONCE])
            tokens = self._tokenizer(
                part, padding=padding, truncation=True, max_length=longest, return_tensors="pt"
            ).to(self._device)
            wanted = {key: tokens[key] for key in ("input_ids", "attention_mask") if key in tokens}
            rows.append(_features(self._network.get_text_features(**wanted)))
        return _unit(torch.cat(rows))


def _features(output: Any) -> torch.Tensor:
    """transformers gives a tensor or an output that holds it."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def _unit(rows: torch.Tensor) -> np.ndarray:
    return (rows / rows.norm(dim=-1, keepdim=True)).float().cpu().numpy()
