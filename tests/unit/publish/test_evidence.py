"""What speaks for a LoRA: the strength that is recommended, what was measured there, and its limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loraloom.publish.evidence import evidence
from loraloom.publish.subject import Finding, Subject
from loraloom.spec.experiment import Experiment, Measured, Ranked
from loraloom.spec.publication import Hashes

HASHES = Hashes(sha256="a", autov2="A")
EXPERIMENT = Experiment.model_validate(
    {
        "candidates": [{"what": "base"}, {"what": "lora", "id": "x"}, {"what": "lora", "id": "other"}],
        "strengths": [0, 0.5, 1],
        "prompts": ["a", "b"],
    }
)
"""Columns: 0 the base; 1, 2, 3 the LoRA at 0, 0.5 and 1; 4, 5, 6 the other one."""
SUBJECT = Subject(label="Felt", file=Path("x"), family="sd1", base_model="thimble", steps=100, images=24, resolution=64)


def place(column: int, score: float, votes: int = 5) -> Ranked:
    return Ranked(column=column, score=score, low=score - 1, high=score + 1, wins=1, votes=votes)


def finding(**more: Any) -> Finding:
    return Finding("e1", EXPERIMENT, frozenset({1}), **more)


def of(*findings: Finding, **more: Any) -> Any:
    return evidence(replace(SUBJECT, findings=findings, **more), HASHES)


def test_untested() -> None:
    known = of()
    assert (known.tested, known.strength, known.strength_from, known.votes) == (False, 1.0, "usual", 0)
    assert known.limits == ("It was not tested: nobody compared it with the base model or with another LoRA.",)
    assert (known.images, known.steps, known.resolution) == (24, 100, 64)


def test_votes_recommend_the_best_column_of_this_lora() -> None:
    measured = (Measured(column=2, adherence=0.3, leak=0.1), Measured(column=6, adherence=0.9))
    votes = ((4, 0, "left"), (5, 1, "left"), (12, 13, "tie"))
    ranks = (place(6, 3), place(1, 2), place(2, 1), place(0, 0), place(3, -1))
    known = of(finding(ranked=ranks, measured=measured, votes=votes, proposed=3))
    assert (known.strength, known.strength_from) == (0.5, "votes")
    assert (known.adherence, known.leak, known.style) == (0.3, 0.1, None)
    assert known.votes == 2, "votes between others say nothing of it"
    assert known.limits == ("Its strength rests on 2 votes: that may be chance.",)


def test_columns_without_votes_do_not_win() -> None:
    known = of(finding(ranked=(place(3, 0, votes=0), place(2, -1, votes=3)), proposed=3))
    assert (known.strength, known.strength_from) == (0.5, "votes")


def test_without_votes_measures_recommend() -> None:
    known = of(finding(proposed=2, measured=(Measured(column=2, nearest=0.97),), warnings={2: ("copies",)}))
    assert (known.strength, known.strength_from) == (0.5, "measures")
    assert known.limits == (
        "It can copy what it was trained on: a picture of it is nearly a training picture (0.97).",
        "Nobody voted on its pictures.",
    )


def test_tested_without_either() -> None:
    known = of(finding())
    assert (known.tested, known.strength, known.strength_from) == (True, 1.0, "usual")


def test_the_newest_experiment_with_votes_counts() -> None:
    newest = finding(proposed=3)
    older = finding(ranked=(place(2, 1),), votes=((4, 0, "left"),))
    known = of(newest, older)
    assert (known.strength, known.strength_from, known.experiments) == (0.5, "votes", ("e1", "e1"))


def test_a_base_that_is_liked_better_is_told() -> None:
    votes = ((4, 0, "right"),) * 30
    known = of(finding(ranked=(place(0, 1), place(2, -1)), votes=votes))
    assert known.limits == ("In blind votes the pictures of the base model alone were liked at least as much.",)


@pytest.mark.parametrize(
    ("key", "says"),
    [("leaks", "without its trigger words too"), ("loses_diversity", "differ less than"), ("copies", "can copy")],
)
def test_warnings_of_the_recommended_column_alone(key: str, says: str) -> None:
    ranks = (place(2, 1),)
    assert any(says in limit for limit in of(finding(ranked=ranks, warnings={2: (key,)})).limits)
    assert not any(says in limit for limit in of(finding(ranked=ranks, warnings={3: (key,)})).limits)


def test_few_or_unknown_pictures() -> None:
    assert any("5 pictures only" in limit for limit in of(images=5).limits)
    assert any("is not known" in limit for limit in of(images=None).limits)
    assert any("5 texts only" in limit for limit in of(images=5, family="causal_lm").limits)
