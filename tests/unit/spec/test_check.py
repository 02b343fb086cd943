"""Reading a config: defaults, frozen groups, and problems that follow from others are not said twice."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.spec import check
from loraloom.spec.errors import CODES, LoomError
from loraloom.spec.run import FAMILIES, schema

GOOD: dict[str, Any] = {"dataset": {"path": "x"}, "training": {"epochs": 10}}


def test_a_short_config_is_whole() -> None:
    run = check.read(GOOD)
    assert (run.family, run.base_model, run.lora.rank, run.training.epochs) == ("sd1", "thimble", 16, 10)


def test_a_run_is_frozen() -> None:
    run = check.read(GOOD)
    with pytest.raises(ValueError, match="frozen"):
        run.lora.rank = 4  # pyright: ignore[reportAttributeAccessIssue]


def test_reading_does_not_change_what_was_given() -> None:
    config = {"dataset": {"path": "x", "flipp": True}, "training": {"epochs": 1}}
    check.find_problems(config)
    assert config == {"dataset": {"path": "x", "flipp": True}, "training": {"epochs": 1}}


def test_a_wrong_length_is_not_also_a_missing_one() -> None:
    problems = check.find_problems({"dataset": {"path": "x"}, "training": {"epochs": "ten"}})
    assert [problem.key for problem in problems] == ["training.epochs"]


def test_a_rule_over_keys_is_reported_beside_another_key() -> None:
    problems = check.find_problems(GOOD | {"optimizer": {"learning_rate": -1, "betas": [0.9, 2]}})
    assert {problem.key for problem in problems} == {"optimizer.learning_rate", "optimizer"}


@pytest.mark.parametrize("family", ["sd11", 7, None, [], {"sd1": 1}])
def test_a_family_that_is_none(family: Any) -> None:
    [problem] = check.find_problems(GOOD | {"family": family})
    assert (problem.key, problem.kind) == ("family", "literal_error")
    assert all(name in problem.limits["expected"] for name in FAMILIES)


def test_every_key_has_a_sentence() -> None:
    keys = check.all_keys()
    assert len(keys) > 60
    for key in keys:
        *groups, leaf = key.split(".")
        text = check.fields_at(tuple(groups))[leaf].description
        assert text and len(text) > 10, key


def test_the_schema_knows_every_family() -> None:
    assert set(schema()["discriminator"]["mapping"]) == set(FAMILIES)


def test_an_error_needs_a_code_from_the_table() -> None:
    assert all(400 <= status < 600 for status in CODES.values())
    with pytest.raises(ValueError, match="unknown error code"):
        LoomError("no_such_code", "x")


def test_prodigy_and_two_rates_do_not_go_together() -> None:
    config = {
        "family": "causal_lm",
        "dataset": {"path": "x"},
        "training": {"epochs": 1},
        "optimizer": {"name": "prodigy"},
    }
    assert not check.find_problems(config)
    (problem,) = check.find_problems(config | {"lora": {"plus_ratio": 16}})
    assert "lora.plus_ratio" in problem.message
