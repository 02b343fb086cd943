"""Runs on texts from the config to the folder: resolved, planned once for many settings, placed, and read again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.orm import Session

from loraloom import presets
from loraloom.data.examples import plan as planning
from loraloom.data.examples.read import read
from loraloom.jobs import create, environment, place, seen, storage
from loraloom.jobs.draft import Draft, draft
from loraloom.jobs.kept import Kept
from loraloom.jobs.new_config import new_config
from loraloom.jobs.resolve import resolve
from loraloom.jobs.texts import TextSet, plan_of, text_set
from loraloom.models.resolve import BaseModel
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message, TextPlan, TextReport
from loraloom.spec.run import RUN
from loraloom.spec.text import TextRun
from loraloom.store import examples, users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Run
from tests.text_folder import text_folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return text_folder(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    with database.session() as session:
        user = users.ensure_local(session)
        session.add(Dataset(id="d", name="shop", kind="texts", user_id=user.id))
        session.flush()
        examples.add(session, "d", [pair(n) for n in range(10)], "import")
        examples.add(session, "d", [pair(99)], "engine:m", reviewed=False)
        yield session
    database.close()


def pair(number: int) -> Example:
    said = Message(role="assistant", content=f"It costs {number} shillings.")
    return Example(messages=(Message(role="user", content=f"What does number {number} cost?"), said))


def some(count: int = 6) -> TextSet:
    return TextSet(f"x{count}", 1, TextReport(path="shop", examples=[pair(n) for n in range(count)]))


def think(base: Path, config: dict[str, Any], data: Any = None, **bases: str) -> Draft:
    known = {"tiny": str(base), "thimble": "thimble"} | bases
    return draft({"base_model": "tiny"} | config, None, data or some(), known)


def test_the_draft_of_a_run_on_texts(base: Path) -> None:
    thought = think(
        base,
        {
            "training": {"epochs": 2, "batch_size": 4},
            "checkpoints": {"every_steps": 3},
            "sample": {"prompts": ["Hello?"], "every_steps": 2},
            "dataset": {"path": "/etc", "max_length": 256, "system": "Be brief."},
        },
    )
    assert thought.problems == () and isinstance(thought.run, TextRun) and isinstance(thought.plan, TextPlan)
    assert (thought.run.dataset.path, thought.run.dataset.max_length) == ("data/examples.jsonl", 256)
    assert (thought.plan.examples, thought.plan.steps_per_epoch, thought.plan.total_steps) == (6, 2, 4)
    assert (thought.checkpoints, thought.samples) == ([3, 4], [0, 2, 4])


def test_a_batch_is_found_for_texts_too(base: Path) -> None:
    thought = think(base, {"training": {"epochs": 1, "batch_size": "auto"}})
    assert thought.problems == () and thought.run is not None and thought.run.training.batch_size >= 1


@pytest.mark.parametrize(
    ("config", "key", "words"),
    [
        ({"dataset": {"resolution": 64}}, "dataset.resolution", "not a known key"),
        ({"dataset": {"resolution": "auto"}}, "dataset.resolution", "not a known key"),
        ({"dataset": {"max_lenght": 64}}, "dataset.max_lenght", "dataset.max_length"),
        ({"loss": {"train_on": "answer"}}, "loss.train_on", "answers"),
        ({"caption": {"trigger": "x"}}, "caption", "not a known key"),
        ({"preset": "quick-look"}, "preset", "causal_lm"),
        ({"family": "sd1"}, "family", "causal_lm"),
        ({"dataset": {"max_length": 16, "system": "word " * 40}}, "dataset", "max_length"),
    ],
)
def test_what_is_wrong_is_said_in_words_of_texts(base: Path, config: dict[str, Any], key: str, words: str) -> None:
    thought = think(base, {"training": {"epochs": 1}} | config)
    [problem] = [one for one in thought.problems if one.key == key]
    assert words in problem.message + problem.hint and thought.plan is None


def test_pictures_and_texts_do_not_go_together(base: Path) -> None:
    on_texts = think(base, {"base_model": "thimble", "training": {"epochs": 1}})
    assert [(one.key, one.kind) for one in on_texts.problems] == [("dataset", "dataset_kind")]
    nothing = think(base, {"training": {"epochs": 1}}, some(0))
    assert [one.key for one in nothing.problems] == ["dataset"] and nothing.run is not None


def test_what_cannot_be_learned_is_told(base: Path) -> None:
    long = Example(messages=(Message(role="user", content="x" * 300), Message(role="assistant", content="y")), line=7)
    data = TextSet("y", 1, TextReport(path="shop", examples=[pair(1), long]))
    thought = think(base, {"training": {"epochs": 1}, "dataset": {"max_length": 128}}, data)
    assert isinstance(thought.plan, TextPlan) and thought.plan.examples == 1
    assert any("Line 7" in note and "128 tokens" in note for note in thought.notes)


def test_texts_become_tokens_once_for_settings_that_leave_them(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    inner = planning.prepare
    monkeypatch.setattr(planning, "prepare", lambda *given: counted.append(1) or inner(*given))
    texts = some(7)

    def run(**config: Any) -> TextRun:
        whole = {"family": "causal_lm", "base_model": str(base), "dataset": {"path": "x"}, "training": {"epochs": 3}}
        found = RUN.validate_python(whole | config)
        assert isinstance(found, TextRun)
        return found

    first = plan_of(texts, run()).plan
    for training in ({"epochs": 5, "batch_size": 2}, {"steps": 4, "accumulation": 3}):
        again = run(training=training, optimizer={"learning_rate": 0.1}, dataset={"path": "x", "repeats": 2})
        assert plan_of(texts, again).plan == inner(texts.report, again, _words(base)).plan != first
    assert len(counted) == 1
    plan_of(texts, run(loss={"train_on": "everything"}))
    plan_of(texts, run(dataset={"path": "x", "max_length": 64}))
    plan_of(TextSet("x7", 2, texts.report), run())
    assert len(counted) == 4


def _words(base: Path) -> Any:
    from loraloom.data.examples.words import Words

    return Words.of(base)


def test_results_are_kept_and_worked_out_by_one() -> None:
    kept: Kept[int] = Kept(2)
    go, began, found = threading.Event(), list[int](), list[int]()

    def slow() -> int:
        began.append(1)
        assert go.wait(30)
        return 5

    threads = [threading.Thread(target=lambda: found.append(kept.get("a", slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert found == [5] * 4 and len(began) == 1
    with pytest.raises(ZeroDivisionError):
        kept.get("b", lambda: 1 // 0)
    assert kept.get("b", lambda: 6) == 6 and kept.get("a", lambda: 0) == 5
    kept.get("c", lambda: 7)
    assert kept.get("b", lambda: 8) == 8  # only two stay, and a and c were asked for later


def test_queued_placed_and_read_again(session: Session, base: Path, tmp_path: Path) -> None:
    from loraloom.store.tables import BaseModel as Row

    user = users.ensure_local(session)
    session.add(Row(name="tiny", source=str(base), family="causal_lm", layout="transformers", user_id=user.id))
    config = {"name": "shop", "base_model": "tiny", "training": {"epochs": 2, "batch_size": 5}}
    run = create.create(session, user, "d", config, None, 0)
    assert (run.family, run.base_model, run.total_steps, run.dataset_version) == ("causal_lm", str(base), 4, 2)
    dataset = session.get_one(Dataset, "d")
    data = text_set(session, dataset)
    assert len(data.report.examples) == 10 and data is text_set(session, dataset)
    folder = tmp_path / "runs" / run.id
    place.fill(folder, run.config, data, FolderBlobs(tmp_path / "blobs"), "cpu")
    found = read(str(folder / "data" / "examples.jsonl"))
    assert not found.skipped and [one.messages for one in found.examples] == [pair(n).messages for n in range(10)]
    frozen = RUN.validate_python(yaml.safe_load((folder / "run.yaml").read_text("utf-8")))
    assert isinstance(frozen, TextRun) and frozen.dataset.path == "data/examples.jsonl"
    shown, following = seen.texts(folder, 0, 4)
    assert [one.line for one in shown] == [1, 2, 3, 4] and following == "4"
    shown, following = seen.texts(folder, 8, 4)
    assert [one.messages for one in shown] == [pair(8).messages, pair(9).messages] and following is None
    assert seen.listed(folder, "/x", None, 9) == ([], None)
    place.copy(folder, tmp_path / "runs" / "branch")
    assert len(read(str(tmp_path / "runs" / "branch" / "data" / "examples.jsonl")).examples) == 10
    with pytest.raises(LoomError, match="nothing in it"):
        place.fill(tmp_path / "runs" / "none", run.config, some(0), FolderBlobs(tmp_path / "blobs"), "cpu")


def test_converted_models_stay_while_a_run_needs_them(session: Session, tmp_path: Path) -> None:
    for name in ("bases/small-1/config.json", "exports/x.safetensors"):
        (tmp_path / "cache" / name).parent.mkdir(parents=True)
        (tmp_path / "cache" / name).write_bytes(bytes(10))
    blobs = FolderBlobs(tmp_path / "blobs")
    owner = users.ensure_local(session).id
    run = Run(id="r", name="r", user_id=owner, family="causal_lm", base_model="small", state="queued")
    session.add(run)
    session.flush()
    [cache] = [part for part in storage.usage(session, tmp_path, blobs) if part.name == "cache"]
    assert (cache.bytes, cache.removable) == (20, 10)
    storage.clean(session, tmp_path, blobs, ["cache"])
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["bases"]
    run.state = "finished"
    session.flush()
    storage.clean(session, tmp_path, blobs, ["cache"])
    assert not list((tmp_path / "cache").iterdir())


def test_a_config_of_ones_own(base: Path, tmp_path: Path) -> None:
    file = tmp_path / "faq.jsonl"
    file.write_text(json.dumps(pair(1).model_dump(mode="json")), "utf-8")
    config = {"base_model": str(base), "dataset": {"path": str(file)}, "training": {"epochs": 1}}
    resolved = resolve(config)
    assert isinstance(resolved.run, TextRun) and resolved.run.dataset.path == str(file)
    with pytest.raises(LoomError, match="there is no file, folder or zip"):
        resolve(config | {"dataset": {"path": str(file) + "x"}})
    with pytest.raises(LoomError, match="is a file, not a folder or zip"):
        resolve({"dataset": {"path": str(file)}, "training": {"epochs": 1}})


def test_what_is_not_installed_is_a_problem(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    file = tmp_path / "x.parquet"
    file.touch()
    config = {"family": "causal_lm", "dataset": {"path": str(file)}, "training": {"quantization": "nf4"}}
    gguf = BaseModel("small", base, None, "causal_lm", "gguf", None, None)
    found = {problem.key: problem for problem in environment.find_problems(config, gguf)}
    assert set(found) == {"dataset.path", "training.quantization", "base_model"}
    assert "pyarrow" in found["dataset.path"].message and "bitsandbytes" in found["training.quantization"].message
    assert "gguf" in found["base_model"].message
    assert environment.find_problems({**config, "training": {}, "dataset": {"path": str(base)}}, None) == []


@pytest.mark.parametrize("named", [True, False])
def test_a_new_config_for_texts(base: Path, tmp_path: Path, named: bool) -> None:
    mine = [preset.name for preset in presets.of_kind("texts")]
    assert len(mine) > 3
    data = tmp_path / "faq.txt"
    data.write_text("Words.", "utf-8")
    text = new_config(str(data), str(base), preset=mine[0] if named else None)
    assert "max_length" in text and "resolution" not in text and "# Longest example" in text
    run = resolve(yaml.safe_load(text)).run
    assert isinstance(run, TextRun) and run.base_model == str(base)
    with pytest.raises(LoomError, match="is for"):
        new_config(str(data), str(base), preset="quick-look")
