"""Finished runs are kept, one a line, and forecasts are rated by them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from loraloom.data.home import home
from loraloom.jobs import devices, history
from loraloom.jobs.history import FILE, add, device_name, outcome_of, ratings, read
from loraloom.spec.event import SettingsLowered, StageProgressed, StageStarted
from loraloom.spec.forecast import Forecast, Outcome, Range
from loraloom.spec.run import RUN, Run
from tests.made_events import finished, logged, started, write


def _outcome(name: str, **changed: Any) -> Outcome:
    values: dict[str, Any] = {
        "id": name,
        "name": name,
        "time": "2026-01-01T00:00:00+00:00",
        "device": "cpu",
        "family": "sd1",
        "base_model": "thimble",
        "features": {"log_batch": 0.0},
        "expected": {"step": 1.0},
        "took": {"step": 2.0},
    }
    return Outcome.model_validate(values | changed)


def _names() -> list[str]:
    return [one.id for one in read()]


def test_runs_are_kept() -> None:
    """In the order they came, each once, whole; before the first one there is nothing."""
    assert read() == ()
    assert add(_outcome("a")) and add(_outcome("b"))
    assert not add(_outcome("a", took={"step": 9.0}))
    assert read() == (_outcome("a"), _outcome("b"))


def test_lines_that_cannot_be_read_are_passed_over() -> None:
    """Foreign, of another version, not UTF-8, not finite, or cut off by a kill: what comes after is whole."""
    add(_outcome("a"))
    with (home() / FILE).open("ab") as stream:
        stream.write(b'{"id": "old"}\nnot json\n\xff\xfe\n\n')
        stream.write(_outcome("b", took={"step": 1.0}).model_dump_json().replace("1.0}", "Infinity}").encode() + b"\n")
        stream.write(_outcome("c").model_dump_json()[:-20].encode())
    add(_outcome("d"))
    assert _names() == ["a", "d"]


def test_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is written anew now and then, and never holds much more than is kept."""
    monkeypatch.setattr(history, "MOST", 5)
    monkeypatch.setattr(history, "SLACK", 2)
    for number in range(20):
        add(_outcome(str(number)))
        assert len((home() / FILE).read_text().splitlines()) <= 7
    assert _names() == ["15", "16", "17", "18", "19"]


def test_what_another_process_adds_is_seen() -> None:
    """Read anew when the file has changed, and only then."""
    add(_outcome("a"))
    first = read()
    assert read() is first
    with (home() / FILE).open("a") as stream:
        stream.write(_outcome("b").model_dump_json() + "\n")
    assert _names() == ["a", "b"]


def test_many_at_once_lose_nothing() -> None:
    """Each writer waits for the others; the same run told twice is there once."""
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda number: add(_outcome(str(number % 20))), range(40)))
    assert sum(added) == 20
    assert sorted(_names(), key=int) == [str(number) for number in range(20)]


def _run(**training: Any) -> Run:
    config = {"family": "sd1", "name": "fox", "dataset": {"path": "d"}, "training": {"steps": 4, **training}}
    return RUN.validate_python(config)


def _events(*more: Any) -> list[Any]:
    stages = [StageStarted(stage=stage, total=1) for stage in ("loading", "caching", "training", "exporting")]
    cached = StageProgressed(stage="caching", done=1, total=1)
    return [*stages[:2], cached, started(), stages[2], logged(1), logged(2), *more, stages[3]]


def test_a_finished_run(tmp_path: Path) -> None:
    """Its stages, its device by name, its forecast, and an id that stays when the folder is moved."""
    write(tmp_path / "one" / "run", *_events(), finished(seconds=9.0))
    told = _told("probe")
    found = outcome_of(tmp_path / "one" / "run", _run(threads=3), {"log_batch": 0.0}, {"step": 1.0}, told)
    assert found is not None
    assert set(found.took) == {"loading", "caching", "training", "sampling", "exporting", "step", "peak_memory_bytes"}
    assert (found.name, found.family, found.base_model) == ("fox", "sd1", "thimble")
    assert found.device == device_name("cpu", 3)
    assert (found.told, found.lowered) == (told, {})
    (tmp_path / "one").rename(tmp_path / "two")
    assert outcome_of(tmp_path / "two" / "run", _run(threads=3), found.features, found.expected, told) == found


def test_a_run_that_did_not_finish_tells_nothing(tmp_path: Path) -> None:
    """It may yet go on."""
    write(tmp_path, *_events())
    assert outcome_of(tmp_path, _run(), {}, {}) is None


def test_a_run_that_was_lowered_tells_what_was_lowered(tmp_path: Path) -> None:
    """Its times are not those of the settings that were asked for."""
    lowered = SettingsLowered(key="training.micro_batch", old=4, new=2, reason="memory")
    write(tmp_path, *_events(lowered), finished())
    found = outcome_of(tmp_path, _run(), {}, {"step": 1.0}, device="Card")
    assert found is not None
    assert (found.took, found.lowered, found.device) == ({}, {"training.micro_batch": 2}, "Card")


def test_names_of_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor with its threads, a card by its name; one that is gone keeps its id."""
    card = devices.Device(id="cuda:1", name="Fast Card", kind="cuda", memory_total=1, memory_free=1, load=0)
    monkeypatch.setattr(devices, "devices", lambda: [card])
    assert device_name("cuda:1") == "Fast Card"
    assert device_name("cuda:0") == "cuda:0"
    name = devices.processor().name
    assert device_name("cpu", 1) == f"{name}, 1 thread"
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert device_name("cpu") == f"{name}, 7 threads"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert device_name("cpu") == device_name("cpu", devices.cores())


def _told(source: str) -> Forecast:
    return Forecast.model_validate(
        {
            "steps": 4,
            "seconds": Range(p10=90, p50=100, p90=110),
            "peak_memory_bytes": Range(p10=900, p50=1000, p90=1100),
            "stages": (),
            "step_seconds": 1,
            "disk_bytes": 1,
            "free_memory_bytes": 1,
            "source": source,
            "device": "cpu",
            "fits": True,
        }
    )


def test_ratings() -> None:
    """By source: how far off in parts of the truth, and how often inside the range. Runs without a forecast do not count,
    those without a whole time count for memory alone."""

    def ended(name: str, source: str, seconds: float, peak: float) -> Outcome:
        took = {"loading": seconds / 4, "training": seconds * 3 / 4, "step": 1.0, "peak_memory_bytes": peak}
        return _outcome(name, told=_told(source), took=took)

    steps_only = _outcome("steps", told=_told("model"), took={"step": 1.0, "peak_memory_bytes": 500.0})
    outcomes = [
        ended("a", "probe", 100, 1000),
        ended("b", "probe", 80, 2000),
        ended("c", "probe", 110, 1000),
        _outcome("untold"),
        steps_only,
    ]
    assert ratings([]) == ()
    probe, model = ratings(outcomes)
    off = {"time_error": 1 - 100 / 110, "memory_error": 0.0, "time_within": 2 / 3, "memory_within": 2 / 3}
    assert probe.model_dump() == pytest.approx({"source": "probe", "runs": 3, **off})
    nothing = {"time_error": None, "time_within": None}
    assert model.model_dump() == {"source": "model", "runs": 1, "memory_error": 1, "memory_within": 0, **nothing}
