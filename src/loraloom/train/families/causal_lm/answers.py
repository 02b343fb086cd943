"""The samples of a run on texts: fixed prompts, answered from the weights in training."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from loraloom.generate.language import Speaker
from loraloom.spec.event import SampleSaved, StageProgressed, StageStarted
from loraloom.spec.example import Message
from loraloom.spec.run import TextRun
from loraloom.train.adapters import without_lora
from loraloom.train.families.causal_lm import attention


class Answers:
    """Answers `run.sample.prompts` into `samples/step-<n>/`, a file each, with prompt, seed and strength beside them."""

    def __init__(self, run: TextRun, run_dir: Path, speaker: Speaker, emit: Callable[[Any], None]) -> None:
        self._run, self._run_dir, self._speaker, self._emit = run, run_dir, speaker, emit

    def folder(self, step: int) -> Path:
        """Where the answers of a step lie."""
        return self._run_dir / "samples" / f"step-{step:06d}"

    def give(self, step: int) -> None:
        """Answer every prompt; step 0 is the base alone. One already answered (a resumed run) is answered again in place."""
        config = self._run.sample
        if not config.prompts:
            return
        self._emit(StageStarted(stage="sampling", total=len(config.prompts)))
        folder = self.folder(step)
        folder.mkdir(parents=True, exist_ok=True)
        notes: list[dict[str, Any]] = []
        model = self._speaker.model
        model.set_attn_implementation("sdpa")
        try:
            with nullcontext() if step else without_lora(model):
                for index, prompt in enumerate(config.prompts):
                    file = folder / f"{index + 1:02d}.txt"
                    seed = config.seed + index
                    answer = self._speaker.answer(
                        (Message(role="user", content=prompt),),
                        system=self._run.dataset.system,
                        temperature=config.temperature,
                        max_tokens=config.max_tokens,
                        seed=seed,
                    )
                    file.write_text(answer + "\n", encoding="utf-8", newline="\n")
                    notes.append({"file": file.name, "prompt": prompt, "seed": seed, "strength": 1.0 if step else 0.0})
                    relative = file.relative_to(self._run_dir).as_posix()
                    strength = 1.0 if step else 0.0
                    self._emit(
                        SampleSaved(step=step, file=relative, prompt=prompt, seed=seed, strength=strength, text=answer)
                    )
                    self._emit(StageProgressed(stage="sampling", done=index + 1, total=len(config.prompts)))
        finally:
            model.set_attn_implementation(attention.NAME)
        (folder / "samples.json").write_text(json.dumps(notes, ensure_ascii=False, indent=2) + "\n", "utf-8")
