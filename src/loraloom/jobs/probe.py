"""A few real steps of a run, on its device, in a child like any other: what they cost is what the forecast is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from math import gcd
from pathlib import Path
from typing import Any

import psutil

from loraloom.data.plan import plan as make_plan
from loraloom.jobs import devices, folder, yaml_file
from loraloom.jobs.follow import Wish, follow
from loraloom.jobs.runners import FINISHED, Runner
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.took import stages
from loraloom.spec.dataset import Bucket, DatasetReport, Image, Plan
from loraloom.spec.errors import LoomError
from loraloom.spec.event import Event, RunFinished, SampleSaved, StageProgressed, StageStarted, StepLogged
from loraloom.spec.forecast import Measured
from loraloom.spec.run import RUN, Run
from loraloom.store.blobs import link_or_copy

STEPS = 5
"""Optimizer steps that are taken; the first warms up and does not count."""
SAMPLING_STEPS = 3
LOOK = 0.3
"""Seconds for which the processor's load is looked at."""
Start = Callable[[], Runner]
"""Makes what carries the child."""


def probe(
    run: Run,
    report: DatasetReport,
    wish: Wish,
    *,
    steps: int = STEPS,
    start: Start = LocalRunner,
    parent: Path | None = None,
) -> Measured:
    """What `run` costs, measured; in a folder of its own, in `parent`, that is gone afterwards. Raises LoomError: what stops
    this stops the run too (`out_of_memory`); `interrupted` when wished for."""
    plan = make_plan(report, run)
    with tempfile.TemporaryDirectory(prefix="loraloom-", dir=parent) as place:
        run_dir = Path(place)
        heaviest = _heaviest(plan)
        pictures = _fill(run_dir / "data", run, plan, heaviest)
        config = trimmed(run, _repeats(pictures, heaviest, run.training.batch_size), steps)
        yaml_file.write(run_dir / folder.CONFIG, config, "A few steps, to measure.")
        events: list[Event] = []
        busy = psutil.cpu_percent(LOOK) / 100
        runner = start()
        runner.start(run_dir)
        ended = follow(runner, run_dir, wish, events.append)
        if ended.code != FINISHED:
            raise LoomError("interrupted", "The measurement was stopped.", "Nothing was changed.")
        found = measured(events, config["sample"]["steps"], run_dir)
        return found.model_copy(
            update={
                "pixels": float(heaviest.width * heaviest.height),
                "busy": busy if found.device == devices.CPU else 0.0,  # a card is ours alone while it is measured
            }
        )


def trimmed(run: Run, repeats: int, steps: int = STEPS) -> dict[str, Any]:
    """`run` for `steps` steps on the pictures beside it, `repeats` times each; its samples with few denoising steps."""
    config: dict[str, Any] = run.model_dump(mode="json")
    config["dataset"] |= {"path": "data", "metadata_path": None, "repeats": repeats, "upscale": True, "min_side": 1}
    config["training"] |= {"steps": steps, "epochs": None}
    config["sample"] |= {"every_steps": None, "steps": min(SAMPLING_STEPS, run.sample.steps)}
    config["checkpoints"] |= {"every_steps": None, "every_minutes": None}
    config["validation"] |= {"share": 0.0}
    config["tensorboard_dir"] = None
    return RUN.validate_python(config).model_dump(mode="json")


def measured(events: Sequence[Event], sampling_steps: int, run_dir: Path) -> Measured:
    """What the events of a trimmed run tell. Latents and captions are made in one stage; it counts by latents."""
    latents = next(
        e.payload.total for e in events if isinstance(e.payload, StageProgressed) and e.payload.stage == "caching"
    )
    steps = [event.payload for event in events if isinstance(event.payload, StepLogged)]
    seconds = [step.step_seconds for step in steps]
    done = [event.payload for event in events if isinstance(event.payload, RunFinished)]
    took = stages(events)
    return Measured(
        loading=took["loading"],
        caching_latent=took["caching"] / latents,
        steps=tuple(seconds[1:] or seconds),
        sampling_round=_last_round(events),
        sampling_steps=sampling_steps,
        exporting=took["exporting"],
        peak_memory_bytes=max(said.peak_memory_bytes for said in (*steps, *done)),
        checkpoint_bytes=_size(run_dir / "checkpoints"),
        lora_bytes=_size(run_dir / "lora"),
        device=steps[-1].device,
        latents=latents,
    )


def _last_round(events: Sequence[Event]) -> float:
    """Seconds of the last samples; the first ones warm up."""
    began, took = None, 0.0
    for event in events:
        if isinstance(event.payload, StageStarted) and event.payload.stage == "sampling":
            began = event.time
        elif isinstance(event.payload, SampleSaved) and began is not None:
            took = (event.time - began).total_seconds()
    return took


def _heaviest(plan: Plan) -> Bucket:
    """The bucket whose full batch is the most work."""
    return max(plan.buckets, key=lambda bucket: bucket.width * bucket.height * min(bucket.samples, plan.batch_size))


def _repeats(pictures: int, bucket: Bucket, batch: int) -> int:
    """How often each picture counts, so that all batches are full where the bucket can fill one."""
    if bucket.samples < batch:
        return max(1, bucket.samples // pictures)
    return batch // gcd(batch, pictures)


def _fill(data: Path, run: Run, plan: Plan, bucket: Bucket) -> int:
    """Pictures of the bucket, with a caption each; masks cost nothing to speak of. Returns how many."""
    data.mkdir()
    size = (bucket.width, bucket.height)
    wanted = run.training.batch_size * run.training.accumulation * STEPS
    chosen: list[Image] = [image for image in plan.images if plan.sizes[image.name] == size][:wanted]
    for number, image in enumerate(chosen):
        source = Path(image.path)
        link_or_copy(source, data / f"{number:05d}{source.suffix.lower() or '.png'}")
        if image.captions:
            (data / f"{number:05d}.txt").write_text(image.captions[0], encoding="utf-8")
    return len(chosen)


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
