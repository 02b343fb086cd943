"""Cells and columns of an experiment: their order never changes, and no cell is drawn twice."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from loraloom.spec.experiment import MOST_CELLS, Candidate, Cell, Column, Experiment, cells, columns, file_of

BASE, FIRST, SECOND = (
    Candidate(what="base"),
    Candidate(what="lora", id="a"),
    Candidate(what="run", id="b", step=20),
)


def test_the_base_alone_is_one_column_whatever_the_strengths() -> None:
    asked = Experiment(candidates=(BASE, FIRST, SECOND), strengths=(0.5, 1.0), prompts=("x",))
    assert columns(asked) == [
        Column(0, 0.0, 0, 0),
        Column(1, 0.5, 0, 0),
        Column(1, 1.0, 0, 0),
        Column(2, 0.5, 0, 0),
        Column(2, 1.0, 0, 0),
    ]


def test_every_base_and_sampler_is_a_column_of_its_own() -> None:
    asked = Experiment(candidates=(BASE, FIRST), prompts=("x",), bases=("t", "u"), samplers=("ddim", "euler"))
    assert len(columns(asked)) == 8
    assert len(set(columns(asked))) == 8


def test_cells_are_numbered_column_by_column() -> None:
    asked = Experiment(candidates=(BASE, FIRST), prompts=("x", "y"), seeds=(5, 6, 7))
    found = cells(asked)
    assert found[0] == Cell(0, 0, 0, 0)
    assert found[5] == Cell(5, 0, 1, 2)
    assert found[6] == Cell(6, 1, 0, 0)
    assert [cell.number for cell in found] == list(range(12))
    assert len({cell[1:] for cell in found}) == 12
    assert file_of(7) == "cells/000007.png"


def test_too_much_is_refused() -> None:
    many = tuple(map(str, range(50)))
    with pytest.raises(ValidationError, match="too much"):
        Experiment(candidates=(FIRST, SECOND), prompts=many, seeds=tuple(range(50)), strengths=(0.5, 1.0))
    assert len(cells(Experiment(candidates=(FIRST, SECOND), prompts=many, seeds=tuple(range(50))))) == MOST_CELLS


def test_a_lora_without_an_id_is_refused() -> None:
    with pytest.raises(ValidationError, match="by its id"):
        Candidate(what="lora")
