"""Drafts by an endpoint: what of its answers is understood, when it is asked again, what stops at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from loraloom.data.examples.drafting import Endpoint, draft, pairs_in, passages_of
from loraloom.spec.errors import LoomError

PAIRS = [("Q1", "A1"), ("Q2", "A2")]
LIST = '[{"question": "Q1", "answer": "A1"}, {"question": "Q2", "answer": "A2"}]'


@pytest.mark.parametrize(
    "said",
    [
        f'{{"pairs": {LIST}}}',
        LIST,
        f"Sure! Here they are:\n```json\n{LIST}\n```\nAnything else?",
        f'<think>[1] maybe {{"question": "no", "answer": "no"}}</think>{LIST}',
        LIST.replace("},", "},,").replace(",,", ",").replace('"A2"}]', '"A2",},]'),
        '{"question": "Q1", "answer": "A1"}\n{"question": "Q2", "answer": "A2"}',
        LIST.replace("question", "Instruction").replace("answer", "output"),
        '{"pairs": [{"question": "Q1", "answer": "A1"}, {"question": "Q2", "answer": "A2"}, {"question": "Q3", "ans',
        '{"pairs": [{"question": "Q1", "answer": "A1"}, {"question": "", "answer": "x"}, {"question": "Q2", "answer": " A2 "}]}',
        '{"result": {"n": 2}, "items": ' + LIST + "}",
    ],
)
def test_answers_are_understood(said: str) -> None:
    assert pairs_in(said) == PAIRS


@pytest.mark.parametrize(
    "said", ["", "I cannot do that.", "[1, 2, {", "<think>" + LIST, '{"question": "Q"}', "[" * 5000]
)
def test_answers_that_are_none(said: str) -> None:
    assert pairs_in(said) == []


def test_passages_end_where_sentences_do() -> None:
    text = "One two. Three four! Five six seven.\n\nShort.\n\nAlso short.\n\n" + "x" * 50
    passages = passages_of(text, 30)
    assert passages == ["One two. Three four!", "Five six seven.\n\nShort.", "Also short.", "x" * 30, "x" * 20]
    assert passages_of("  \n\n ") == []


class Server:
    """An endpoint that answers what it is told to, in order; the last answer stays."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer, left = self, list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                outer.keys.append(self.headers["authorization"])
                status, text = left.pop(0) if len(left) > 1 else left[0]
                body = json.dumps({"choices": [{"message": {"content": text}}]}) if status == 200 else text
                self.send_response(status)
                self.send_header("content-length", str(len(body.encode())))
                if status == 429:
                    self.send_header("retry-after", "0")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def endpoint(self, **more: Any) -> Endpoint:
        url = f"http://127.0.0.1:{self.http.server_port}/v1"
        return Endpoint(url, "m", **{"key": "sk-secret", "first_wait": 0.0, "retries": 2} | more)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(*answers: tuple[int, str]) -> Server:
        made.append(Server(*answers))
        return made[-1]

    yield start
    for server in made:
        server.http.shutdown()
        server.http.server_close()


def test_pairs_come_as_they_are_written(serve: Callable[..., Server]) -> None:
    again = '[{"question": "q1", "answer": "other"}, {"question": "Q3", "answer": "A3"}]'
    server = serve((200, LIST), (200, "no"), (200, again))
    problems: list[str] = []
    seen: list[tuple[int, int]] = []
    texts = ["First document.", "Second.", "Third."]
    came = draft(texts, server.endpoint(), 2, problem=problems.append, progress=lambda *at: seen.append(at))
    first = next(came)
    assert len(server.asked) == 1 and [m.content for m in first.messages] == ["Q1", "A1"]
    assert [e.messages[0].content for e in came] == ["Q2", "Q3"]
    assert len(problems) == 1 and problems[0].startswith("Passage 2:")
    assert seen == [(1, 3), (2, 3), (3, 3)]
    question = server.asked[0]["messages"][-1]["content"]
    assert "First document." in question and "Write 2 different questions" in question
    assert set(server.keys) == {"Bearer sk-secret"} and server.asked[0]["model"] == "m"


def test_a_busy_endpoint_is_asked_again(serve: Callable[..., Server]) -> None:
    server = serve((429, "slow down"), (503, ""), (200, LIST))
    assert len(list(draft(["Text."], server.endpoint()))) == 2 and len(server.asked) == 3


def test_a_refusal_of_one_passage_is_told_and_the_next_is_asked(serve: Callable[..., Server]) -> None:
    server = serve((400, "too long"), (200, LIST))
    problems: list[str] = []
    assert len(list(draft(["A.", "B."], server.endpoint(), problem=problems.append))) == 2
    assert problems == ["Passage 1: The endpoint refused the question (400): too long"]


def test_what_no_other_passage_would_change_stops_at_once(serve: Callable[..., Server]) -> None:
    server = serve((401, '{"error": "bad key sk-secret"}'))
    with pytest.raises(LoomError, match="answered 401") as caught:
        list(draft(["A.", "B."], server.endpoint()))
    assert caught.value.code == "endpoint_refused" and len(server.asked) == 1
    assert "sk-secret" not in caught.value.message and "sk-secret" not in repr(server.endpoint())
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(LoomError) as gone:
        list(draft(["A."], server.endpoint()))
    assert gone.value.code == "endpoint_unreachable"


def test_nothing_at_all_is_an_error(serve: Callable[..., Server]) -> None:
    server = serve((200, "I would rather not."))
    with pytest.raises(LoomError, match=r"Nothing came of 2 passages.*I would rather not") as caught:
        list(draft(["A.", "B."], server.endpoint()))
    assert caught.value.code == "endpoint_refused"
    assert list(draft([], server.endpoint())) == []
