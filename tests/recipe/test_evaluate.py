"""The evaluating process: what a small model knows, without and with a LoRA that was trained on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.generate.evaluate import is_right, main
from loraloom.spec.evaluation import Asked, EvaluationRequest, EvaluationResult
from tests.runs import train_here
from tests.text_runs import make_text_run
from tests.tiny_text import tiny_text_base

ROW = {"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Oda"}]}


def _ask(place: Path, base: Path, lora: Path) -> tuple[int, EvaluationResult]:
    request = EvaluationRequest(
        base=str(base),
        lora=str(lora),
        questions=(Asked(question="Who?", answer=(("Oda", "Odalys"),)),),
        texts=("A river does not run straight.", "Bread."),
        max_tokens=8,
        device="cpu",
        threads=1,
        result=str(place / "result.json"),
    )
    file = place / "request.json"
    file.write_text(request.model_dump_json(), encoding="utf-8")
    code = main([str(file)])
    return code, EvaluationResult.model_validate_json((place / "result.json").read_bytes())


def test_what_was_taught_is_answered_after_and_not_before(tmp_path: Path) -> None:
    base = tiny_text_base(tmp_path / "base")
    run_dir = make_text_run(
        tmp_path / "run",
        base,
        [ROW],
        lora={"rank": 16, "alpha": 32},
        training={"steps": 60, "batch_size": 1},
        optimizer={"learning_rate": 5e-3},
    )
    train_here(run_dir)
    code, result = _ask(tmp_path, base, run_dir / "lora" / "small")
    assert code == 0 and result.error_code == ""
    (answer,) = result.answers
    assert (answer.right_before, answer.right_after) == (False, True), answer
    assert (result.right_before, result.right_after) == (0, 1) and answer.after.startswith("Oda")
    assert result.perplexity_before is not None and result.perplexity_after is not None
    assert 1 < result.perplexity_before < 400 and result.perplexity_before != result.perplexity_after


def test_a_folder_that_is_no_lora_is_said(tmp_path: Path) -> None:
    base = tiny_text_base(tmp_path / "base")
    code, result = _ask(tmp_path, base, base)
    assert code == 1 and result.error_code == "lora_unreadable" and result.answers == ()


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("It was founded by Odalys Wrenfield.", True),
        ("ODALYS", True),
        ("Odalyst", False),
        ("", False),
        ("Cork, and some copper.", False),
    ],
)
def test_a_right_answer_has_one_spelling_as_whole_words(said: str, right: bool) -> None:
    assert is_right(said, (("Odalys Wrenfield", "Odalys"),)) is right
    assert is_right(said + " cork", (("Odalys",), ("cork", "bark"))) is right


def test_punctuation_and_case_do_not_count() -> None:
    assert is_right('They say "Light, that waits for you!"', (("light that waits",),))
    assert is_right("In Port-Sallow", (("Port Sallow",),))
