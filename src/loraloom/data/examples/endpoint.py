"""One OpenAI-compatible address that is asked for text, again when it is busy. Needs the extra `vlm` (httpx2, tenacity)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from loraloom.data.examples.drafting import Endpoint
from loraloom.spec.errors import LoomError

_BUSY = (408, 409, 425, 429)
_LONGEST_WAIT = 60.0
_HINTS = {
    401: "Give its key.",
    402: "The account behind the key has to be paid up.",
    403: "The key may not use this model.",
    404: "Check the address (it usually ends in /v1) and the model.",
}


class Again(Exception):
    """This try failed and a later one may not; `after` is how long the endpoint asks to wait, in seconds."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Unwilling(Exception):
    """The endpoint does not answer this question; it may answer the next."""


@dataclass(frozen=True)
class Asker:
    """A connection to an endpoint."""

    endpoint: Endpoint
    client: httpx.Client

    def ask(self, messages: list[dict[str, str]]) -> str:
        """The answer's text. Raises Unwilling, and LoomError `endpoint_unreachable` or `endpoint_refused` where no other
        question would fare better."""
        asked = self.endpoint
        body = {
            "model": asked.model,
            "messages": messages,
            "temperature": asked.temperature,
            "max_tokens": asked.max_tokens,
        }
        tries = Retrying(
            retry=retry_if_exception_type(Again),
            stop=stop_after_attempt(asked.retries + 1),
            wait=self._wait,
            reraise=True,
        )
        try:
            return tries(self._try, body)
        except Again as error:
            raise Unwilling(f"{error} (asked {asked.retries + 1} times)") from error

    def _try(self, body: dict[str, Any]) -> str:
        url = self.endpoint.url.rstrip("/")
        try:
            answer = self.client.post(f"{url}/chat/completions", json=body)
        except httpx.TimeoutException as error:
            raise Again(f"No answer within {self.endpoint.timeout:g} seconds") from error
        except httpx.ConnectError as error:
            hint = "Start the endpoint, or correct its address (with /v1 where it has that)."
            raise LoomError("endpoint_unreachable", f"Nobody answers at {url}.", hint) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Again(f"The connection broke ({type(error).__name__})") from error
        if answer.status_code in _BUSY or answer.status_code >= 500:
            raise Again(f"The endpoint answered {answer.status_code}", _seconds(answer.headers.get("retry-after")))
        if answer.status_code == 200:
            return _said(answer)
        reason = self._reason(answer)
        if answer.status_code in (400, 413, 422):
            raise Unwilling(f"The endpoint refused the question ({answer.status_code}): {reason}")
        hint = _HINTS.get(answer.status_code, "Check the address, the model and the key.")
        raise LoomError("endpoint_refused", f"{url} answered {answer.status_code}: {reason}", hint)

    def _reason(self, answer: httpx.Response) -> str:
        """What the endpoint says of its refusal, short, and never with the key in it."""
        said = " ".join(answer.text.split())[:300] or answer.reason_phrase
        return said.replace(self.endpoint.key, "***") if self.endpoint.key else said

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Again) and error.after is not None:
            return min(error.after, _LONGEST_WAIT)
        first = self.endpoint.first_wait
        return (wait_exponential(multiplier=first, max=_LONGEST_WAIT) + wait_random(0, first))(state)


@contextmanager
def connected(endpoint: Endpoint) -> Generator[Asker]:
    """Inside, the endpoint can be asked. Redirects are not followed: the key is for this address alone."""
    head = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    with httpx.Client(timeout=endpoint.timeout, headers=head, follow_redirects=False) as client:
        yield Asker(endpoint, client)


def _said(answer: httpx.Response) -> str:
    try:
        body: Any = answer.json()
        content: Any = body["choices"][0]["message"].get("content") or ""
        return content if isinstance(content, str) else "".join(str(part.get("text", "")) for part in content)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Again("The endpoint's answer is not a chat completion") from error


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:  # a date: the usual wait will do
        return None
