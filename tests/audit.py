"""Looks over an installation's shoulder: a log that PostgreSQL itself writes of who wrote for which run, and checks of what
is there in the end.

Triggers write into a table of their own, in the transaction of what they log: what was taken back is not in the log, and
what is in it happened. Its times are PostgreSQL's, whatever clock the server has.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

TRIGGERS = """
CREATE TABLE audit (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tx bigint NOT NULL DEFAULT txid_current(), run_id text NOT NULL, fence bigint NOT NULL, what text NOT NULL, seq bigint);
CREATE FUNCTION audit_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit (run_id, fence, what) VALUES (NEW.run_id, NEW.fence, CASE
        WHEN TG_OP = 'INSERT' THEN 'given'
        WHEN NEW.ended_at IS NULL THEN 'write'
        WHEN OLD.ended_at IS NULL THEN 'end:' || coalesce(NEW.how, '')
        ELSE 'after the end' END);
    RETURN NULL; END $$;
CREATE TRIGGER audit_grant AFTER INSERT OR UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION audit_grant();
CREATE FUNCTION audit_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.last_seq IS DISTINCT FROM OLD.last_seq THEN
        INSERT INTO audit (run_id, fence, what, seq) VALUES (NEW.id, NEW.fence, 'seq', NEW.last_seq); END IF;
    IF NEW.state IS DISTINCT FROM OLD.state THEN
        INSERT INTO audit (run_id, fence, what) VALUES (NEW.id, NEW.fence, 'state:' || NEW.state); END IF;
    RETURN NULL; END $$;
CREATE TRIGGER audit_run AFTER UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION audit_run();
"""


@dataclass(frozen=True)
class Fact:
    """One line of the log. `what`: `given`, `write` (something was taken), `end:HOW`, `seq`, `state:STATE`."""

    id: int
    at: datetime
    tx: int
    run_id: str
    fence: int
    what: str
    seq: int | None


def plain(url: str) -> str:
    """SQLAlchemy's URL as psycopg takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def install(url: str) -> None:
    """Begin the log in a database whose tables are there."""
    with psycopg.connect(plain(url)) as connection:
        connection.execute(TRIGGERS)  # pyright: ignore[reportArgumentType]


def read(url: str) -> list[Fact]:
    """The whole log, in order."""
    with psycopg.connect(plain(url)) as connection:
        rows = connection.execute("SELECT id, at, tx, run_id, fence, what, seq FROM audit ORDER BY id").fetchall()
    return [Fact(*row) for row in rows]


def rows(url: str, query: str) -> list[dict[str, Any]]:
    """Rows of a query."""
    with psycopg.connect(plain(url), row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType]


def writers(facts: Iterable[Fact]) -> list[str]:
    """What speaks against one writer a run at a time: grants that overlap, fences that do not count up by one, anything
    taken for another grant than the newest or after its end."""
    wrong: list[str] = []
    fence: dict[str, int] = defaultdict(int)
    open_: dict[str, bool] = defaultdict(bool)
    for fact in facts:
        at = f"run {fact.run_id} fence {fact.fence} at {fact.at:%H:%M:%S.%f}: {fact.what}"
        if fact.what == "given":
            if open_[fact.run_id]:
                wrong.append(f"{at} while fence {fence[fact.run_id]} goes on")
            if fact.fence != fence[fact.run_id] + 1:
                wrong.append(f"{at} after fence {fence[fact.run_id]}")
            fence[fact.run_id], open_[fact.run_id] = fact.fence, True
        elif fact.what.startswith("end:"):
            if not open_[fact.run_id] or fact.fence != fence[fact.run_id]:
                wrong.append(f"{at}, but fence {fence[fact.run_id]} was given last")
            open_[fact.run_id] = False
        elif fact.what == "write" and (not open_[fact.run_id] or fact.fence != fence[fact.run_id]):
            wrong.append(f"{at}, but fence {fence[fact.run_id]} was given last, open: {open_[fact.run_id]}")
        elif fact.what == "after the end":
            wrong.append(at)
    return wrong


def events(run_dir: Path, state: str) -> list[str]:
    """What is wrong with a run's events: numbers with gaps or twice, steps that come twice without a new child, an end that
    is not there once."""
    wrong: list[str] = []
    text = (run_dir / "events.jsonl").read_text("utf-8") if (run_dir / "events.jsonl").exists() else ""
    told = [json.loads(line) for line in text.splitlines()]
    if [one["seq"] for one in told] != list(range(1, len(told) + 1)):
        wrong.append(f"run {run_dir.name}: numbers of events {[one['seq'] for one in told]}")
    step = -1
    for one in told:
        kind, said = one["type"], one.get("payload", one)
        if kind == "RunStarted":
            step = -1
        if kind == "StepLogged":
            if said["step"] <= step:
                wrong.append(f"run {run_dir.name}: step {said['step']} after step {step}")
            step = said["step"]
    finished = [one["type"] for one in told].count("RunFinished")
    if finished != (state == "finished"):
        wrong.append(f"run {run_dir.name} is {state} and has {finished} RunFinished")
    return wrong


def files(url: str, home: Path, stored: Mapping[str, str] | None, run_ids: Sequence[str] | None = None) -> list[str]:
    """Artifacts whose bytes are not what their rows say: in the store (`stored`: key -> SHA-256 of what is there; None: the
    folder of the data home) and in the run folder."""
    wrong: list[str] = []
    for one in rows(url, "SELECT run_id, path, sha256, bytes FROM artifacts"):
        if run_ids is not None and one["run_id"] not in run_ids:
            continue
        name, sha256 = f"{one['run_id']}/{one['path']}", one["sha256"]
        if stored is None:
            blob = home / "blobs" / sha256[:2] / sha256[2:4] / sha256
            there = hash_of(blob) if blob.is_file() else None
        else:
            there = stored.get(sha256)
        if there != sha256:
            wrong.append(f"{name}: the store has {there}, not {sha256}")
        file = home / "runs" / one["run_id"] / one["path"]
        if file.is_file() and (file.stat().st_size != one["bytes"] or hash_of(file) != sha256):
            wrong.append(f"{name}: on disk there is something else than was sent")
        elif not file.is_file() and not one["path"].startswith("checkpoints/"):
            wrong.append(f"{name}: not on disk")
    return wrong


def caches(*roots: Path) -> list[str]:
    """Files named by their hash that hold something else."""
    return [
        f"{file} is not what its name says" for root in roots for file in _hashed(root) if hash_of(file) != file.name
    ]


def bucket(port: int, name: str, prefix: str) -> dict[str, str]:
    """Key -> SHA-256 of what lies there, for all blobs of a bucket."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys)
    found: dict[str, str] = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix):
        for entry in page.get("Contents", []):
            body = client.get_object(Bucket=name, Key=entry["Key"])["Body"].read()
            found[entry["Key"].rpartition("/")[2]] = hashlib.sha256(body).hexdigest()
    return found


def hash_of(file: Path) -> str:
    """SHA-256, hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def weights(file: Path) -> str:
    """SHA-256 of what a safetensors file holds besides its notes: names, shapes, kinds and bytes of its tensors."""
    data = file.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header.pop("__metadata__", None)
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + data[end:]).hexdigest()


def _hashed(root: Path) -> Iterator[Path]:
    for file in root.rglob("*"):
        if file.is_file() and len(file.name) == 64 and "parts" not in file.parts:
            yield file
