"""A run being thought over: every problem, the totals, and no way to name what lies elsewhere on the server."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.jobs.draft import Draft, as_yaml, draft
from loraloom.store.tables import Image

BASES = {"thimble": "thimble"}


def images(count: int = 10) -> list[Image]:
    return [
        Image(
            id=f"i{n}", dataset_id="d", name=f"{n}.png", blob=f"{n:064x}", width=64, height=64, bytes=1, caption="a cat"
        )
        for n in range(count)
    ]


def think(config: dict[str, Any] | None = None, text: str | None = None, count: int = 10) -> Draft:
    return draft(config or {}, text, images(count), BASES)


def test_the_totals_are_those_of_the_run() -> None:
    thought = think(
        {"preset": "quick-look", "training": {"epochs": 6, "batch_size": 4}, "checkpoints": {"every_steps": 5}}
    )
    assert thought.problems == () and thought.plan is not None and thought.run is not None
    assert (thought.plan.steps_per_epoch, thought.plan.total_steps) == (3, 18)
    assert thought.checkpoints == [5, 10, 15, 18]
    assert thought.run.dataset.path == "data"
    assert thought.preset == "quick-look"
    assert "base_model: thimble" in as_yaml(thought.run, {})


def test_without_pictures_that_is_the_only_problem() -> None:
    thought = draft({"preset": "quick-look"}, None, None, BASES)
    assert [problem.key for problem in thought.problems] == ["dataset"]
    assert thought.run is not None and thought.plan is None


def test_every_problem_at_once_with_what_translates_it() -> None:
    thought = think({"preset": "quick-look", "lora": {"rank": 0, "rnak": 3}, "optimizer": {"name": "adam"}})
    assert thought.run is None
    found = {problem.key: problem for problem in thought.problems}
    assert set(found) == {"lora.rank", "lora.rnak", "optimizer.name"}
    assert (found["lora.rank"].kind, found["lora.rank"].limits) == ("greater_than_equal", {"ge": 1})
    assert "lora.rank" in found["lora.rnak"].hint


@pytest.mark.parametrize("base", ["/etc/passwd", "..", "somebody/something", "C:\\x"])
def test_a_base_model_that_nobody_added_is_refused(base: str) -> None:
    thought = think({"preset": "quick-look", "base_model": base})
    assert [problem.key for problem in thought.problems] == ["base_model"]


def test_paths_of_the_server_cannot_be_named() -> None:
    config = {
        "preset": "quick-look",
        "dataset": {"path": "/etc", "metadata_path": "/etc/passwd"},
        "tensorboard_dir": "/root/x",
    }
    run = think(config).run
    assert run is not None
    assert (run.dataset.path, run.dataset.metadata_path, run.tensorboard_dir) == ("data", None, "tensorboard")


def test_yaml_beneath_the_form_and_foreign_configs() -> None:
    text = "train_data_dir: ./x\nbase_model: thimble\nlora_rank: 4\nnum_train_epochs: 2\ntrain_batch_size: 2\n"
    thought = think({"lora": {"alpha": 2}}, text)
    assert thought.problems == () and thought.run is not None
    assert (thought.run.lora.rank, thought.run.lora.alpha, thought.run.training.epochs) == (4, 2, 2)
    assert [problem.key for problem in think(text="a: [1").problems] == ["yaml"]
    assert [problem.key for problem in think(text="- 1").problems] == ["yaml"]


def test_auto_is_settled_and_what_was_asked_for_stays() -> None:
    asked = {"preset": "quick-look", "training": {"batch_size": "auto"}, "dataset": {"resolution": "auto"}}
    thought = think(asked)
    assert thought.problems == () and thought.run is not None
    assert thought.wanted["training"]["batch_size"] == "auto" and asked["training"] == {"batch_size": "auto"}
    assert thought.run.dataset.resolution == 64
    assert thought.run.training.batch_size >= 1 and thought.plan is not None
    assert thought.plan.batch_size == thought.run.training.batch_size
