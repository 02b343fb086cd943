"""Lines and bars: what a run looks like."""

from __future__ import annotations

from io import StringIO

from loraloom.cli.bars import Bars
from loraloom.cli.progress import Lines, sentence
from loraloom.spec.event import (
    CheckpointSaved,
    Event,
    RunStarted,
    SettingsLowered,
    StageProgressed,
    StageStarted,
    ValidationLogged,
    WarningRaised,
)
from tests.made_events import START, finished, logged, started

STORY = [
    StageStarted(stage="loading", total=1),
    StageStarted(stage="caching", total=5),
    StageProgressed(stage="caching", done=5, total=5),
    started(),
    StageStarted(stage="training", total=4),
    logged(1, 0.8),
    logged(2, 0.6),
    WarningRaised(code="x", message="Careful.", hint="Look."),
    SettingsLowered(key="training.batch_size", old=4, new=2, reason="memory ran out"),
    ValidationLogged(step=2, loss=0.7),
    logged(4, 0.2),
    CheckpointSaved(step=4, folder="c", reason="end"),
    finished(),
]


def events() -> list[Event]:
    return [Event(seq=i, time=START, type=p.type, payload=p) for i, p in enumerate(STORY, 1)]


def test_lines() -> None:
    written: list[str] = []
    lines = Lines(written.append, clock=lambda: 0.0)
    for event in events():
        lines.show(event)
    assert written == [
        "loading ...",
        "caching (5) ...",
        "thimble (sd1) on cpu: 5 pictures, 4 steps, 1,000 trainable weights",
        "training (4) ...",
        "step 1/4  loss 0.8000  0.25 s/step  30 s left (25 s to 40 s)  memory 100 B",
        "warning: Careful. Look.",
        "training.batch_size lowered from 4 to 2: memory ran out",
        "validation loss 0.7000 at step 2",
        "step 4/4  loss 0.2000  0.25 s/step  done  memory 100 B",
        "checkpoint of step 4 saved",
    ]


def test_of_texts_the_share_that_trains_and_the_perplexity() -> None:
    started = RunStarted(
        run="r", family="causal_lm", base_model="smollm2", device="cpu", step=3, total_steps=9, images=40,
        trainable_parameters=460_800, parameters=134_515_008, pid=1,
    )  # fmt: skip
    assert sentence(started) == (
        "smollm2 (causal_lm) on cpu: 40 examples, 9 steps, 460,800 of 134,515,008 weights trainable (0.34 %), "
        "going on from step 3"
    )
    assert sentence(ValidationLogged(step=2, loss=1.0, perplexity=2.7183)) == (
        "validation loss 1.0000, perplexity 2.72, at step 2"
    )


def test_a_line_every_few_seconds() -> None:
    written: list[str] = []
    now = [0.0]
    lines = Lines(written.append, clock=lambda: now[0])
    for step in range(1, 4):
        now[0] += 3
        lines.show(Event(seq=step, time=START, type="StepLogged", payload=logged(step)))
    assert [line.split()[1] for line in written] == ["1/4", "3/4"]


def test_bars_show_stage_step_loss_time_and_memory() -> None:
    stream = StringIO()
    with Bars(stream) as bars:
        for event in events():
            bars.show(event)
    text = stream.getvalue()
    for words in ("caching", "5/5", "4/4", "loss 0.2000", "memory 100 B", "Careful.", "lowered"):
        assert words in text
