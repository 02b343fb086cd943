"""What is sent to the server: events in order and again after an outage, files when they change, checkpoints whole."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from loraloom.jobs.worker.client import Away
from loraloom.jobs.worker.ship import MOST_BYTES, EventQueue, FileSet
from loraloom.spec import event
from loraloom.spec.work import MOST_LINES, FileRef
from tests import made_events


class Receiver:
    """Keeps what it is sent, as the server does; `away` is how often it does not answer, `lost` how often its answer about
    files gets lost."""

    def __init__(self) -> None:
        self.bytes: dict[str, bytes] = {}
        self.said: list[tuple[list[str], list[str]]] = []
        self.away = self.lost = 0

    def send(self, content: bytes | Path, sha256: str, size: int) -> None:
        if self.away:
            self.away -= 1
            raise Away("test")
        data = content if isinstance(content, bytes) else content.read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (sha256, size)
        self.bytes[sha256] = data

    def files(self, put: list[FileRef], remove: list[str]) -> None:
        assert all(ref.sha256 in self.bytes for ref in put)
        self.said.append((sorted(ref.path for ref in put), remove))
        if self.lost:
            self.lost -= 1
            raise Away("test")

    def calm(self) -> list[tuple[list[str], list[str]]]:
        said, self.said = self.said, []
        return said


def queue(run_dir: Path, confirmed: int = 0) -> tuple[EventQueue, FileSet]:
    return EventQueue(run_dir, confirmed), FileSet(run_dir, [], [])


def numbers(lines: list[str]) -> list[int]:
    return [event.decode(line).seq for line in lines]


def test_events_are_sent_until_they_are_confirmed(tmp_path: Path) -> None:
    made_events.write(tmp_path, *[made_events.logged(n) for n in range(1, 5)])
    events, files = queue(tmp_path)
    events.read()
    assert numbers(events.next(files)) == [1, 2, 3, 4] == numbers(events.next(files))
    events.confirm(2)
    assert numbers(events.next(files)) == [3, 4] and not events.done
    made_events.write(tmp_path, made_events.logged(4), first=5)
    with (tmp_path / "events.jsonl").open("a") as stream:
        stream.write('{"seq":6')  # being written
    events.read()
    assert numbers(events.next(files)) == [3, 4, 5]
    events.confirm(5)
    assert events.next(files) == [] and events.done


def test_a_server_that_has_less_than_it_said_is_sent_the_rest_again(tmp_path: Path) -> None:
    made_events.write(tmp_path, *[made_events.logged(n) for n in range(1, 5)])
    events, files = queue(tmp_path, 2)
    events.read()
    events.confirm(4)
    events.confirm(1)  # it was restored from a backup
    events.read()
    assert numbers(events.next(files)) == [2, 3, 4]


def test_messages_are_bounded(tmp_path: Path) -> None:
    long = event.WarningRaised(code="x", message="m" * 10_000, hint="")
    made_events.write(tmp_path, *[long] * 100)
    events, files = queue(tmp_path)
    events.read()
    first = events.next(files)
    assert 0 < sum(map(len, first)) <= MOST_BYTES and len(first) < 100
    events.confirm(100)
    made_events.write(tmp_path, *[made_events.logged(1)] * (MOST_LINES + 1), first=101)
    events.read()
    assert 0 < len(events.next(files)) <= MOST_LINES


def test_a_sample_is_told_of_when_its_picture_was_sent(tmp_path: Path) -> None:
    sample = event.SampleSaved(step=2, file="samples/step-000002/01.png", prompt="a", seed=1, strength=1.0)
    made_events.write(tmp_path, made_events.logged(1), sample, made_events.logged(2))
    file = tmp_path / "samples/step-000002/01.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"picture")
    events, files = queue(tmp_path)
    events.read()
    assert numbers(events.next(files)) == [1]
    files.sync(Receiver())  # pyright: ignore[reportArgumentType]
    assert numbers(events.next(files)) == [1, 2, 3]
    file.unlink()
    files.sync(Receiver())  # pyright: ignore[reportArgumentType]
    assert numbers(events.next(files)) == [1, 2, 3], "a picture that is gone holds nothing up"


def fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def test_files_are_sent_when_they_are_new_or_changed(tmp_path: Path) -> None:
    server, files = Receiver(), FileSet(tmp_path, [], [])
    fill(tmp_path, "log.txt", "lora/x.safetensors", "data/1.png", "cache/a", "asks/stop", "lock", "run.yaml")
    fill(tmp_path, "events.jsonl", ".hidden/x", "lora/x.partial", "checkpoints/.writing-step-000005/state.json")
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [(["log.txt", "lora/x.safetensors"], [])]
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == []
    (tmp_path / "log.txt").write_bytes(b"more than before")
    (tmp_path / "lora/x.safetensors").unlink()
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [(["log.txt"], []), ([], ["lora/x.safetensors"])]


def test_a_checkpoint_is_told_of_as_a_whole(tmp_path: Path) -> None:
    server, files = Receiver(), FileSet(tmp_path, [], ["step-000002"])
    (tmp_path / "checkpoints/step-000002").mkdir(parents=True)
    parts = ("adapter.safetensors", "optimizer.safetensors", "state.json")
    fill(tmp_path, *(f"checkpoints/step-000004/{part}" for part in parts))
    server.away = 2
    for _ in range(2):
        with pytest.raises(Away):
            files.sync(server)  # pyright: ignore[reportArgumentType]
        assert server.calm() == [], "nothing is told of half a checkpoint"
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [([f"checkpoints/step-000004/{part}" for part in parts], [])]
    for name in ("step-000002", "step-000004"):
        shutil.rmtree(tmp_path / "checkpoints" / name)
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [([], ["checkpoints/step-000002", "checkpoints/step-000004"])]


def test_what_came_from_the_server_is_not_sent_back(tmp_path: Path) -> None:
    fill(tmp_path, "log.txt", "checkpoints/step-000002/state.json", "data/1.png")
    known = [
        FileRef(path=path, sha256="0" * 64, bytes=1)
        for path in ("log.txt", "checkpoints/step-000002/state.json", "data/1.png")
    ]
    server, files = Receiver(), FileSet(tmp_path, known, [])
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == []
    assert files.has("log.txt") and not files.has("data/1.png")


def test_a_checkpoint_comes_after_the_events_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loraloom.jobs.worker.ship.EVENTS_FIRST", 0.1)
    made_events.write(tmp_path, *[made_events.logged(n) for n in range(1, 5)])
    fill(tmp_path, "checkpoints/step-000004/state.json", "log.txt")
    events = EventQueue(tmp_path, 0)
    server, files = Receiver(), FileSet(tmp_path, [], [], events)
    events.confirm(3)
    with pytest.raises(Away):
        files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [(["log.txt"], [])], "whoever goes on from it would not say the fourth event again"
    events.confirm(4)
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [(["checkpoints/step-000004/state.json"], [])]


def test_what_the_server_may_have_is_taken_out_of_it_again(tmp_path: Path) -> None:
    """The child prunes a checkpoint before anybody knows whether it arrived."""
    _, files = queue(tmp_path)
    server = Receiver()
    fill(tmp_path, "checkpoints/step-000005/state.json", "samples/1.png")
    server.lost = 1
    with pytest.raises(Away):
        files.sync(server)  # pyright: ignore[reportArgumentType]
    server.lost = 1
    with pytest.raises(Away):
        files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [(["samples/1.png"], []), (["samples/1.png"], [])]
    server.lost = 0
    (tmp_path / "samples/1.png").unlink()
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [(["checkpoints/step-000005/state.json"], []), ([], ["samples/1.png"])]
    fill(tmp_path, "checkpoints/step-000010/state.json")
    server.lost = 1
    with pytest.raises(Away):
        files.sync(server)  # pyright: ignore[reportArgumentType]
    server.calm()
    shutil.rmtree(tmp_path / "checkpoints" / "step-000010")
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == [([], ["checkpoints/step-000010"])]
    files.sync(server)  # pyright: ignore[reportArgumentType]
    assert server.calm() == []
