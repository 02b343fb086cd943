"""A server on an empty data home, without children."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loraloom.server.app import create_app
from loraloom.server.context import Context, Options


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TestClient]:
    """A client whose requests look like those of a page on this machine; runs are queued and never start."""
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


@pytest.fixture
def context(server: TestClient) -> Context:
    """The server's parts."""
    return server.app.state.context  # type: ignore[attr-defined]
