"""The engine vlm against a real server: what it sends, how it waits, what it does with every kind of answer."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from loraloom.caption.engine import Made, Picture
from loraloom.caption.retry_after import retry_after
from loraloom.spec.captioning import KEY_VARIABLE, VlmJob
from loraloom.spec.errors import LoomError

pytest.importorskip("httpx2")
pytest.importorskip("tenacity")
from loraloom.caption.vlm import Vlm
from tests.unit.caption.endpoint import Seen, endpoint


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    made: list[Picture] = []
    for number in range(4):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (96, 64), (40 * number, 0, 0)).save(file)
        made.append(Picture(file, f"old {number}"))
    return made


def ask(seen: Seen, pictures: list[Picture], **settings: object) -> list[Made]:
    engine = Vlm(VlmJob(url=seen.url, model="m", **settings), first_wait=0.01)  # pyright: ignore[reportArgumentType]
    found = dict(item for item in engine.caption(pictures) if item is not None)
    assert sorted(found) == list(range(len(pictures)))
    return [found[i] for i in range(len(pictures))]


def test_every_picture_gets_its_own_answer(pictures: list[Picture], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with endpoint() as seen:
        made = ask(seen, pictures, prompt="Say it. Before: {existing}", system="Be short.", max_side=48, max_tokens=9)
    assert [m.caption for m in made] == [f"a 48 x 32 picture, red {40 * i}" for i in range(4)]
    assert all((m.tokens_in, m.tokens_out, m.problem) == (1000, 20, "") for m in made)
    question = next(q for q in seen.questions if "old 2" in str(q))
    assert question["model"] == "m" and question["max_tokens"] == 9
    assert question["messages"][0] == {"role": "system", "content": "Be short."}
    assert question["messages"][1]["content"][0]["text"] == "Say it. Before: old 2"
    assert {head["Authorization"] for head in seen.heads} == {"Bearer secret"}


def test_no_key_no_header(pictures: list[Picture], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with endpoint() as seen:
        ask(seen, pictures[:1])
    assert "Authorization" not in seen.heads[0]


def test_busy_broken_slow_and_garbage_are_asked_again(pictures: list[Picture]) -> None:
    with endpoint(("busy", "broken", "garbage", "slow")) as seen:
        made = ask(seen, pictures[:1], concurrency=1, timeout=0.5)
    assert made[0].caption == "a 96 x 64 picture, red 0"
    assert len(seen.questions) == 5
    waits = [b - a for a, b in zip(seen.times, seen.times[1:], strict=False)]
    assert waits[0] >= 0.99, "Retry-After: 1 is honoured"
    assert waits[1] < 0.5 and waits[2] < 0.5


def test_what_never_works_is_said_of_that_picture_alone(pictures: list[Picture]) -> None:
    with endpoint(("broken",) * 3) as seen:
        made = ask(seen, pictures, concurrency=1, retries=2)
    assert made[0].problem == "The endpoint answered 500 (asked 3 times)" and not made[0].caption
    assert all(m.caption for m in made[1:])


def test_a_question_that_is_refused_is_not_asked_again(pictures: list[Picture]) -> None:
    with endpoint(("bad", "empty")) as seen:
        made = ask(seen, pictures[:2], concurrency=1)
    assert len(seen.questions) == 2
    assert "refused the question (400)" in made[0].problem and made[1].problem == "The model said nothing."


def test_a_wrong_key_ends_it_and_is_never_shown(pictures: list[Picture], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-secret")
    with endpoint(("refused",) * 9) as seen, pytest.raises(LoomError) as raised:
        ask(seen, pictures, concurrency=1)
    assert raised.value.code == "endpoint_refused" and KEY_VARIABLE in raised.value.hint
    assert "no, not with ***" in raised.value.message and "sk-secret" not in raised.value.message
    assert len(seen.questions) <= 2


def test_nobody_there_is_said_at_once(pictures: list[Picture]) -> None:
    with endpoint() as seen:
        pass
    with pytest.raises(LoomError) as raised:
        ask(seen, pictures)
    assert raised.value.code == "endpoint_unreachable" and seen.url in raised.value.message


def test_as_many_at_once_as_was_said(pictures: list[Picture]) -> None:
    with endpoint(delay=0.15) as seen:
        ask(seen, pictures * 2, concurrency=3)
    assert seen.most_at_once == 3


def test_a_stop_is_heard_while_it_waits(pictures: list[Picture]) -> None:
    with endpoint(("slow",)) as seen:
        engine = Vlm(VlmJob(url=seen.url, concurrency=1))
        answers = engine.caption(pictures)
        assert next(answers) is None
        answers.close()  # pyright: ignore[reportAttributeAccessIssue]


def test_a_picture_that_does_not_decode_spoils_no_other(pictures: list[Picture]) -> None:
    pictures[1].path.write_bytes(b"no picture")
    with endpoint() as seen:
        made = ask(seen, pictures)
    assert len(seen.questions) == 3 and "not a picture" in made[1].problem


def test_retry_after_is_read_in_both_forms() -> None:
    now = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
    assert retry_after("2.5") == 2.5 and retry_after("-1") == 0
    assert retry_after("Tue, 24 Nov 2026 12:00:30 GMT", now) == 30
    assert retry_after("Tue, 24 Nov 2026 11:00:00 GMT", now) == 0
    assert retry_after("soon") is None and retry_after(None) is None and retry_after("nan") is None


@pytest.mark.parametrize("url", ["ftp://x/v1", "http://user:key@host/v1", "http://host/v1?key=abc", "host/v1"])
def test_an_address_holds_no_key(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        VlmJob(url=url)


def test_addresses_are_taken_as_people_paste_them() -> None:
    assert VlmJob(url="http://h:1/v1/chat/completions").url == VlmJob(url="http://h:1/v1/").url == "http://h:1/v1"


def test_torch_is_not_imported() -> None:
    code = "import sys, loraloom.caption.vlm, loraloom.caption.job; assert not {'torch', 'transformers'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
