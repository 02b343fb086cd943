"""A worker whose disk is full hands back what it cannot begin, and says of what a child died that could not say it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs.runners import detached
from loraloom.jobs.worker import carry as carrying
from loraloom.jobs.worker.cache import Cache
from loraloom.jobs.worker.carry import Carry
from loraloom.jobs.worker.client import Server
from loraloom.spec.event import RunFailed
from loraloom.spec.journal import Journal
from loraloom.spec.work import FileRef, Work
from tests.unit.jobs.worker.answering import Said, answering

CONFIG = b"base_model: thimble\n"
FILE = FileRef(path="run.yaml", sha256=hashlib.sha256(CONFIG).hexdigest(), bytes=len(CONFIG), url="/api/work/blob")
WORK = Work(run_id="r", fence=1, token="t", kind="train", device="cpu", last_seq=0, files=[FILE])
FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, to which nothing can be written")


def answer(path: str, said: dict[str, Any]) -> tuple[int, Any]:
    if path.startswith("/api/work/blob"):
        return 200, CONFIG
    return 200, {"last_seq": said.get("after", 0) + len(said.get("lines", []))}


def carry_out(carry: Carry, heard: list[Said]) -> dict[str, Any]:
    """How it ended, as the server was told."""
    carry.start()
    assert carry.ended.wait(60)
    assert not carry.run_dir.exists()
    (told,) = [said for path, said in heard if path == "/api/work/end"]
    return told


@pytest.mark.parametrize("where", ["kept", "run folder"])
def test_what_cannot_be_laid_out_is_handed_back(tmp_path: Path, where: str) -> None:
    with answering(answer) as (url, heard):
        carry = Carry(WORK, Server(url, "a token"), tmp_path, Cache(tmp_path / "cache", 10**9))
        spot = tmp_path / "kept/r.1.partial" if where == "kept" else carry.run_dir / "run.yaml"
        spot.parent.mkdir(parents=True)
        spot.symlink_to(FULL)
        told = carry_out(carry, heard)
    assert (told["returned"], told["code"], told["word"], told["died"]["code"]) == (True, 1, None, "disk_full")
    assert carry.failed and carry.no_room


def test_what_is_wrong_with_the_run_is_not(tmp_path: Path) -> None:
    with answering(answer) as (url, heard):
        carry = Carry(WORK, Server(url, "a token"), tmp_path, Cache(tmp_path / "cache", 10**9))
        (carry.run_dir / "run.yaml").mkdir(parents=True)
        told = carry_out(carry, heard)
    assert (told["returned"], told["died"]["code"]) == (False, "not_writable")
    assert carry.failed and not carry.no_room


@pytest.mark.parametrize("says", [True, False])
def test_the_child_dies_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bool) -> None:
    with answering(answer) as (url, heard):
        carry = Carry(WORK, Server(url, "a token"), tmp_path, Cache(tmp_path / "cache", 10**9))
        carry.run_dir.mkdir(parents=True)
        if says:
            Journal(carry.run_dir)(RunFailed(code="disk_full", message="The disk is full.", hint="Free some."))
        else:
            monkeypatch.setattr(carrying, "FULL", 1 << 62)
        process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
        carry.child = detached.child_of(process.pid)
        detached._PROCESSES[carry.child] = process  # pyright: ignore[reportPrivateUsage]
        process.wait()
        told = carry_out(carry, heard)
    assert (told["returned"], told["code"], told["word"]) == (False, 1, 1 if says else None)
    assert (told["died"] or {}).get("code") == (None if says else "disk_full")
    assert carry.no_room, "it rests, so that another worker goes on with the run"
