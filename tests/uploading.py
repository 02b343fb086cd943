"""A server with the routes of data sets and uploads alone, and a client of the tus protocol."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from loraloom.server import errors
from loraloom.server.context import Context, Options, make_context
from loraloom.server.routes import (
    config,
    datasets,
    edits,
    examples,
    exports,
    images,
    labelling,
    machine,
    models,
    quality,
    texts,
    uploads,
)
from loraloom.store import tokens, users
from loraloom.store.tables import User

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


@contextmanager
def serving(
    home: Path, begin: bool = True, import_roots: tuple[Path, ...] = ()
) -> Iterator[tuple[TestClient, Context]]:
    """A running server on `home`. With `begin` False, what was being checked stays so."""
    context = make_context(Options(home=home, train=False, warm=False, import_roots=import_roots))
    app = FastAPI()
    app.state.context = context
    errors.install(app)
    api = APIRouter(prefix="/api")
    for module in (
        *(config, datasets, edits, examples, exports, images, labelling, machine, models, quality, texts, uploads),
    ):
        api.include_router(module.router)
    app.include_router(api)
    if begin:
        context.ingest.begin()
    try:
        with TestClient(app, raise_server_exceptions=False, headers=bearing(context)) as client:
            yield client, context
    finally:
        context.ingest.stop()
        context.looking.stop()
        context.database.close()


def bearing(context: Context, name: str | None = None) -> dict[str, str]:
    """The header of an API token of the user `name`, or of `local`."""
    with context.database.session() as session:
        user = users.ensure_local(session)
        if name is not None:
            user = User(name=name)
            session.add(user)
            session.flush()
        return {"Authorization": f"Bearer {tokens.add_token(session, user, 'test')[1]}"}


def metadata(**values: str) -> dict[str, str]:
    """The header Upload-Metadata."""
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    return {"Upload-Metadata": ",".join(pairs)}


def create(client: TestClient, size: int, **values: str) -> Any:
    """The answer to the creation of an upload of `size` bytes."""
    said = {"filetype": "application/octet-stream", **values}
    return client.post("/api/uploads", headers={**TUS, "Upload-Length": str(size), **metadata(**said)})


def begin(client: TestClient, size: int, **values: str) -> str:
    """The id of a new upload."""
    answer = create(client, size, **values)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rsplit("/", 1)[-1]


def patch(client: TestClient, upload: str, offset: int, data: bytes) -> Any:
    """The answer to some bytes."""
    return client.patch(f"/api/uploads/{upload}", content=data, headers={**BYTES, "Upload-Offset": str(offset)})


def result(client: TestClient, upload: str, seconds: float = 20.0) -> dict[str, Any]:
    """What became of it, when that is known."""
    until = time.monotonic() + seconds
    while True:
        body = client.get(f"/api/uploads/{upload}/result").json()
        if body.get("state") not in ("receiving", "checking"):
            return body
        assert time.monotonic() < until, body
        time.sleep(0.01)


def send(client: TestClient, filename: str, data: bytes, **values: str) -> dict[str, Any]:
    """Upload `data`, and what became of it."""
    upload = begin(client, len(data), filename=filename, **values)
    if data:
        assert patch(client, upload, 0, data).status_code == 204
    return result(client, upload)


def dataset(client: TestClient, name: str = "cats") -> str:
    """The id of a new data set."""
    answer = client.post("/api/datasets", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]
