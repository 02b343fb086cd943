"""JSON of the API: tagged, sent once, compressed where it is long."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from loraloom.server.etag import ETags

app = FastAPI()
app.add_middleware(ETags)


@app.get("/api/list")
def read_list(length: int) -> list[int]:
    return list(range(length))


def test_a_long_answer_is_compressed_and_a_short_one_is_not() -> None:
    client = TestClient(app)
    long, short = client.get("/api/list?length=2000"), client.get("/api/list?length=20")
    assert long.headers["content-encoding"] == "gzip" and int(long.headers["content-length"]) < 5000
    assert long.json() == list(range(2000))
    assert "content-encoding" not in short.headers
    plain = client.get("/api/list?length=2000", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.json() == long.json()
    assert long.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_what_has_not_changed_is_not_sent_again_compressed_or_not() -> None:
    client = TestClient(app)
    for encoding in ("gzip", "identity"):
        first = client.get("/api/list?length=2000", headers={"Accept-Encoding": encoding})
        again = client.get("/api/list?length=2000", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "content-encoding" not in again.headers
