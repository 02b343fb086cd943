"""Answers one request: loads the base, puts the LoRAs on as any tool would (from their files), draws, saves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from loraloom.generate.device import device_of
from loraloom.generate.draw import draw, pipeline_for
from loraloom.generate.looks import MEASURE, Looks
from loraloom.generate.parts import load_parts
from loraloom.generate.quiet import quiet
from loraloom.generate.sheet import contact_sheet, save_picture, to_picture
from loraloom.models.resolve import BaseModel, resolve
from loraloom.spec.errors import LoomError
from loraloom.spec.run import NATIVE_RESOLUTION
from loraloom.spec.sample import Distances, SampleRequest, SampleResult

STEPS, GUIDANCE = 30, 7.0
EMBEDDED_GUIDANCE = 3.0
"""The embedded base is small and oversaturates at the guidance that large models like."""


class Studio:
    """A base model with LoRAs, ready to draw."""

    def __init__(self, request: SampleRequest) -> None:
        quiet()
        if request.threads:
            torch.set_num_threads(request.threads)
        base = resolve(request.base_model)
        if base.family is None:
            raise LoomError(
                "base_model_unknown", f"The family of {request.base_model} is not known.", "Download it first."
            )
        if base.family == "causal_lm":
            raise LoomError(
                "base_model_mismatch", f"{base.name} is a language model: it draws nothing.", "Use `loraloom chat`."
            )
        device = str(device_of(request.device))
        dtype = torch.float32 if device == "cpu" else torch.float16
        parts = load_parts(base, base.family, dtype)
        self.pipeline = pipeline_for(parts).to(device)
        self._names = [_put_on(self.pipeline, Path(path), i) for i, (path, _) in enumerate(request.loras)]
        self._request = request
        self._side = base.resolution or NATIVE_RESOLUTION[base.family]
        self._guidance = _guidance(request, base)

    def draw(self, factor: float) -> list[np.ndarray]:
        """Every prompt, with the LoRAs at `factor` times their strengths (0: the base alone)."""
        request = self._request
        if self._names:
            weights = [strength * factor for _, strength in request.loras]
            self.pipeline.set_adapters(self._names, adapter_weights=weights)
        given: list[dict[str, Any]] = [
            {"prompt": prompt, "negative_prompt": request.negative_prompt} for prompt in request.prompts
        ]
        return draw(
            self.pipeline,
            given,
            seeds=[(request.seed + i) % 2**32 for i in range(len(given))],
            steps=request.steps or STEPS,
            guidance=self._guidance,
            width=request.width or self._side,
            height=request.height or self._side,
        )


def answer(request: SampleRequest) -> SampleResult:
    """Draw `request` and save it. Raises LoomError."""
    began = time.monotonic()
    studio = Studio(request)
    out = Path(request.out)
    distances = None
    if request.compare or request.grid:
        factors = (0.0, 1.0) if request.compare else request.strengths or (1.0,)
        columns = [studio.draw(factor) for factor in factors]
        save_picture(_sheet(request, columns, factors), out)
        files = [out]
        if request.compare_to is not None:
            height, width = columns[0][0].shape[:2]
            looks = Looks(studio.pipeline.vae, Path(request.compare_to), (width, height))
            before, after = (looks.distance(column) for column in columns)
            distances = Distances(measure=MEASURE, before=before, after=after)
    else:
        files = _save_each(studio.draw(1.0), out)
    return SampleResult(files=tuple(map(str, files)), seconds=time.monotonic() - began, distances=distances)


def _sheet(request: SampleRequest, columns: Sequence[Sequence[np.ndarray]], factors: Sequence[float]) -> Image.Image:
    """Before above after, a column a prompt; or a row a prompt, a column a strength."""
    pictures = [[to_picture(pixels) for pixels in column] for column in columns]
    if request.compare:
        return contact_sheet(pictures, ("before", "after"), request.prompts)
    labels = [f"strength {factor:g}" if request.loras else "base" for factor in factors]
    return contact_sheet(list(zip(*pictures, strict=True)), request.prompts, labels)


def _save_each(pictures: Sequence[np.ndarray], out: Path) -> list[Path]:
    names = [out] if len(pictures) == 1 else [out.with_stem(f"{out.stem}-{i + 1}") for i in range(len(pictures))]
    for pixels, path in zip(pictures, names, strict=True):
        save_picture(to_picture(pixels), path)
    return names


def _put_on(pipeline: Any, path: Path, index: int) -> str:
    name = f"lora_{index}"
    try:
        if path.is_dir():
            pipeline.load_lora_weights(path, adapter_name=name, local_files_only=True, use_safetensors=True)
        else:
            pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=name, local_files_only=True)
    except Exception as error:
        raise LoomError(
            "lora_mismatch",
            f"{path.name} cannot be put on this base: {str(error).splitlines()[0]}",
            "`loraloom inspect` says which family it is for; give its base with --base.",
        ) from error
    return name


def _guidance(request: SampleRequest, base: BaseModel) -> float:
    if request.guidance is not None:
        return request.guidance
    return EMBEDDED_GUIDANCE if base.name == "thimble" else GUIDANCE
