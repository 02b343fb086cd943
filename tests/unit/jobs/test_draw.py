"""The generate process is asked on a file and answers on a file; when it dies there are words for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs import draw as module
from loraloom.jobs.draw import draw
from loraloom.spec.errors import LoomError

WANTED: dict[str, Any] = {"prompts": ["a"], "out": "/x.png"}


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(body: str) -> None:
        script = tmp_path / "child.py"
        script.write_text(f"import json, sys\nrequest = json.load(open(sys.argv[1]))\n{body}", encoding="utf-8")
        monkeypatch.setattr(module, "COMMAND", (sys.executable, str(script)))

    return use


def test_an_answer(child: Any) -> None:
    child('open(request["result"], "w").write(json.dumps({"files": [request["out"]], "seconds": 1}))')
    assert draw(WANTED).files == ("/x.png",)


def test_a_refusal_in_its_own_words(child: Any) -> None:
    answer = '{"error_code": "lora_mismatch", "error_message": "No.", "error_hint": "Do."}'
    child(f"open(request['result'], 'w').write('{answer}'); sys.exit(1)")
    with pytest.raises(LoomError) as caught:
        draw(WANTED)
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("lora_mismatch", "No.", "Do.")


def test_a_death_without_an_answer(child: Any) -> None:
    child("print('ImportError: no such thing'); sys.exit(3)")
    with pytest.raises(LoomError) as caught:
        draw(WANTED)
    assert "drawing process" in caught.value.message and "no such thing" in caught.value.hint


def test_a_request_that_cannot_be() -> None:
    with pytest.raises(LoomError) as caught:
        draw(WANTED | {"width": 100, "compare": True})
    assert caught.value.code == "config_invalid" and "width" in caught.value.message
