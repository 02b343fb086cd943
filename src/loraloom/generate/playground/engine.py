"""The engine: drawings in, pixels out, with bases and LoRAs kept between them. For one thread at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from loraloom.generate.answer import EMBEDDED_GUIDANCE, GUIDANCE, STEPS
from loraloom.generate.device import device_of
from loraloom.generate.draw import PIXELS_AT_ONCE, decode, embedded
from loraloom.generate.parts import Parts
from loraloom.generate.playground.bases import Base, Bases, side_of
from loraloom.generate.playground.samplers import sampler_for
from loraloom.generate.playground.swap import Use
from loraloom.generate.playground.text import Encoded, encode, layers_of
from loraloom.generate.playground.vary import latents_of, pipeline_to_vary, schedule_of, size_like
from loraloom.generate.quiet import quiet
from loraloom.models.resolve import THIMBLE, BaseModel
from loraloom.spec.drawing import Drawing

LCM_STEPS, LCM_GUIDANCE = 6, 1.5
"""LCM is for few steps, and strong guidance burns them."""
TEXTS = 256
"""Prompts whose embeddings are kept."""

OnStep = Callable[[int, int], None]
Stop = Callable[[], bool]


class Stopped(Exception):
    """The drawing was given up between two steps, because `stop` said so."""


@dataclass(frozen=True)
class Drawn:
    """One picture. `pixels` float32 [h, w, 3] in 0 to 1; milliseconds as in `DrawLine`."""

    pixels: np.ndarray
    width: int
    height: int
    steps: int
    guidance: float
    load_ms: float
    swap_ms: float
    draw_ms: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Settled:
    """A drawing whose open questions are answered by its base."""

    drawing: Drawing
    width: int
    height: int
    steps: int
    guidance: float

    @property
    def together(self) -> tuple[Any, ...]:
        """What drawings must share to be drawn as one batch."""
        d = self.drawing
        loras = tuple((use.path, use.strength, tuple(sorted(use.blocks.items()))) for use in d.loras)
        varied = None if d.picture is None else d.variation
        return (d.base_model, loras, self.width, self.height, d.sampler, self.steps, self.guidance, d.clip_skip, varied)


class Engine:
    """Draws on `device` ("auto": CUDA, MPS, then the processor). `memory_bytes` is what the bases that are kept may take
    together, None half of what is free. Raises LoomError `device_unavailable`."""

    def __init__(self, device: str = "auto", threads: int | None = None, memory_bytes: int | None = None) -> None:
        quiet()
        if threads:
            torch.set_num_threads(threads)
        self._bases = Bases(device_of(device), memory_bytes)

    def holds(self, base_model: str) -> bool:
        """Whether the base need not be loaded."""
        return base_model in self._bases

    def parts(self, base_model: str) -> Parts:
        """The parts of a base on the device, loaded unless it is there, without LoRAs. Raises LoomError of `Bases.get`."""
        base = self._bases.get(base_model)
        base.swap.put_on(())
        return base.parts

    def draw(self, drawing: Drawing, *, on_step: OnStep | None = None, stop: Stop | None = None) -> Drawn:
        """One picture. Raises Stopped, and LoomError for a base, LoRA or picture that cannot be used."""
        return self.draw_many([drawing], on_step=on_step, stop=stop)[0]

    def draw_many(
        self,
        drawings: Sequence[Drawing],
        *,
        on_step: OnStep | None = None,
        stop: Stop | None = None,
        on_drawn: Callable[[int, Drawn], None] | None = None,
    ) -> list[Drawn]:
        """A picture for each drawing, in their order; what can be is drawn together. The noise of a seed is drawn on the
        CPU: it is the same for every LoRA and in every batch.

        `on_step` hears the steps done and those of all batches, `on_drawn` the index of each picture as it is done. Raises
        Stopped, and LoomError as `draw`.
        """
        models = {name: self._bases.model(name) for name in dict.fromkeys(one.base_model for one in drawings)}
        settled = [_settle(drawing, models[drawing.base_model]) for drawing in drawings]
        batches = list(_batches(settled))
        clock = _Clock(sum(_steps(settled[batch[0]]) for batch in batches), on_step, stop)
        found: dict[int, Drawn] = {}
        for batch in batches:
            some = [settled[i] for i in batch]
            drawn = self._draw_batch(some, clock)
            for index, one in zip(batch, drawn, strict=True):
                found[index] = one
                if on_drawn is not None:
                    on_drawn(index, one)
        return [found[index] for index in range(len(drawings))]

    @torch.no_grad()
    def _draw_batch(self, some: Sequence[_Settled], clock: _Clock) -> list[Drawn]:
        """Pictures that share all of `_Settled.together`."""
        first = some[0]
        clock.check()
        began = time.perf_counter()
        base = self._bases.get(first.drawing.base_model)
        load_ms, began = _since(began), time.perf_counter()
        clock.check()
        uses, warnings = _put_on(base, first.drawing)
        swap_ms, began = _since(began), time.perf_counter()
        texts: list[tuple[Encoded, Encoded]] = []
        for one in some:
            given = [one.drawing.prompt, one.drawing.negative_prompt]
            texts.append((_read(base, given[0], first, uses), _read(base, given[1], first, uses)))
        latents = _run(base, some, texts, clock)
        clock.check()
        pictures = decode(base.parts.vae, latents)
        draw_ms = _since(began) / len(some)
        return [
            Drawn(
                pixels=pixels,
                width=one.width,
                height=one.height,
                steps=one.steps,
                guidance=one.guidance,
                load_ms=load_ms,
                swap_ms=swap_ms,
                draw_ms=draw_ms,
                warnings=(*warnings, *_cut(*text)),
            )
            for one, text, pixels in zip(some, texts, pictures, strict=True)
        ]


class _Clock:
    """Counts steps over all batches, and looks whether to stop."""

    def __init__(self, total: int, on_step: OnStep | None, stop: Stop | None) -> None:
        self._done, self._total, self._on_step, self._stop = 0, total, on_step, stop

    def check(self) -> None:
        """Raises Stopped."""
        if self._stop is not None and self._stop():
            raise Stopped

    def step(self, _pipeline: Any, _index: int, _timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        """What diffusers calls after each step."""
        self._done += 1
        if self._on_step is not None:
            self._on_step(self._done, self._total)
        self.check()
        return given


def _settle(drawing: Drawing, base: BaseModel) -> _Settled:
    lcm = drawing.sampler == "lcm"
    usual = EMBEDDED_GUIDANCE if base.name == THIMBLE else GUIDANCE
    side = side_of(base)
    width, height = side, side
    if drawing.picture is not None and drawing.width is None and drawing.height is None:
        width, height = size_like(Path(drawing.picture), side)
    return _Settled(
        drawing,
        drawing.width or width,
        drawing.height or height,
        drawing.steps or (LCM_STEPS if lcm else STEPS),
        (LCM_GUIDANCE if lcm else usual) if drawing.guidance is None else drawing.guidance,
    )


def _batches(settled: Sequence[_Settled]) -> Iterable[list[int]]:
    """Indices that are drawn together, all of a base before those of the next."""
    bases = list(dict.fromkeys(one.drawing.base_model for one in settled))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, one in enumerate(settled):
        groups.setdefault(one.together, []).append(index)
    for group in sorted(groups.values(), key=lambda group: bases.index(settled[group[0]].drawing.base_model)):
        first = settled[group[0]]
        at_once = max(1, PIXELS_AT_ONCE // (first.width * first.height))
        yield from (group[at : at + at_once] for at in range(0, len(group), at_once))


def _steps(one: _Settled) -> int:
    return one.steps if one.drawing.picture is None else schedule_of(one.steps, one.drawing.variation)[2]


def _put_on(base: Base, drawing: Drawing) -> tuple[list[Use], list[str]]:
    """Let the LoRAs of the drawing be on the base, and no others; those at strength 0 are read, for what they would say."""
    uses = [Use(base.wardrobe.fit(Path(use.path)), use.strength, use.blocks) for use in drawing.loras]
    base.swap.put_on(uses)
    warnings = [warning for use in uses for warning in use.lora.warnings]
    if drawing.clip_skip > layers_of(base.parts):
        warnings.append(
            f"Clip skip {drawing.clip_skip} is more than this base has layers: {layers_of(base.parts)} is used."
        )
    return uses, warnings


def _read(base: Base, prompt: str, one: _Settled, uses: Sequence[Use]) -> Encoded:
    """The prompt's embeddings, from memory where nothing changed that they depend on."""
    on = tuple(
        (use.lora.key, use.strength, tuple(sorted(use.blocks.items())))
        for use in uses
        if use.lora.speaks and use.strength
    )
    key = (prompt, one.drawing.clip_skip, on)
    found = base.texts.pop(key, None) or encode(base.parts, prompt, one.drawing.clip_skip)
    base.texts[key] = found  # the latest at the end
    if len(base.texts) > TEXTS:
        base.texts.pop(next(iter(base.texts)))
    return found


def _run(base: Base, some: Sequence[_Settled], texts: Sequence[tuple[Encoded, Encoded]], clock: _Clock) -> Tensor:
    """Latents [B, 4, h, w] of the pictures, noise taken away."""
    first = some[0]
    unet = base.parts.unet
    entries = [embedded(text.entry, negative.entry, unet.dtype) for text, negative in texts]
    generators = [torch.Generator().manual_seed(one.drawing.seed) for one in some]
    given: dict[str, Any] = {
        **{name: torch.stack([entry[name] for entry in entries]) for name in entries[0]},
        "generator": generators,
        "guidance_scale": first.guidance,
        "output_type": "latent",
        "callback_on_step_end": clock.step,
    }
    if first.drawing.picture is None:
        pipeline, steps = base.pipeline, first.steps
        given |= {"width": first.width, "height": first.height}
    else:
        pipeline = pipeline_to_vary(base.pipeline, base.parts)
        steps, share, _ = schedule_of(first.steps, first.drawing.variation)
        pictures = [latents_of(Path(str(one.drawing.picture)), base.parts.vae, one.width, one.height) for one in some]
        given |= {"image": torch.stack(pictures).to(unet.dtype), "strength": share}
    pipeline.scheduler = sampler_for(base.parts, first.drawing.sampler, steps)
    return pipeline(**given, num_inference_steps=steps).images


def _cut(text: Encoded, negative: Encoded) -> Iterable[str]:
    for what, count in (("prompt", text.cut), ("negative prompt", negative.cut)):
        if count:
            yield f"The last {count} tokens of the {what} are cut: the base has no room for them."


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
