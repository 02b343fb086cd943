"""Events go to a line and come back the same."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from loraloom.spec import event

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_line_comes_back_the_same() -> None:
    line = event.encode(7, NOW, event.CheckpointSaved(step=200, folder="checkpoints/step-000200", reason="steps"))
    back = event.decode(line)
    assert line.endswith("\n") and line.count("\n") == 1
    assert (back.seq, back.time, back.type) == (7, NOW, "CheckpointSaved")
    assert back.payload == event.CheckpointSaved(step=200, folder="checkpoints/step-000200", reason="steps")


def test_a_newline_in_a_text_stays_inside_the_line() -> None:
    line = event.encode(1, NOW, event.WarningRaised(code="x", message="a\nb\u2028c"))
    assert line.count("\n") == 1
    assert event.decode(line).payload.message == "a\nb\u2028c"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "line", ["", "{", '{"seq": 1}', "[]", '{"seq":1,"time":"2026-01-02T00:00:00Z","type":"X","payload":{"type":"X"}}']
)
def test_a_foreign_line_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        event.decode(line)


def test_a_loss_that_is_not_a_number_survives() -> None:
    back = event.decode(event.encode(1, NOW, event.ValidationLogged(step=1, loss=math.nan)))
    assert math.isnan(back.payload.loss)  # pyright: ignore[reportAttributeAccessIssue]


def test_every_event_says_its_own_type() -> None:
    union: Any = get_args(event.Payload)[0]
    kinds = get_args(union)
    assert len(kinds) >= 12
    assert all(kind.model_fields["type"].default == kind.__name__ for kind in kinds)
