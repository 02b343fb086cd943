"""Times and sizes as people say them."""

from __future__ import annotations

import pytest

from loraloom.cli.words import counted, duration, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.42, "0.4 s"),
        (12.4, "12 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3600, "1 h"),
        (float("inf"), "?"),
        (float("nan"), "?"),
        (-1, "?"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (640, "640 B"), (1234, "1.2 kB"), (3.4e9, "3.4 GB"), (2e13, "20.0 TB")]
)
def test_size(count: float, words: str) -> None:
    assert size(count) == words


def test_counted() -> None:
    assert [counted(1, "picture"), counted(2000, "picture"), counted(2, "batch", "batches")] == [
        "1 picture",
        "2,000 pictures",
        "2 batches",
    ]
