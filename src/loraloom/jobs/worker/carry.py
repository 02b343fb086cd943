"""One run on this worker, from what was given to the end: laid out, carried out by a child, handed back.

Two threads: one speaks up every second (events, and what is to be done), the other lays out, looks after the child and sends
files. What was given is kept beside the run folder, so that a worker that was started again goes on with its children; not
in it, since it holds a token.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import shutil
import threading
import time
from dataclasses import asdict
from pathlib import Path

from loraloom.jobs import asks, outfit, trace
from loraloom.jobs.folder import refusal
from loraloom.jobs.logs import about
from loraloom.jobs.runners import FAILED, INTERRUPTED, Exit, detached
from loraloom.jobs.scrub import scrub
from loraloom.jobs.summary import ENDS
from loraloom.jobs.tail import tail
from loraloom.jobs.watch import Watch
from loraloom.jobs.worker.cache import Cache
from loraloom.jobs.worker.client import Away, Server
from loraloom.jobs.worker.lay import lay
from loraloom.jobs.worker.ship import MOST_BYTES, EventQueue, FileSet
from loraloom.spec.errors import LoomError
from loraloom.spec.event import CheckpointSaved, RunFailed, RunStarted
from loraloom.spec.work import BEAT_SECONDS, Died, End, Orders, Work

LOG = logging.getLogger("loraloom.worker")
KEPT, RUNS = "kept", "runs"
LOOK, FILES = 0.1, 1.0
"""Seconds between two looks at the child, and between two at its files."""
FULL = 2**20
"""Bytes of free disk below which a child that failed without a word had no room for one."""
LEAST_BYTES = 16_000
"""Of events in a message: it is no smaller, however slow the way to the server is."""


class Carry:
    """Carries out one run. `ended` is set when nothing is left to do for it."""

    def __init__(self, work: Work, server: Server, root: Path, cache: Cache) -> None:
        self.work = work
        self.run_dir = root / RUNS / f"{work.run_id}.{work.fence}"
        self._kept = root / KEPT / f"{self.run_dir.name}.json"
        self._server = server.with_token(work.token)
        self._places, self._cache = root / "places", cache
        self._events = EventQueue(self.run_dir, work.last_seq)
        self._files: FileSet | None = None
        self.child: detached.Child | None = None
        self._stop, self._stale, self._silent = threading.Event(), threading.Event(), threading.Event()
        self._killed = self._returning = False
        self.ended = threading.Event()
        self._fault: LoomError | None = None
        self.failed = False
        """Whether it could not even be begun here."""
        self.no_room = False
        """Whether this machine's disk was too full for it."""
        self._most = MOST_BYTES

    @classmethod
    def adopt(cls, file: Path, server: Server, root: Path, cache: Cache) -> Carry:
        """Go on with a run that the worker before this one kept in `file`. Raises ValueError, OSError."""
        kept = json.loads(file.read_text("utf-8"))
        carry = cls(Work.model_validate(kept["work"]), server, root, cache)
        if kept.get("child"):
            carry.child = detached.Child(**kept["child"])
        else:
            detached.end_strays(carry.run_dir)  # that worker may have died between starting the child and noting it
        return carry

    def start(self) -> None:
        """Begin, in threads of its own."""
        threading.Thread(target=self._main, name=f"run-{self.work.run_id}", daemon=True).start()
        threading.Thread(target=self._speak, name=f"beat-{self.work.run_id}", daemon=True).start()

    def give_back(self) -> None:
        """Ask the child for a checkpoint and hand the run back, for another to go on."""
        self._returning = True
        self._stop.set()

    def forget(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self._kept.unlink(missing_ok=True)

    def _main(self) -> None:
        with about(self.work.run_id), trace.span("carry out", self.work.run_id, self._carrier()):
            try:
                self._carry()
            except Exception as error:
                LOG.exception("the run was let go")
                self._fault = _unexpected(error)
            finally:
                self._end_child()
                if self._fault is not None:
                    self._give_up(self._fault)
                self._silent.set()
                self._server.close()
                self.forget()
                self.ended.set()

    def _carry(self) -> None:
        try:
            ended = self._begin() or self._look_after()
        except LoomError as error:
            LOG.warning("it cannot be carried out here: %s %s", error.message, error.hint)
            self.failed, self.no_room = True, error.code == "disk_full"
            self._end_child()
            self._tell_end(Exit(FAILED, error), None, returned=self.no_room)
            return
        if self._stale.is_set() or ended is None:
            return
        scrub(self.run_dir)
        with trace.span("hand over", self.work.run_id):
            self._hand_over()
        if not self._stale.is_set():
            self._tell_end(ended[0], ended[1])

    def _begin(self) -> tuple[Exit, int | None] | None:
        """Lay out and start the child, unless one is there. The end, where it is not to begin at all."""
        if self.child is not None:
            self._files = FileSet(self.run_dir, [], self._saved(), self._events)
            return None
        self._keep()
        while True:
            try:
                with trace.span("lay out", self.work.run_id):
                    lay(self.work, self.run_dir, self._cache, self._places, self._server.fetch)
                break
            except Away as error:
                LOG.warning("files cannot be fetched now: %s", error)
                time.sleep(BEAT_SECONDS)
                self._ask_again()
            except OSError as error:
                raise refusal(self.run_dir, error) from error
            if self._stale.is_set():
                return None
        self._files = FileSet(self.run_dir, self.work.files, self.work.stubs, self._events)
        if self._stop.is_set():
            return Exit(INTERRUPTED), None
        self.child = outfit.start(self.run_dir, self.work.kind, self.work.device, self.work.run_id)
        self._keep()
        if self._stop.is_set():  # said while it was being started
            asks.ask(self.run_dir, "stop")
        return None

    def _saved(self) -> list[str]:
        """Names of checkpoints that the server may have: the worker before this one may have sent what is gone by now."""
        told = tail(self.run_dir, only="CheckpointSaved")
        folders = [Path(event.payload.folder).name for event in told if isinstance(event.payload, CheckpointSaved)]
        return sorted({*self.work.stubs, *folders})

    def _ask_again(self) -> None:
        """Addresses of files hold for some hours only, and what is no longer where they lead is told by the server."""
        try:
            self.work = self._server.mine()
        except Away:
            return
        except LoomError as error:
            self._heed(error)

    def _look_after(self) -> tuple[Exit, int | None] | None:
        """Until the child has ended: how, and the number of its last word. None when the run was lost to another."""
        assert self.child is not None and self._files is not None
        watch = Watch(self.work.run_id, self.run_dir, self.child, self.work.last_seq, kind=self.work.kind)
        asked = False
        sent_at = 0.0
        while not self._stale.is_set():
            _, ended = watch.look()
            if ended is None and watch.hangs():
                detached.kill(self.child)
                ended = Exit(-9, HUNG)
            if ended is not None:
                word = self._last_word()
                return self._reason(ended, word), word
            if self._killed:
                detached.kill(self.child)
            elif self._stop.is_set() and not asked:
                asked = True
                asks.ask(self.run_dir, "stop")
            if time.monotonic() - sent_at > FILES:
                self._send_files()
                sent_at = time.monotonic()
            time.sleep(LOOK)
        return None

    def _last_word(self) -> int | None:
        """Number of the event with which the child ended, if it said one."""
        word = None
        for event in tail(self.run_dir, self.work.last_seq):
            if isinstance(event.payload, ENDS):
                word = event.seq
                self.no_room = isinstance(event.payload, RunFailed) and event.payload.code == "disk_full"
            elif isinstance(event.payload, RunStarted):
                word, self.no_room = None, False
        return word

    def _reason(self, ended: Exit, word: int | None) -> Exit:
        """Where the disk is full, the child may not even have been able to say so."""
        if word is None and ended == Exit(FAILED) and shutil.disk_usage(self.run_dir).free < FULL:
            self.no_room = True
            return Exit(FAILED, refusal(self.run_dir, OSError(errno.ENOSPC, "")))
        return ended

    def _send_files(self) -> bool:
        assert self._files is not None
        try:
            self._files.sync(self._server)
        except Away as error:
            LOG.warning("files cannot be sent now: %s", error)
            return False
        except LoomError as error:
            self._heed(error)
            return False
        except OSError as error:
            LOG.warning("files cannot be read: %s", error)
            return False
        return True

    def _hand_over(self) -> None:
        """Send the rest, for as long as it takes."""
        while not self._stale.is_set():
            self._events.read()
            if self._send_files() and self._events.done:
                return
            time.sleep(BEAT_SECONDS / 2)

    def _tell_end(self, ended: Exit, word: int | None, returned: bool = False) -> None:
        died = ended.died
        said = End(
            code=ended.code,
            word=word,
            died=Died(code=died.code, message=died.message[:2000], hint=died.hint[:2000]) if died else None,
            returned=returned or (self._returning and ended.code == INTERRUPTED),
        )
        while not self._stale.is_set():
            try:
                self._server.end(said)
                LOG.info("the run has ended with %d", ended.code)
                return
            except Away as error:
                LOG.warning("the end cannot be told now: %s", error)
                time.sleep(BEAT_SECONDS)
            except LoomError as error:
                self._heed(error)
                return

    def _speak(self) -> None:
        with about(self.work.run_id):
            while not self._silent.wait(0 if self._more() else BEAT_SECONDS) and not self._stale.is_set():
                self._speak_once()

    def _more(self) -> bool:
        """Whether a full message was sent and more waits."""
        return self._full and not self._events.done

    _full = False

    def _speak_once(self) -> None:
        self._events.read()
        lines = self._events.next(self._files, self._most) if self._files is not None else []
        self._full = False
        try:
            orders = self._server.events(self._events.confirmed, lines)
        except Away as error:
            LOG.warning("the server does not answer: %s", error)
            self._most = max(LEAST_BYTES, self._most // 2)  # much takes long where the way is slow
        except LoomError as error:
            self._heed(error)
        else:
            self._most = min(MOST_BYTES, self._most * 2)
            self._full = bool(lines)
            self._events.confirm(max(orders.last_seq, 0))
            self._obey(orders)

    def _obey(self, orders: Orders) -> None:
        if orders.kill and not self._killed:
            self._killed = True
            self._end_child()
        if orders.stop and not self._stop.is_set():
            self._stop.set()
            if self.child is not None:  # at once: the other thread may be sending a large file
                asks.ask(self.run_dir, "stop")
        for verb in orders.asks:
            with contextlib.suppress(OSError):
                asks.ask(self.run_dir, verb)

    def _heed(self, error: LoomError) -> None:
        """The run is no longer this worker's, or something is refused that will not be taken another time either."""
        LOG.warning("refused: %s", error.message)
        if error.code != "stale_lease":
            self._fault = error
        self._stale.set()
        if self.child is not None:
            detached.kill(self.child)

    def _give_up(self, fault: LoomError) -> None:
        """Say why it cannot be gone on with: without a word it would be tried for ever."""
        self.failed = True
        self._fault = None
        self._stale.clear()
        self._tell_end(Exit(FAILED, fault), None)

    def _end_child(self) -> None:
        if self.child is not None and detached.alive(self.child):
            detached.kill(self.child)

    def _keep(self) -> None:
        """Note what was given and which process carries it out. Raises LoomError `disk_full`, `not_writable`."""
        child = None if self.child is None else asdict(self.child)
        half = self._kept.with_suffix(".partial")
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            half.touch(mode=0o600)
            half.write_text(json.dumps({"work": self.work.model_dump(), "child": child}), "utf-8")
            half.replace(self._kept)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise refusal(half.parent, error) from error

    def _carrier(self) -> dict[str, str]:
        return {"traceparent": self.work.traceparent} if self.work.traceparent else {}


HUNG = LoomError(
    "run_hung", "The training process stood still for a long time.", "It goes on from its newest checkpoint."
)


def _unexpected(error: Exception) -> LoomError:
    return LoomError("internal", f"The worker could not go on with it: {error}", "The worker's log has the details.")
