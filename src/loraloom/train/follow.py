"""`python -m loraloom.train.follow RUN_DIR NUMBER PLACE`: process NUMBER of a run, which computes its share of every step.

Started by the first process (`train.crew`), it says and writes nothing but the reason when it fails, into PLACE, and ends
with the first process, whose closed pipe tells that it is gone.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from loraloom.child import limits
from loraloom.child.work import FAILED, FINISHED, translate
from loraloom.spec.run import Run
from loraloom.train.words import WORDS


def main(arguments: list[str]) -> int:
    """The exit code; a failure in words lies in PLACE then."""
    run_dir, number, place = Path(arguments[0]), int(arguments[1]), Path(arguments[2])
    limits.apply()
    gc.disable()  # until the base model is loaded
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # a terminal's Ctrl-C comes here too: the first process decides
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_the_first, args=(place,), name="first", daemon=True).start()
    os.chdir(run_dir)  # relative paths start there, as they do in the first process
    try:
        from loraloom.train.child import read_run

        run = read_run(run_dir)
        limits.limit_memory(run.training.processes)
        _follow(run_dir, run, number, place)
    except Exception as error:
        from loraloom.train.ranks import Left

        if isinstance(error, Left):
            return FINISHED
        traceback.print_exc()
        _say(place, number, error)
        return FAILED
    return FINISHED


def _follow(run_dir: Path, run: Run, number: int, place: Path) -> None:
    from loraloom.train.families import start
    from loraloom.train.ranks import Ranks
    from loraloom.train.ready import begin, ready
    from loraloom.train.task import Setting
    from loraloom.train.update import check_finite

    device, base, dtype = begin(run, number)
    ranks = Ranks(number, run.training.processes, place, device)
    setting = Setting(run_dir, run, base, device, dtype, _ignore, _ignore, _ignore, ranks)
    task = start(run.family)(setting)
    gradients, _ = ready(setting, task)
    task.mode(True)
    gradients.updater.mode(True)
    while (step := ranks.hear()) is not None:
        check_finite("loss", gradients(step), step + 1)
        gradients.updater.step(step + 1)
    ranks.close()


def _end_with_the_first(place: Path) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    shutil.rmtree(place, ignore_errors=True)
    os._exit(FINISHED)


def _say(place: Path, number: int, error: Exception) -> None:
    """Whole or not at all: the first process reads it as soon as it is there."""
    from loraloom.train.crew import words_of

    failure = translate(error, WORDS)
    file = words_of(place, number)
    beside = file.with_suffix(".writing")
    said = {"code": failure.code, "message": failure.message, "hint": failure.hint}
    beside.write_text(json.dumps(said), "utf-8")
    beside.replace(file)


def _ignore(*_: Any) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
