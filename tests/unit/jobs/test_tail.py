"""The tail hands out whole events, each once, while another process writes."""

from __future__ import annotations

from pathlib import Path

from loraloom.jobs.tail import EVENTS, Tail, tail
from loraloom.spec.event import encode
from tests.made_events import logged, started, write


def test_nothing_there_yet(tmp_path: Path) -> None:
    assert list(tail(tmp_path)) == []


def test_only_what_came_after(tmp_path: Path) -> None:
    write(tmp_path, started(), logged(1), logged(2))
    assert [e.seq for e in tail(tmp_path)] == [1, 2, 3]
    assert [e.seq for e in tail(tmp_path, 2)] == [3]


def test_a_torn_last_line_waits_until_it_is_complete(tmp_path: Path) -> None:
    write(tmp_path, started())
    file = tmp_path / EVENTS
    line = encode(2, next(iter(tail(tmp_path))).time, logged(1)).encode()
    reader = Tail(tmp_path)
    for cut in (1, 40, len(line) - 1):
        torn = file.read_bytes()[: file.read_bytes().index(b"\n") + 1] + line[:cut]
        file.write_bytes(torn)
        list(reader.read())
        assert reader.seq == 1
    with file.open("ab") as stream:
        stream.write(line[-1:])
    assert [e.seq for e in reader.read()] == [2]
    assert list(reader.read()) == []


def test_a_child_that_cuts_a_torn_line_off_is_followed(tmp_path: Path) -> None:
    write(tmp_path, started())
    file = tmp_path / EVENTS
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"seq": 2, "ti')
    reader = Tail(tmp_path)
    assert [e.seq for e in reader.read()] == [1]
    file.write_bytes(whole)
    write(tmp_path, logged(1), first=2)
    assert [e.seq for e in reader.read()] == [2]


def test_a_line_torn_for_good_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, started())
    with (tmp_path / EVENTS).open("ab") as stream:
        stream.write(b'{"seq": 2, "\xff\n')
    write(tmp_path, logged(1), first=2)
    assert [e.seq for e in tail(tmp_path)] == [1, 2]


def test_letters_cut_in_the_middle_of_a_character(tmp_path: Path) -> None:
    write(tmp_path, started().model_copy(update={"run": "画"}))
    file = tmp_path / EVENTS
    whole = file.read_bytes()
    at = whole.index("画".encode()) + 1
    reader = Tail(tmp_path)
    file.write_bytes(whole[:at])
    assert list(reader.read()) == []
    file.write_bytes(whole)
    assert [e.payload.run for e in reader.read()] == ["画"]  # pyright: ignore[reportAttributeAccessIssue]
