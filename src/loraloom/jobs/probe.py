"""A few real steps of a run, on its device, in a child like any other: what they cost is what the forecast is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraloom.data.plan import plan as make_plan
from loraloom.jobs import folder, yaml_file
from loraloom.jobs.follow import Wish, follow
from loraloom.jobs.runners import FINISHED
from loraloom.jobs.runners.local import LocalRunner
from loraloom.spec.dataset import DatasetReport, Image, Plan
from loraloom.spec.errors import LoomError
from loraloom.spec.event import Event, RunFinished, StageProgressed, StageStarted, StepLogged
from loraloom.spec.forecast import Measured
from loraloom.spec.run import RUN, Run
from loraloom.store.blobs import link_or_copy

STEPS = 5
"""Optimizer steps that are taken; the first warms up and does not count."""
SAMPLING_STEPS = 3


def probe(run: Run, report: DatasetReport, wish: Wish) -> Measured:
    """What `run` costs, measured. Raises LoomError: what stops this stops the run too; `interrupted` when wished for."""
    plan = make_plan(report, run)
    with tempfile.TemporaryDirectory(prefix="loraloom-") as place:
        run_dir = Path(place)
        _fill(run_dir / "data", run, plan)
        config = trimmed(run)
        yaml_file.write(run_dir / folder.CONFIG, config, "A few steps, to measure.")
        events: list[Event] = []
        runner = LocalRunner()
        runner.start(run_dir)
        ended = follow(runner, run_dir, wish, events.append)
        if ended.code != FINISHED:
            raise LoomError("interrupted", "The measurement was stopped.", "Nothing was changed.")
        return measured(events, config["sample"]["steps"], run_dir)


def trimmed(run: Run) -> dict[str, Any]:
    """`run` for STEPS steps on the pictures beside it, its samples with few denoising steps."""
    config: dict[str, Any] = run.model_dump(mode="json")
    config["dataset"] |= {"path": "data", "metadata_path": None}
    config["training"] |= {"steps": STEPS, "epochs": None}
    config["sample"] |= {"every_steps": None, "steps": min(SAMPLING_STEPS, run.sample.steps)}
    config["checkpoints"] |= {"every_steps": None, "every_minutes": None}
    config["validation"] |= {"share": 0.0}
    config["tensorboard_dir"] = None
    return RUN.validate_python(config).model_dump(mode="json")


def measured(events: Sequence[Event], sampling_steps: int, run_dir: Path) -> Measured:
    """What the events of a trimmed run tell. What comes before the first one, starting Python and torch, is loading too."""
    began: dict[str, Event] = {}
    latents = 0  # captions are embedded after them, in the same stage
    took: dict[str, list[float]] = {}
    steps: list[float] = []
    peak, device, before = 0, "", 0.0
    for event in events:
        match event.payload:
            case StageStarted(stage=stage):
                began[stage] = event
            case StageProgressed(stage=stage, done=done, total=total) if done == total:
                took.setdefault(stage, []).append((event.time - began[stage].time).total_seconds())
                latents = latents or (total if stage == "caching" else 0)
            case StepLogged() as step:
                steps.append(step.step_seconds)
                peak, device = max(peak, step.peak_memory_bytes), step.device
            case RunFinished() as done:
                peak = max(peak, done.peak_memory_bytes)
                before = max(0.0, done.seconds - (event.time - events[0].time).total_seconds())
            case _:
                pass
    rounds = took.get("sampling", [0.0])
    return Measured(
        loading=before + took["loading"][0],
        caching_latent=took["caching"][-1] / latents,
        steps=tuple(steps[1:] or steps),
        sampling_round=rounds[-1],
        sampling_steps=sampling_steps,
        exporting=took.get("exporting", [0.0])[0],
        peak_memory_bytes=peak,
        checkpoint_bytes=_size(run_dir / "checkpoints"),
        lora_bytes=_size(run_dir / "lora"),
        device=device,
    )


def _fill(data: Path, run: Run, plan: Plan) -> None:
    """Pictures of the largest bucket, as many as the steps take, with a caption each; masks cost nothing to speak of."""
    data.mkdir()
    largest = max(plan.buckets, key=lambda bucket: bucket.width * bucket.height)
    size = (largest.width, largest.height)
    wanted = run.training.batch_size * run.training.accumulation * STEPS
    chosen: list[Image] = [image for image in plan.images if plan.sizes[image.name] == size][:wanted]
    for number, image in enumerate(chosen):
        source = Path(image.path)
        link_or_copy(source, data / f"{number:05d}{source.suffix.lower()}")
        if image.captions:
            (data / f"{number:05d}.txt").write_text(image.captions[0], encoding="utf-8")


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
