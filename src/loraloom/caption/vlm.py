"""Any OpenAI-compatible endpoint that takes pictures: several questions at once, asked again when it is busy, counted."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from io import BytesIO
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2 as httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_exponential,
    wait_random,
)

from loraloom.caption.engine import Made, Picture, Warned
from loraloom.caption.retry_after import retry_after
from loraloom.spec.captioning import KEY_VARIABLE, VlmJob
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from PIL.Image import Image

BUSY = (408, 409, 425, 429)
"""Answers that a later try may change; so may every 5xx."""
LONGEST_WAIT = 120.0
"""Seconds between two tries at most, whatever the endpoint asks for."""
TICK = 0.5
"""Seconds without an answer after which the child looks whether it should stop."""
ROUNDS = 4
"""A batch is this many times what is asked at once, so that one slow answer does not hold the others up."""
_THOUGHTS = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)


class Again(Exception):
    """This try failed and a later one may not; `after` is how long the endpoint asks to wait, in seconds."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass
class Vlm:
    """A client of one endpoint. The key comes from the environment and goes nowhere but into the header."""

    job: VlmJob
    warnings: Sequence[Warned] = ()
    first_wait: float = 1.0
    """Seconds before the second try; doubled after each."""
    _client: httpx.Client = field(init=False, repr=False)
    _ended: Event = field(default_factory=Event, repr=False)
    _met: bool = False
    """Whether it ever answered."""

    def __post_init__(self) -> None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        head = {"Authorization": f"Bearer {key}"} if key else {}
        limits = httpx.Limits(max_connections=self.job.concurrency)
        # Redirects are not followed: the key is for this address alone.
        self._client = httpx.Client(timeout=self.job.timeout, headers=head, limits=limits, follow_redirects=False)

    @property
    def model(self) -> str:
        """The model's name at the endpoint."""
        return self.job.model or f"at {urlsplit(self.job.url).hostname}"

    @property
    def batch_size(self) -> int:
        """Enough for several rounds."""
        return max(self.job.batch_size, self.job.concurrency * ROUNDS)

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made] | None]:
        """Answers as they come. Raises LoomError `endpoint_refused` or `endpoint_unreachable` when no picture would fare
        better: a wrong key, an unknown model, nobody there."""
        pool = ThreadPoolExecutor(self.job.concurrency, thread_name_prefix="ask")
        asked: dict[Future[Made], int] = {pool.submit(self._ask, picture): i for i, picture in enumerate(pictures)}
        waiting = set(asked)
        try:
            while waiting:
                done, waiting = wait(waiting, TICK, FIRST_COMPLETED)
                if not done:
                    yield None
                for future in done:
                    yield asked[future], future.result()
        finally:
            if waiting:  # stopped: nobody waits for another try
                self._ended.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, picture: Picture) -> Made:
        try:
            body = self._question(picture)
        except LoomError as error:
            return Made(problem=error.message)
        tries = Retrying(
            retry=retry_if_exception_type(Again),
            stop=stop_after_attempt(self.job.retries + 1) | stop_when_event_set(self._ended),
            wait=self._wait,
            sleep=sleep_using_event(self._ended),
            reraise=True,
        )
        try:
            return tries(self._try, body)
        except Again as error:
            return Made(problem=f"{error} (asked {self.job.retries + 1} times)")

    def _try(self, body: dict[str, Any]) -> Made:
        url = f"{self.job.url}/chat/completions"
        try:
            answer = self._client.post(url, json=body)
        except httpx.ConnectError as error:
            if self._met:
                raise Again("The endpoint is gone") from error
            text = f"Nobody answers at {self.job.url}."
            hint = "Start the endpoint, or correct --url (with /v1 where it has that)."
            raise LoomError("endpoint_unreachable", text, hint) from error
        except httpx.TimeoutException as error:
            raise Again(f"No answer within {self.job.timeout:g} seconds") from error
        except httpx.TransportError as error:
            raise Again(f"The connection broke ({type(error).__name__})") from error
        self._met = True
        status = answer.status_code
        if status in BUSY or status >= 500:
            raise Again(f"The endpoint answered {status}", retry_after(answer.headers.get("retry-after")))
        if status == 200:
            return _read(answer)
        said = _reason(answer)
        if status in (400, 413, 415, 422):  # this picture or this question, perhaps not the next
            return Made(problem=f"The endpoint refused the question ({status}): {said}")
        hints = {
            401: f"Put its key into the environment variable {KEY_VARIABLE}.",
            403: f"The key in {KEY_VARIABLE} may not use this model.",
            404: "Check --url (it usually ends in /v1) and --model.",
            402: "The account behind the key has to be paid up.",
        }
        text = f"{self.job.url} answered {status}: {said}"
        raise LoomError("endpoint_refused", text, hints.get(status, "Check --url, --model and the key."))

    def _wait(self, state: RetryCallState) -> float:
        """What the endpoint asked for, else longer each time with some chance in it."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Again) and error.after is not None:
            return min(error.after, LONGEST_WAIT)
        growing = wait_exponential(multiplier=self.first_wait, max=LONGEST_WAIT)
        return (growing + wait_random(0, self.first_wait))(state)

    def _question(self, picture: Picture) -> dict[str, Any]:
        job = self.job
        text = job.prompt.replace("{existing}", picture.existing)
        content = [
            {"type": "text", "text": text},
            {"type": "image_url", "image_url": {"url": data_url(picture.load(), job.max_side)}},
        ]
        messages: list[dict[str, Any]] = [{"role": "system", "content": job.system}] if job.system else []
        body = {"messages": [*messages, {"role": "user", "content": content}], "max_tokens": job.max_tokens}
        body |= {"temperature": job.temperature} | ({"model": job.model} if job.model else {})
        return body


def data_url(image: Image, max_side: int) -> str:
    """The picture as a JPEG in a data URL, its longer side at most `max_side`."""
    image = image.copy()
    image.thumbnail((max_side, max_side))
    stream = BytesIO()
    image.save(stream, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _read(answer: httpx.Response) -> Made:
    """The caption in a chat completion. An answer that is none may be better the next time: raises Again."""
    try:
        body: Any = answer.json()
        message = body["choices"][0]["message"]
        text, usage = message.get("content"), body.get("usage") or {}
        tokens = [int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
        if isinstance(text, list):  # some answer in parts
            text = "".join(str(part.get("text", "")) for part in text)
        words = " ".join(_THOUGHTS.sub(" ", str(text or "")).split())
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Again("The endpoint's answer is not a chat completion") from error
    problem = "" if words else "The model said nothing."
    return Made(words, problem=problem, tokens_in=tokens[0], tokens_out=tokens[1])


def _reason(answer: httpx.Response) -> str:
    """What the endpoint says of its refusal, short, and never with the key in it."""
    try:
        body: Any = answer.json()
        error: Any = body.get("error", body)
        said = str(error.get("message") or error) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError):
        said = answer.text
    said = " ".join(said.split())[:300] or answer.reason_phrase
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return said.replace(key, "***") if key else said
