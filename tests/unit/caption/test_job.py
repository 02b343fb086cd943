"""The child's folder: a line a picture, resumed, stopped, its failures told. The engine is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from loraloom.caption import job as carrying_out
from loraloom.caption.__main__ import main
from loraloom.caption.engine import Label, Made, Picture, Warned
from loraloom.spec.captioning import CAPTION_JOB, JOBS
from loraloom.spec.engines import ENGINES, chinese
from loraloom.spec.errors import LoomError
from tests.runs import payloads

CLIP = {"engine": "clip", "labels": ["cat", "dog"], "batch_size": 2}


class Fake:
    """Captions with the file's stem; files called `bad` fail, `fit` batches do not fit into memory when larger than one."""

    model = "fake"
    warnings: Sequence[Warned] = (Warned("embedded_clip", "It guesses.", "Beware."),)
    batch_size = 2

    def __init__(self) -> None:
        self.seen: list[str] = []

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made] | None]:
        yield None
        if len(pictures) > 1 and any("fit" in p.path.stem for p in pictures):
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        for place, picture in enumerate(pictures):
            self.seen.append(picture.path.stem)
            if "bad" in picture.path.stem:
                yield place, Made(problem="It is bad.")
            else:
                row = np.full(4, len(self.seen), dtype=np.float32)
                yield place, Made(picture.path.stem, (Label("cat", 0.83, "labels"),), "", 10, 2, embedding=row)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(carrying_out, "load", lambda _: fake)
    return fake


def folder(tmp_path: Path, *stems: str, **settings: Any) -> Path:
    job_dir = tmp_path / "job"
    (job_dir / "data").mkdir(parents=True)
    (job_dir / "job.yaml").write_text(yaml.safe_dump({**CLIP, **settings}, allow_unicode=True), "utf-8")
    for number, stem in enumerate(stems):
        Image.new("RGB", (32, 32), (10 * number, 0, 0)).save(job_dir / "data" / f"{stem}.png")
    return job_dir


def run(job_dir: Path, after: int | None = None) -> str | None:
    """`after`: ask to stop once that many events were written."""
    from loraloom.spec.journal import Journal

    emit = Journal(job_dir)
    try:
        stop = lambda: "SIGINT" if after is not None and len(payloads(job_dir)) > after else None  # noqa: E731
        return carrying_out.run_job(job_dir, carrying_out.read_job(job_dir), emit, stop, 0.0)
    finally:
        emit.close()


def lines(job_dir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job_dir / "captions.jsonl").read_text("utf-8").splitlines()]


def test_a_line_for_each_picture_and_embeddings(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", "猫", "c", template="{trigger}, a {caption}", trigger="sks")
    assert run(job_dir) is None
    assert lines(job_dir)[1] == {
        "file": "c.png",
        "caption": "[trigger], a c",
        "labels": [{"label": "cat", "p": 0.83, "group": "labels"}],
        "engine": "clip",
        "version": "1 fake",
    }
    assert json.loads((job_dir / "embeddings.json").read_text("utf-8"))["files"] == ["a.png", "c.png", "猫.png"]
    rows = np.load(job_dir / "embeddings.npy")
    assert rows.dtype == np.float16 and rows[:, 0].tolist() == [1, 2, 3]
    kinds = [p["type"] for p in payloads(job_dir)]
    assert kinds[:4] == ["StageStarted", "WarningRaised", "StageProgressed", "StageStarted"]
    assert [p["done"] for p in payloads(job_dir, "StageProgressed")] == [1, 1, 2, 3]
    end = payloads(job_dir)[-1]
    assert (end["type"], end["images"], end["failed"], end["tokens_in"]) == ("CaptionsFinished", 3, 0, 30)


def test_a_stop_keeps_what_is_done_and_a_second_start_goes_on(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", "b", "c", "d", "e")
    assert run(job_dir, after=6) == "SIGINT"
    assert payloads(job_dir)[-1] == {"type": "RunInterrupted", "step": 3, "signal": "SIGINT"}
    done = [line["file"] for line in lines(job_dir)]
    with (job_dir / "captions.jsonl").open("ab") as file:
        file.write(b'{"file": "torn')  # killed while writing
    with (job_dir / "embeddings.f16").open("ab") as file:
        file.write(b"\x00" * 8)
    assert run(job_dir) is None
    assert [line["file"] for line in lines(job_dir)] == [f"{stem}.png" for stem in "abcde"]
    assert len(done) == 3 and engine.seen == list("abcde")
    assert np.load(job_dir / "embeddings.npy")[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert run(job_dir) is None and len(engine.seen) == 5


def test_a_stop_before_the_first_picture(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a")
    assert run(job_dir, after=0) == "SIGINT"
    assert payloads(job_dir)[-1]["step"] == 0 and not engine.seen


def test_the_supervisor_asks_through_a_file(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", "b")
    (job_dir / "asks").mkdir()
    (job_dir / "asks" / "stop").touch()
    assert run(job_dir) == "ask"


def test_failures_are_named_and_tried_again(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", "bad1", "bad2")
    assert run(job_dir) is None
    told = [p["message"] for p in payloads(job_dir, "WarningRaised") if p["code"] == "picture_failed"]
    assert told == ["bad1.png has no caption: It is bad.", "bad2.png has no caption: It is bad."]
    assert payloads(job_dir)[-1]["failed"] == 2 and len(lines(job_dir)) == 1
    (job_dir / "data" / "bad1.png").unlink()
    run(job_dir)
    assert engine.seen == ["a", "bad1", "bad2", "bad2"]


def test_many_failures_are_counted(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", *(f"bad{i:02}" for i in range(25)))
    run(job_dir)
    assert len(payloads(job_dir, "WarningRaised")) == 1 + 20 + 1
    assert "5 more" in payloads(job_dir, "WarningRaised")[-1]["message"]


@pytest.mark.parametrize("count", [1, 40])
def test_where_nothing_works_it_ends(tmp_path: Path, engine: Fake, count: int) -> None:
    job_dir = folder(tmp_path, *(f"bad{i:02}" for i in range(count)))
    with pytest.raises(LoomError, match="It is bad"):
        run(job_dir)
    assert len(engine.seen) <= 12


def test_a_batch_that_does_not_fit_is_halved(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", "fit", "z")
    assert run(job_dir) is None
    assert engine.seen == ["a", "fit", "z"]
    lowered = payloads(job_dir, "SettingsLowered")
    assert [(p["key"], p["old"], p["new"]) for p in lowered] == [("batch_size", 2, 1)]


def test_kept_captions_cost_nothing_but_clip_looks_at_all(tmp_path: Path, engine: Fake) -> None:
    job_dir = folder(tmp_path, "a", "b")
    (job_dir / "data" / "a.txt").write_text("mine", "utf-8")
    run(job_dir)
    assert engine.seen == ["a", "b"]
    other = folder(tmp_path / "other", "a", "b")
    (other / "job.yaml").write_text("engine: tagger\nmodel: x\n")
    (other / "data" / "a.txt").write_text("mine", "utf-8")
    run(other)
    assert engine.seen == ["a", "b", "b"]


def test_the_child_says_what_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("loraloom.child.work.Stop", lambda: lambda: None)
    job_dir = folder(tmp_path, "a", engine="tagger", labels=None)
    for content, code in (
        ("engine: tagger\n", "caption_model_not_found"),
        ("engine: tagger\nthresold: 1\n", "config_invalid"),
        ("engine: wizard\n", "config_invalid"),
        ("engine: clip\nlabels: [a]\ntemplate: '{stile}'\n", "config_invalid"),
        ("[", "config_invalid"),
    ):
        (job_dir / "job.yaml").write_text(content)
        assert main([str(job_dir)]) == 1
        assert payloads(job_dir)[-1]["code"] == code and payloads(job_dir)[-1]["hint"]
    (job_dir / "data" / "a.png").unlink()
    (job_dir / "job.yaml").write_text("engine: clip\nlabels: [a]\n")
    assert main([str(job_dir)]) == 1 and payloads(job_dir)[-1]["code"] == "dataset_empty"
    assert main([str(tmp_path / "nowhere")]) == 1
    assert main([]) == main(["--x"]) == 2


def test_every_engine_is_described() -> None:
    assert set(ENGINES) == set(JOBS)
    for name, facts in ENGINES.items():
        assert facts.title and facts.who.endswith(".") and facts.needs.endswith(".")
        assert bool(facts.modules) == bool(facts.extra)
        fields = facts.fields()["properties"]
        assert fields["engine"]["const"] == name
        assert all("description" in info for key, info in fields.items() if key != "engine")


def test_every_setting_has_its_chinese_and_none_is_stale() -> None:
    words = chinese()
    fields = [(key, info) for facts in ENGINES.values() for key, info in facts.fields()["properties"].items()]
    assert {key for key, _ in fields} - {"engine"} == set(words["keys"])
    assert {info["unit"] for _, info in fields if "unit" in info} == set(words["units"])
    for key, info in fields:
        if key != "engine":
            assert info["title"] and info["x-zh"]["label"] and info["x-zh"]["help"].endswith("。")
            assert set(info["x-zh"].get("choices", {})) <= set(info.get("enum", ()))
            assert ("unit" in info) == ("unit" in info["x-zh"]), key


def test_an_extra_that_is_missing_is_said_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loraloom.spec.engines.find_spec", lambda _: None)
    for name in ("tagger", "vlm", "photo"):
        with pytest.raises(LoomError, match="not installed") as raised:
            ENGINES[name].require()
        assert raised.value.code == "extra_missing" and f"loraloom[{name}]" in raised.value.hint
        assert "pip install" in ENGINES[name].why_not()
    ENGINES["clip"].require()


def test_jobs_are_read_by_their_engine() -> None:
    for name, kind in JOBS.items():
        more = {"labels": ["a"]} if name == "clip" else {}
        assert type(CAPTION_JOB.validate_python({"engine": name, **more})) is kind
    with pytest.raises(ValueError, match="labels"):
        CAPTION_JOB.validate_python({"engine": "clip"})
