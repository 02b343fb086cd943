"""The server as a worker sees it: every call either has its answer, is refused for good, or finds nobody there for now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import httpx2
from pydantic import BaseModel, TypeAdapter
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from loraloom.jobs import trace
from loraloom.spec.errors import CODES, LoomError
from loraloom.spec.work import (
    LEASE_SECONDS,
    Claim,
    End,
    Events,
    FileRef,
    Files,
    Orders,
    Register,
    Registered,
    Upload,
    UploadDone,
    UploadPlan,
    Work,
)

T = TypeVar("T")
CONNECT, ANSWER, TRANSFER = 3.0, 20.0, 60.0
"""Seconds to wait for a connection, for an answer, and for the next bytes of a file."""
SOONEST = 2.0
"""Seconds that an answer to a beat may take, however short a lease is: a server that has much to do is not asked twice."""
PATIENCE = 300.0
"""Seconds for which a file is tried again before the round begins anew."""
CHUNK = 2**20


class Away(Exception):
    """Nobody answers, or the server cannot answer now: to be tried again."""


@dataclass
class _Terms:
    lease: float = LEASE_SECONDS
    """Seconds; what the server said when this worker introduced itself."""


class Server:
    """Calls with one bearer token. Safe from several threads."""

    def __init__(self, url: str, token: str, terms: _Terms | None = None) -> None:
        """`url` is where the page is, with http or https; `terms` are shared by all that know the same server."""
        self._url, self._token = url.rstrip("/") + "/", token
        self._terms = terms or _Terms()
        timeout = httpx2.Timeout(ANSWER, connect=CONNECT)
        self._client = httpx2.Client(timeout=timeout, headers={"Authorization": f"Bearer {token}"})
        self._files = httpx2.Client(timeout=httpx2.Timeout(TRANSFER, connect=CONNECT), follow_redirects=True)

    def with_token(self, token: str) -> Server:
        """The same server, asked with another token."""
        return Server(self._url, token, self._terms)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
        self._files.close()

    def register(self, said: Register) -> Registered:
        """Introduce this worker. Raises Away, LoomError `worker_refused`, `in_use`."""
        known: Registered = self._post("api/work/workers", said, Registered)
        self._terms.lease = known.lease_seconds
        return known

    def claim(self, worker_id: str, device: str) -> Work | None:
        """The next run for a device, if there is one. Raises Away, LoomError `worker_not_found`, `worker_refused`."""
        return self._post(f"api/work/workers/{worker_id}/claim", Claim(device=device), Work | None)

    def mine(self) -> Work:
        """What was given with this token. Raises Away, LoomError `stale_lease`."""
        return self._call("GET", "api/work/mine", None, Work)

    def events(self, after: int, lines: list[str]) -> Orders:
        """Send events. It waits for an answer for a quarter of the lease: one that is lost does not cost the run. Raises
        Away, LoomError `stale_lease`."""
        wait = max(SOONEST, self._terms.lease / 4)
        timeout = httpx2.Timeout(wait, connect=min(CONNECT, wait))
        return self._post("api/work/events", Events(after=after, lines=lines), Orders, timeout)

    def files(self, put: list[FileRef], remove: list[str]) -> None:
        """Say what the run folder now holds. Raises Away, LoomError `stale_lease`."""
        self._post("api/work/files", Files(put=put, remove=remove), Orders)

    def end(self, said: End) -> None:
        """The child has ended. Raises Away, LoomError `stale_lease`."""
        self._post("api/work/end", said, None)

    def fetch(self, ref: FileRef, target: Path) -> None:
        """Download a file and check it. Raises Away, LoomError `checksum_mismatch`, `stale_lease`, OSError."""
        for attempt in _trying():
            with attempt:
                self._fetch(ref, target)

    def send(self, content: bytes | Path, sha256: str, size: int) -> None:
        """Upload a file in parts, unless its bytes are there. Raises Away, LoomError `stale_lease`, OSError."""
        for attempt in _trying():
            with attempt:
                plan = self._post("api/work/uploads", Upload(sha256=sha256, bytes=size), UploadPlan)
                if plan.there:
                    return
                etags = [self._part(content, plan, number) for number in range(len(plan.urls))]
                done = UploadDone(sha256=sha256, upload_id=plan.upload_id, etags=etags)
                self._post("api/work/uploads/done", done, None)

    def _part(self, content: bytes | Path, plan: UploadPlan, number: int) -> str:
        start = number * plan.part_bytes
        if isinstance(content, bytes):
            data = content[start : start + plan.part_bytes]
        else:
            with content.open("rb") as stream:
                stream.seek(start)
                data = stream.read(plan.part_bytes)
        address = urljoin(self._url, plan.urls[number])
        with _reaching():
            answer = self._files.put(address, content=data, headers=self._headers(address))
        _check(answer)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if answer.headers.get("etag", "").strip('"') != md5:
            raise Away(f"part {number + 1} arrived damaged")
        return md5

    def _fetch(self, ref: FileRef, target: Path) -> None:
        address = urljoin(self._url, ref.url)
        digest = hashlib.sha256()
        with _reaching(), self._files.stream("GET", address, headers=self._headers(address)) as answer:
            if answer.status_code >= 400:
                answer.read()
                _check(answer)
            with target.open("wb") as stream:
                for piece in answer.iter_bytes(CHUNK):
                    digest.update(piece)
                    stream.write(piece)
        if digest.hexdigest() != ref.sha256:
            raise Away(f"{ref.path} arrived damaged")

    def _headers(self, address: str) -> dict[str, str]:
        """The token goes to the server alone: addresses of the store carry their own signature."""
        return {"Authorization": f"Bearer {self._token}"} if address.startswith(self._url) else {}

    def _post(self, path: str, body: BaseModel, answer: Any, timeout: httpx2.Timeout | None = None) -> Any:
        return self._call("POST", path, body, answer, timeout)

    def _call(
        self, method: str, path: str, body: BaseModel | None, kind: Any, timeout: httpx2.Timeout | None = None
    ) -> Any:
        headers = {"Content-Type": "application/json", **trace.carrier()}
        content = body.model_dump_json().encode() if body is not None else None
        with _reaching():
            answer = self._client.request(
                method,
                urljoin(self._url, path),
                content=content,
                headers=headers,
                timeout=timeout or self._client.timeout,
            )
        _check(answer)
        if kind is None:
            return None
        try:
            return TypeAdapter(kind).validate_json(answer.content)
        except ValueError as error:
            raise Away(f"an answer that cannot be read: {str(error)[:200]}") from error


class _reaching:
    """Turns failures of the connection into `Away`."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, httpx2.TransportError | httpx2.StreamError):
            raise Away(str(error) or type(error).__name__) from error


def _trying() -> Iterator[Any]:
    return iter(
        Retrying(
            retry=retry_if_exception_type(Away),
            wait=wait_random_exponential(multiplier=0.5, max=15),
            stop=stop_after_delay(PATIENCE),
            reraise=True,
        )
    )


def _check(answer: httpx2.Response) -> None:
    """Raises LoomError with the server's own words for what is refused, Away for what may be otherwise later."""
    if answer.status_code < 400:
        return
    try:
        told = answer.json()["error"]
        code, message, hint = str(told["code"]), str(told["message"]), str(told.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        code, message, hint = "", answer.text[:200], ""
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429) or code not in CODES:
        raise Away(f"HTTP {answer.status_code}: {message}")
    raise LoomError(code, message, hint)
