"""Carries `loraloom caption` out: looks at the data set, follows the child, brings the captions back."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from loraloom.cli.caption_job import job_of
from loraloom.cli.interrupts import counting
from loraloom.cli.progress import Display, display
from loraloom.cli.words import counted, duration, number
from loraloom.data import captioned
from loraloom.data.compose import compose
from loraloom.data.home import cache
from loraloom.data.importer import scan
from loraloom.data.layout import LOOM_FILE, METADATA_NAMES, key_of
from loraloom.data.source import open_source
from loraloom.jobs.follow import Wish, follow
from loraloom.jobs.runners import FINISHED, INTERRUPTED
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.tail import Tail
from loraloom.spec.captioning import CaptionJob
from loraloom.spec.dataset import Dataset, Image
from loraloom.spec.engines import ENGINES
from loraloom.spec.errors import LoomError
from loraloom.spec.event import CaptionsFinished, Event

COMMAND = (sys.executable, "-m", "loraloom.caption")
STOPPING = {
    1: "Stopping after the batch that is being captioned (Ctrl-C again ends at once).",
    2: "Ending now; what was captioned before is kept.",
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line."""

    dataset: str
    engine: str
    options: Mapping[str, Any]
    sets: tuple[str, ...]
    out: Path | None
    job_dir: Path | None


def carry_out(wanted: Wanted, as_json: bool, say: Say) -> dict[str, Any]:
    """What came out, as `--json` prints it. Raises LoomError; ends the command with 130 when it was stopped."""
    out = None if wanted.out is None else wanted.out.expanduser().absolute()
    options = dict(wanted.options)
    if out is not None:
        _check_out(out, options)
    job = job_of(wanted.engine, options, wanted.sets)
    ENGINES[job.engine].require()
    root, _ = open_source(wanted.dataset, None)
    _check_place(root, Path(wanted.dataset), out)
    report = scan(Dataset(path=wanted.dataset, metadata_path=str(out) if out is not None and out.is_file() else None))
    for skipped in report.skipped:
        if skipped.reason not in ("hidden", "cache", "mask"):
            say(f"{skipped.file} is left out: {skipped.message}")
    images = [i for i in report.images if not (job.existing == "keep" and captioned.own_caption(i))]
    done: dict[str, Any] = {"pictures": len(report.images), "captioned": 0, "failed": 0, "seconds": 0.0, "cost": 0.0}
    made: dict[str, captioned.Line] = {}
    if images:
        with _job_dir(wanted, say) as job_dir:
            captioned.place(images, job, job_dir)
            ended = _child(job_dir, sys.stderr if as_json else sys.stdout)
            made = captioned.lines(job_dir)
        done |= ended.model_dump(exclude={"type", "images"})
        done["captioned"] = sum(captioned.file_of(image) in made for image in images)
        if nothing := sum(not line.caption for line in made.values()):
            say(f"For {counted(nothing, 'picture')} nothing was likely enough: what is there is left as it is.")
    else:
        say("Every picture has a caption, so that nothing is to be done; --existing append or replace goes over them.")
    return done | _bring_back(report.images, made, job, root, out, say)


def tell(done: dict[str, Any]) -> None:
    """Print what came out."""
    line = f"{counted(done['captioned'], 'picture')} captioned in {duration(done['seconds'])}"
    line += f", {done['failed']} failed" if done["failed"] else ""
    if done.get("tokens_in"):
        line += f"; {number(done['tokens_in'])} tokens sent, {number(done['tokens_out'])} answered"
    if done["cost"]:
        line += f", cost {done['cost']:.6g}"
    print(f"{line}.")
    if done["out"]:
        print(f"{counted(done['written'], 'row')} in {done['out']}")
    else:
        print(
            f"{counted(done['written'], 'caption file')} written beside the pictures, {done['unchanged']} left as they were."
        )


def _check_out(out: Path, options: dict[str, Any]) -> None:
    if out.suffix.lower() != ".csv":
        raise typer.BadParameter(f"{out.name!r} does not end in .csv", param_hint="--out")
    if not out.parent.is_dir():
        raise LoomError("file_not_found", f"There is no folder {out.parent}.", "Make it, or write elsewhere.")
    if out.is_file() and (more := captioned.other_columns(out)):
        text = f"{out.name} has more columns ({', '.join(more)}), which would be lost."
        raise LoomError("config_invalid", text, "Write into another file, and train with it as dataset.metadata_path.")
    if "existing" in options:
        return
    if out.exists():
        hint = "Say what happens to its captions: --existing keep, append, prepend or replace."
        raise LoomError("config_invalid", f"{out} is there already.", hint)
    options["existing"] = "replace"  # in a new file nothing is lost


def _check_place(root: Path, given: Path, out: Path | None) -> None:
    """Files beside pictures must be possible, and be what a training reads."""
    if out is not None:
        return
    if given.expanduser().is_file():
        raise LoomError("config_invalid", "Captions cannot be written into a zip.", "Write a CSV: --out captions.csv")
    there = next((root / name for name in sorted(METADATA_NAMES - {LOOM_FILE}) if (root / name).is_file()), None)
    if there is not None:
        text = f"{there.name} in the data set is read before files beside pictures, which would have no effect."
        raise LoomError("config_invalid", text, "Write a CSV with --out, or move that file away.")


@contextlib.contextmanager
def _job_dir(wanted: Wanted, say: Say) -> Any:
    """The job folder: the one that was asked for, or one that goes when all is done and stays otherwise."""
    if wanted.job_dir is not None:
        yield wanted.job_dir.expanduser().absolute()
        return
    cache().mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="captions-", dir=cache()))
    try:
        yield folder
    except BaseException:
        if captioned.lines(folder):
            say(f"What is captioned so far is kept. Go on with the same command and --job {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _child(job_dir: Path, stream: Any) -> CaptionsFinished:
    """Run the child to its end and show how it goes."""
    wish, seen = Wish(), Tail(job_dir)
    for _ in seen.read():  # what earlier children said is not shown again
        pass
    ends: list[CaptionsFinished] = []
    runner = LocalRunner(COMMAND)

    def show(event: Event) -> None:
        if isinstance(event.payload, CaptionsFinished):
            ends.append(event.payload)
        view.show(event)

    view: Display
    with display(stream) as view, counting(wish):
        runner.start(job_dir)
        try:
            ended = follow(runner, job_dir, wish, show, seen.seq, lambda times: view.say(STOPPING[times]))
        except LoomError as error:
            raise _as_captioning(error) from error
    if ended.code != FINISHED or not ends:
        raise typer.Exit(INTERRUPTED)
    return ends[-1]


def _as_captioning(error: LoomError) -> LoomError:
    """The runner speaks of a training; here the child is another."""
    if "training process" not in error.message:
        return error
    hint = "Start it again; with --job it goes on where it was."
    if error.code == "out_of_memory":
        hint = "Take a smaller batch (--batch 1) or a smaller model."
    return LoomError(error.code, error.message.replace("training process", "captioning process"), hint)


def _bring_back(
    images: list[Image], made: dict[str, captioned.Line], job: CaptionJob, root: Path, out: Path | None, say: Say
) -> dict[str, Any]:
    written, unchanged, prompts = 0, 0, dict[str, str]()
    taken: dict[tuple[str, ...], str] = {}
    for image in images:
        line, there = made.get(captioned.file_of(image)), captioned.own_caption(image)
        text = compose(there, line.caption, job) if line is not None else None
        path = Path(image.path)
        parts = path.relative_to(root).parts
        if out is not None:
            if text or there:
                prompts["/".join(parts)] = text or there
            continue
        first = taken.setdefault(key_of(parts), image.name)
        if first != image.name and text is not None:
            say(
                f"{image.name} shares its caption file with {first}, whose caption it holds; use --out FILE.csv for both."
            )
        elif text is not None:
            captioned.write_sidecar(path, text)
            written += 1
            continue
        unchanged += 1
    if out is not None:
        captioned.write_csv(out, prompts)
        written, unchanged = len(prompts), len(images) - len(prompts)
    return {"written": written, "unchanged": unchanged, "out": str(out) if out is not None else None}
