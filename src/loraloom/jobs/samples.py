"""The samples of a run, from what it said of them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from loraloom.jobs.tail import tail
from loraloom.spec.event import SampleSaved


class Sample(BaseModel):
    """One picture or answer: the prompt's place among the prompts, from 0, and where a picture is served."""

    step: int
    index: int
    url: str | None
    prompt: str
    seed: int
    text: str | None = None
    """The answer, where it is one."""


def listed(run_dir: Path, address: str) -> list[Sample]:
    """Every sample that is still there, by step and prompt; one that was drawn again counts once."""
    found: dict[str, Sample] = {}
    for event in tail(run_dir, only="SampleSaved"):
        said = event.payload
        if isinstance(said, SampleSaved) and (said.text is not None or (run_dir / said.file).exists()):
            stem = Path(said.file).stem
            index = int(stem) - 1 if stem.isdecimal() else 0
            found[said.file] = Sample(
                step=said.step,
                index=index,
                url=f"{address}/{said.file}" if said.text is None else None,
                prompt=said.prompt,
                seed=said.seed,
                text=said.text,
            )
    return sorted(found.values(), key=lambda sample: (sample.step, sample.index))
