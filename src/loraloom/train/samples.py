"""The samples of a run: fixed prompts and seeds, drawn from the weights in training, and one sheet of all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from loraloom.data.captions import with_trigger
from loraloom.generate.draw import draw, embedded, pipeline_for
from loraloom.generate.parts import Parts
from loraloom.generate.sheet import contact_sheet, save_picture, to_picture
from loraloom.spec.event import SampleSaved, StageProgressed, StageStarted
from loraloom.spec.run import ImageRun
from loraloom.train.adapters import without_lora
from loraloom.train.texts import Texts


class Samples:
    """Draws `run.sample` into `samples/step-<n>/`, with prompt, seed and strength beside the pictures."""

    def __init__(self, run: ImageRun, run_dir: Path, parts: Parts, texts: Texts, emit: Callable[[Any], None]) -> None:
        self._run, self._run_dir, self._parts, self._texts, self._emit = run, run_dir, parts, texts, emit
        self.prompts = [with_trigger(prompt, run.caption) for prompt in run.sample.prompts]

    @property
    def captions(self) -> list[str]:
        """Every text that must be embedded to draw."""
        return [*self.prompts, self._run.sample.negative_prompt] if self.prompts else []

    def folder(self, step: int) -> Path:
        """Where the samples of a step lie."""
        return self._run_dir / "samples" / f"step-{step:06d}"

    @torch.no_grad()
    def draw(self, step: int) -> None:
        """Draw every prompt; a step already drawn (a resumed run) is drawn again in place."""
        if not self.prompts:
            return
        seeds = [self._run.sample.seed + i for i in range(len(self.prompts))]
        self._emit(StageStarted(stage="sampling", total=len(seeds)))
        models = (self._parts.unet, *self._parts.text_encoders.values())
        with nullcontext() if step else without_lora(*models):  # step 0 is the base alone, however far training is
            pictures = self._pictures(seeds)
        notes: list[dict[str, Any]] = []
        for index, (pixels, prompt, seed) in enumerate(zip(pictures, self.prompts, seeds, strict=True)):
            file = self.folder(step) / f"{index + 1:02d}.png"
            save_picture(to_picture(pixels), file)
            notes.append({"file": file.name, "prompt": prompt, "seed": seed, "strength": 1.0 if step else 0.0})
            relative = file.relative_to(self._run_dir).as_posix()
            self._emit(SampleSaved(step=step, file=relative, prompt=prompt, seed=seed))
        text = json.dumps(notes, ensure_ascii=False, indent=2)
        (self.folder(step) / "samples.json").write_text(text + "\n", "utf-8")

    def _pictures(self, seeds: list[int]) -> list[np.ndarray]:
        config, parts, device = self._run.sample, self._parts, self._texts.device
        side = self._run.dataset.resolution
        negative = self._texts.get([config.negative_prompt])[0]
        given = [embedded(text, negative, parts.unet.dtype) for text in self._texts.get(self.prompts)]
        parts.vae.to(device)
        pictures = draw(
            pipeline_for(replace(parts, text_encoders={}, tokenizers={}), self._run.loss.zero_terminal_snr),
            given,
            seeds=seeds,
            steps=config.steps,
            guidance=config.guidance,
            width=config.width or side,
            height=config.height or side,
            progress=lambda done: self._emit(StageProgressed(stage="sampling", done=done, total=len(seeds))),
        )
        parts.vae.to("cpu")
        return pictures

    def sheet(self) -> Path | None:
        """`samples/sheet.png`: a row a prompt, a column a step."""
        steps = sorted(notes.parent for notes in (self._run_dir / "samples").glob("step-*/samples.json"))
        if not self.prompts or not steps:
            return None
        rows = [[Image.open(step / f"{i + 1:02d}.png") for step in steps] for i in range(len(self.prompts))]
        path = self._run_dir / "samples" / "sheet.png"
        columns = [f"step {int(step.name.removeprefix('step-'))}" for step in steps]
        save_picture(contact_sheet(rows, self.prompts, columns), path)
        return path
