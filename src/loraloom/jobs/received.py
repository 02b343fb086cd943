"""What a worker sends of its run: events, files, the end. Each is taken only from the run's newest grant, and only once."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import ValidationError
from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from loraloom.jobs import asks, grants
from loraloom.jobs.checkpoints import ELSEWHERE
from loraloom.jobs.fold import columns
from loraloom.jobs.folder import refusal
from loraloom.jobs.states import ACTIVE, move
from loraloom.jobs.tail import EVENTS
from loraloom.spec.errors import LoomError
from loraloom.spec.event import Event, RunStarted, StageStarted, StepLogged, decode
from loraloom.spec.work import FileRef, Orders
from loraloom.store.blobs import Blobs, link_or_copy
from loraloom.store.tables import Artifact, Grant, Run, now

OURS = ("data", "cache", "asks", "lock", "run.yaml", EVENTS)
"""Of a run folder: what no worker sends."""
CHECKPOINT = re.compile(r"checkpoints/step-\d{6,}(?=/)")
FINAL = ".safetensors"
"""Nobody writes into such a file again: it may be one with its blob. The run's next child, perhaps on this machine, adds to
the log and draws samples anew."""
LONGEST = 2**20
"""More than one event is long."""
MOST_KNOWN = 4096
NOTED = timedelta(seconds=5)
"""How exactly the records tell when a holder was heard."""
LARGE = 2**20
"""Bytes above which a file of a checkpoint stays in the blobs alone, where those are not on this machine."""


def take_events(session: Session, grant: Grant, run_dir: Path, after: int, lines: Sequence[str]) -> tuple[Orders, bool]:
    """Append `lines`, which follow the event numbered `after`, to the run's events, and bring its row up to date. What is
    there already is passed over, what would leave a gap is not taken: the answer says from where to go on. Also whether
    there was anything new.

    Raises LoomError `stale_lease`, `request_invalid`.
    """
    events = [_event(line) for line in lines]
    run = grants.hold(session, grant)
    log = _Log(run_dir)
    fresh = [(event, line) for event, line in zip(events, lines, strict=True) if event.seq > log.last_seq]
    if fresh and fresh[0][0].seq == log.last_seq + 1:
        _check_order([event for event, _ in fresh])
        log.append([line for _, line in fresh])
    changes: dict[str, Any] = {}
    for event in events:
        changes |= columns(event.payload) | {"last_seq": event.seq}
    if changes.get("last_seq", 0) <= log.last_seq and changes:
        if any(_works(event) for event in events):
            move(session, run.id, "running", **changes)
        else:
            grants.hold(session, grant, **changes)
    return orders(run, run_dir, log.last_seq), bool(fresh)


def hear(session: Session, grant: Grant, run_dir: Path) -> Orders:
    """A sign of life, which seldom writes anything. Raises LoomError `stale_lease`."""
    run = session.get(Run, grant.run_id)
    if run is None or run.fence != grant.fence or run.state not in ACTIVE or grant.ended_at is not None:
        raise grants.stale()
    if now() - grant.beat_at > NOTED:
        grant.beat_at = now()
    return orders(run, run_dir, _Log(run_dir).last_seq)


def orders(run: Run, run_dir: Path, last_seq: int) -> Orders:
    """What its worker is to do; what was asked once is asked once."""
    asked: list[Literal["sample", "checkpoint"]] = [verb for verb in asks.pending(run_dir) if verb != "stop"]
    for verb in asked:
        (run_dir / asks.ASKS / verb).unlink(missing_ok=True)
    return Orders(last_seq=last_seq, stop=run.wish is not None, kill=run.wish == "kill", asks=sorted(asked))


def take_files(
    session: Session, grant: Grant, run_dir: Path, blobs: Blobs, put: Sequence[FileRef], remove: Sequence[str]
) -> None:
    """Put files, whose bytes are among the blobs, into the run folder, and take others out. Raises LoomError `stale_lease`,
    `request_invalid`, `file_not_found` for bytes that were not sent."""
    for path in (*(ref.path for ref in put), *remove):
        _check_path(path)
    run = grants.hold(session, grant)
    for ref in put:
        if not blobs.renew(ref.sha256):
            raise LoomError("file_not_found", f"The bytes of {ref.path} have not been sent.", "Send them first.")
        session.merge(Artifact(run_id=run.id, path=ref.path, sha256=ref.sha256, bytes=ref.bytes))
    for path in remove:
        inside = Artifact.path.startswith(f"{path}/", autoescape=True)
        session.execute(delete(Artifact).where(Artifact.run_id == run.id, or_(Artifact.path == path, inside)))
    try:
        _lay_all(run_dir, put, blobs)
        for path in remove:
            _remove(run_dir / path)
    except OSError as error:
        raise refusal(run_dir, error) from error


def _lay_all(run_dir: Path, put: Sequence[FileRef], blobs: Blobs) -> None:
    """Put files into the run folder; a checkpoint is there as a whole or not at all."""
    whole: dict[str, list[FileRef]] = {}
    for ref in put:
        found = CHECKPOINT.match(ref.path)
        if found:
            whole.setdefault(found[0], []).append(ref)
        else:
            _lay(run_dir, ref.path, ref, blobs)
    for folder, refs in whole.items():
        target = run_dir / folder
        beside = target.with_name(f".sent-{target.name}")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        left: dict[str, tuple[str, int]] = {}
        for ref in refs:
            name = ref.path.removeprefix(f"{folder}/")
            if ref.bytes <= LARGE or blobs.link(ref.sha256, 60) is None:
                _lay(beside, name, ref, blobs)
            else:
                left[name] = (ref.sha256, ref.bytes)
        if left:
            (beside / ELSEWHERE).write_text(json.dumps(left), "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        beside.replace(target)


def _lay(root: Path, path: str, ref: FileRef, blobs: Blobs) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.partial")
    beside.unlink(missing_ok=True)
    put = link_or_copy if path.endswith(FINAL) else shutil.copyfile
    put(blobs.path(ref.sha256), beside)
    beside.replace(target)
    beside.unlink(missing_ok=True)  # of two names of one file POSIX leaves both


def last_seq(run_dir: Path) -> int:
    """Number of the last event that is here; 0 when there is none."""
    return _Log(run_dir).last_seq


class _Log:
    """events.jsonl as it stands; a torn last line is cut off. Not read again while its size is known."""

    known: ClassVar[dict[Path, tuple[int, int]]] = {}
    """Its size and the number of its last event, of the files that were looked at last."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / EVENTS
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            self.last_seq = 0
            return
        told = self.known.get(self._path)
        self.last_seq = told[1] if told is not None and told[0] == size else self._read()
        self._know()

    def append(self, lines: Sequence[str]) -> None:
        """Add whole lines."""
        with self._path.open("ab") as stream:
            stream.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
        self.last_seq += len(lines)
        self._know()

    def _read(self) -> int:
        with self._path.open("r+b") as stream:
            start = max(0, stream.seek(0, 2) - LONGEST)
            stream.seek(start)
            block = stream.read()
            whole = block[: block.rfind(b"\n") + 1]
            if len(whole) != len(block):
                stream.truncate(start + len(whole))
        lines = whole.splitlines()
        return decode(lines[-1].decode("utf-8")).seq if lines else 0

    def _know(self) -> None:
        if len(self.known) > MOST_KNOWN:
            self.known.clear()
        self.known[self._path] = (self._path.stat().st_size, self.last_seq)


def _event(line: str) -> Event:
    try:
        if "\n" in line or "\r" in line:
            raise ValueError("more than one line")
        return decode(line)
    except (ValidationError, ValueError) as error:
        raise LoomError("request_invalid", f"That is no event: {line[:200]}", "Send lines of events.jsonl.") from error


def _check_order(events: Sequence[Event]) -> None:
    if any(later.seq != earlier.seq + 1 for earlier, later in pairwise(events)):
        raise LoomError("request_invalid", "Numbers of events do not follow each other.", "Send every one, in order.")


def _works(event: Event) -> bool:
    """Whether its child has begun with what it is for."""
    said = event.payload
    return isinstance(said, RunStarted | StepLogged) or (
        isinstance(said, StageStarted) and said.stage in ("captioning", "comparing")
    )


def _check_path(path: str) -> None:
    """Raises LoomError `request_invalid` for what is not a plain file of a worker's run folder."""
    parts = PurePosixPath(path).parts
    odd = path != "/".join(parts) or path.startswith("/") or "\0" in path or "\\" in path or ":" in path
    if odd or not parts or any(part in ("..", ".") or part.startswith(".") for part in parts) or parts[0] in OURS:
        raise LoomError("request_invalid", f"{path[:200]!r} is no file that a worker sends.", "Name a file of the run.")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
