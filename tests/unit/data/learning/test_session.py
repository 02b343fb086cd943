"""Sessions: answers are kept and learnt from, the queue spreads and then doubts, odd sets do not break them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from loraloom.data.learning.session import GOAL, Session

NAMES = ["cat", "dog", "car", "tree"]


def made(seed: int = 0, count: int = 400, noise: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Four classes of two clusters each, in 32 dimensions."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, count)
    centres = rng.normal(size=(4, 2, 32))
    return centres[truth, rng.integers(0, 2, count)] + noise * rng.normal(size=(count, 32)), truth


def walk(session: Session, truth: NDArray[np.int64], order: list[int] | None = None, step: int = 5) -> int:
    """Answers until the goal."""
    while True:
        if (session.proposals().argmax(axis=1) == truth).mean() >= GOAL:
            return len(session.answers)
        answered = len(session.answers)
        for index in session.queue(step) if order is None else order[answered : answered + step]:
            session.answer(index, session.labels[truth[index]])


def test_it_learns_with_fewer_answers_than_in_random_order() -> None:
    chosen = drawn = 0
    for seed in range(2):
        rows, truth = made(seed, noise=1.1)
        order = np.random.default_rng(seed).permutation(len(truth)).tolist()
        chosen += walk(Session(NAMES, rows), truth, step=10)
        drawn += walk(Session(NAMES, rows), truth, order, step=10)
    assert chosen < 0.8 * drawn and chosen < 0.3 * 2 * 400


def test_given_answers_stand_and_rows_are_probabilities() -> None:
    rows, truth = made()
    session = Session(NAMES, rows)
    assert session.proposals().shape == (400, 4) and session.proposals() == pytest.approx(0.25, abs=0.01)
    for index in session.queue(12):
        session.answer(index, NAMES[(truth[index] + 1) % 4])
    found = session.proposals()
    for index, label in session.answers.items():
        assert found[index].tolist() == [1.0 if name == label else 0.0 for name in NAMES]
    assert (found >= 0).all() and (found.sum(axis=1) <= 1 + 1e-9).all()
    found[:] = 7
    assert session.proposals().max() <= 1, "what is handed out is a copy"


def test_none_of_the_labels_is_learnt_too() -> None:
    rows, truth = made()
    session = Session(NAMES[:3], rows)
    for index in range(120):
        session.answer(index, NAMES[truth[index]] if truth[index] < 3 else None)
    sums = session.proposals()[120:].sum(axis=1)
    assert sums[truth[120:] == 3].mean() < 0.4 and sums[truth[120:] < 3].mean() > 0.8
    assert session.proposals()[:120].sum(axis=1).tolist() == [
        float(label is not None) for label in session.answers.values()
    ]


def test_the_queue_begins_all_over_the_set_and_repeats_nothing() -> None:
    rows, truth = made(noise=0.3)
    session = Session(NAMES, rows)
    first = session.queue(10)
    assert len(set(first)) == 10 and set(truth[first].tolist()) == {0, 1, 2, 3}
    assert session.queue(10) == first, "the same answers, the same queue"
    for index in first[:4]:
        session.answer(index, NAMES[truth[index]])
    assert not set(session.queue(30)) & set(first[:4]) and len(set(session.queue(30))) == 30


def test_doubt_leads_once_it_knows_something() -> None:
    rows, truth = made(noise=1.3)
    session = Session(NAMES, rows)
    while len(session.answers) < 40:
        for index in session.queue(10):
            session.answer(index, NAMES[truth[index]])
    best = np.sort(session.proposals(), axis=1)
    margin = best[:, -1] - best[:, -2]
    left = [index for index in range(400) if index not in session.answers]
    assert margin[session.queue(10)].mean() < 0.6 * margin[left].mean()


def test_equal_pictures_are_not_asked_about_in_a_row() -> None:
    rows, truth = made(noise=0.8)
    rows, truth = np.repeat(rows, 5, axis=0), np.repeat(truth, 5)
    session = Session(NAMES, rows)
    for index in range(0, 100, 5):
        session.answer(index, NAMES[truth[index]])
    asked = [index // 5 for index in session.queue(10)]
    assert len(set(asked)) == 10


def test_zero_shot_counts_while_answers_are_few_and_not_when_it_is_wrong() -> None:
    rows, truth = made(noise=1.3)
    right = np.full((400, 4), 0.1)
    right[np.arange(400), truth] = 0.7
    session = Session(NAMES, rows, right)
    assert (session.proposals().argmax(axis=1) == truth).all()
    session.answer(0, NAMES[truth[0]])
    assert (session.proposals().argmax(axis=1) == truth).mean() > 0.9
    wrong = np.roll(right, 1, axis=1) + np.random.default_rng(0).random((400, 4))
    assert walk(Session(NAMES, rows, wrong), truth) < 200


def test_worth_falls_to_nothing_and_agreement_is_honest() -> None:
    rows, truth = made(noise=1.2)
    session = Session(NAMES, rows)
    first, said, real = session.worth(), [], []
    while session.worth() > 0:
        assert 0 < session.worth() <= 400 - len(session.answers)
        for index in session.queue(10):
            session.answer(index, NAMES[truth[index]])
        if len(session.answers) >= 40:
            said.append(session.agreement())
            real.append(float((session.proposals().argmax(axis=1) == truth).mean()))
    assert first >= 10 and len(session.answers) < 250
    assert real[-1] >= GOAL - 0.02
    assert np.abs(np.subtract(said, real)).mean() < 0.08


def test_a_session_is_what_its_answers_are() -> None:
    rows, truth = made()
    one = Session(NAMES, rows)
    for index in range(30):
        one.answer(index, NAMES[truth[index]])
        one.proposals()
    one.answer(31, "cat")
    one.forget(31)
    other = Session(NAMES, rows, answers=dict(one.answers))
    assert np.array_equal(one.proposals(), other.proposals()) and one.queue() == other.queue()
    assert one.worth() == other.worth() and one.agreement() == other.agreement()


def test_answers_that_fit_no_label_or_picture_are_asked_again() -> None:
    rows, _ = made(count=20)
    session = Session(NAMES, rows, answers={0: "cat", 1: "gone", 99: "cat", 2: None})
    assert session.answers == {0: "cat", 2: None} and 1 in session.queue(20)
    with pytest.raises(KeyError):
        session.answer(1, "gone")
    with pytest.raises(IndexError):
        session.answer(20, "cat")


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((0, 8)),
        np.zeros((1, 8)),
        np.zeros((50, 8)),
        np.full((12, 3), np.nan),
        np.ones((9, 1)),
        np.random.default_rng(0).normal(size=(5, 600)).astype(np.float16),
        np.random.default_rng(0).normal(size=(30, 2)) * 1e4,
    ],
    ids=["empty", "one", "equal", "nan", "flat", "wide", "large"],
)
@pytest.mark.parametrize("labels", [["one"], NAMES])
def test_odd_sets_do_not_break_it(rows: NDArray[np.floating], labels: list[str]) -> None:
    session = Session(labels, rows)
    while len(session.answers) < len(rows):
        asked = session.queue(4)
        assert asked and np.isfinite(session.proposals()).all() and 0 <= session.agreement() <= 1
        assert 0 <= session.worth() <= len(rows) - len(session.answers)
        for index in asked:
            session.answer(index, labels[index % len(labels)])
    assert session.queue() == [] and session.worth() == 0 and session.agreement() == 1


def test_importing_it_does_not_import_scikit_learn() -> None:
    code = "import sys, loraloom.data.learning.session; sys.exit('sklearn' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
