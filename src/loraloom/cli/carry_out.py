"""Start the child for a run folder, show how it goes, and say at the end what came out. Used by `train` and `demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Thread

import typer

from loraloom.cli.interrupts import counting
from loraloom.cli.progress import Display, display
from loraloom.cli.show import note, print_json
from loraloom.cli.words import counted, duration
from loraloom.jobs import folder, foretold, ladder
from loraloom.jobs.finish import finish
from loraloom.jobs.follow import Wish, follow
from loraloom.jobs.runners import FINISHED, INTERRUPTED
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.summary import Summary, summary
from loraloom.jobs.tail import Tail
from loraloom.spec.errors import LoomError

STOPPING = {
    1: "Stopping: a checkpoint is being written (Ctrl-C again ends at once).",
    2: "Ending now; what the last checkpoint holds is safe.",
}


def carry_out(run_dir: Path, as_json: bool) -> Summary:
    """Run the child for `run_dir` to its end. Raises LoomError; ends the command with 130 when the user stopped it."""
    already = summary(run_dir)
    if already is not None:
        note(f"This run is finished: {run_dir}")
        return finish(run_dir, note) or already
    folder.await_free(run_dir)
    try:
        with display(sys.stderr if as_json else sys.stdout) as view:
            stopped = _climb_down(run_dir, view)
    except LoomError:
        note(f"Everything that the run said is in {run_dir / folder.LOG}")
        raise
    done = None if stopped else finish(run_dir, note)
    if done is not None:
        foretold.learn_from(run_dir)
    if done is None:
        note(f"Stopped. Go on with: loraloom train {_quoted(run_dir)}")
        if as_json:
            print_json({"run_dir": str(run_dir), "interrupted": True})
        raise typer.Exit(INTERRUPTED)
    return done


def _climb_down(run_dir: Path, view: Display) -> bool:
    """Follow the child; where memory runs out, lower a setting and start the next one. Returns what `_follow` does."""
    while True:
        try:
            return _follow(run_dir, view)
        except LoomError as error:
            view.say(ladder.words(ladder.lower(run_dir, error)))


def _follow(run_dir: Path, view: Display) -> bool:
    """Start the child and stay until it has ended. Returns whether it was stopped before the run was done."""
    wish = Wish()
    seen = Tail(run_dir)
    for _ in seen.read():  # what earlier children said is not shown again
        pass
    runner = LocalRunner()
    with counting(wish):
        view.say(f"Run folder: {run_dir}")
        runner.start(run_dir)
        if seen.seq == 0:  # its first child; the forecast is there long before the first step
            Thread(target=foretold.foretell_folder, args=(run_dir,), daemon=True).start()
        ended = follow(runner, run_dir, wish, view.show, seen.seq, lambda times: view.say(STOPPING[times]))
    return ended.code != FINISHED


def tell(done: Summary) -> None:
    """Print what came out."""
    print(
        f"Done: {counted(done.steps, 'step')} in {duration(done.seconds)}, "
        f"loss {done.loss_first:.4f} -> {done.loss_last:.4f}."
    )
    print(f"LoRA: {done.lora}")
    if done.samples:
        print(f"Samples: {Path(done.samples[-1]).parent.parent}")


def _quoted(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if " " in text else text
