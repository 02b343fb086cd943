"""Taking texts into a data set: what was written, pasted or uploaded goes through the same reading."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from loraloom.data.names import safe_component
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example as Text
from loraloom.spec.example import LineNote, TextReport
from loraloom.store import examples as store
from loraloom.store.changes import LOCK
from loraloom.store.datasets import get_dataset, own_dataset
from loraloom.store.tables import Dataset, Example, User

SHOWN = 500
"""Notes of one import that are told; all are counted."""


class Taken(BaseModel):
    """What became of texts that came: how many are new, how many were there, and notes by file and line."""

    added: int
    duplicates: int
    skipped: list[LineNote] = Field(description=f"What was not taken and why, at most {SHOWN}.")
    warnings: list[LineNote] = Field(description=f"What was taken with a remark, at most {SHOWN}.")
    skipped_count: int = 0
    warnings_count: int = 0


def own(session: Session, dataset_id: str, user: User) -> Dataset:
    """The data set of texts, if `user` may change it. Raises LoomError `dataset_not_found`, `not_allowed`,
    `dataset_kind`."""
    return _texts(own_dataset(session, dataset_id, user))


def readable(session: Session, dataset_id: str) -> Dataset:
    """The data set of texts. Raises LoomError `dataset_not_found`, `dataset_kind`."""
    return _texts(get_dataset(session, dataset_id))


def _texts(dataset: Dataset) -> Dataset:
    if dataset.kind != "texts":
        raise LoomError("dataset_kind", "This data set holds pictures, not texts.", "Make a data set of texts.")
    return dataset


def checked(contents: Iterable[Mapping[str, Any]]) -> TextReport:
    """Contents of examples as the page sends them, read by the rules of every data file. A note's line is a place in the
    list, from 1."""
    lines = [json.dumps({key: value for key, value in one.items() if value}, ensure_ascii=False) for one in contents]
    return read_pasted("\n".join(lines), "examples.jsonl")


def read_pasted(text: str, name: str) -> TextReport:
    """Read a text as the file `name`."""
    from loraloom.data.examples.read import parse

    return parse(text.encode("utf-8", "replace"), safe_component(name))


def add(session: Session, dataset_id: str, report: TextReport, user: User) -> Taken:
    """Add the examples of `report` in the name of `user`, and commit."""
    with LOCK:
        added, duplicates = store.add(session, dataset_id, report.examples, user.author)
        session.commit()
    return taken(report, added, duplicates)


def taken(report: TextReport, added: int, duplicates: int) -> Taken:
    """The answer about `report`, whose own repetitions count as duplicates."""
    skipped = [note for note in report.skipped if note.reason != "duplicate"]
    return Taken(
        added=added,
        duplicates=duplicates + len(report.skipped) - len(skipped),
        skipped=skipped[:SHOWN],
        warnings=report.warnings[:SHOWN],
        skipped_count=len(skipped),
        warnings_count=len(report.warnings),
    )


def write(session: Session, row: Example, version: int, asked: Mapping[str, Any], user: User) -> None:
    """Give a row what was asked for. Raises LoomError `edit_conflict` when somebody changed it since `version`,
    `example_invalid`."""
    if row.version != version:
        raise LoomError("edit_conflict", "Somebody else changed this example meanwhile.", "Look at it again.")
    values: dict[str, Any] = {key: asked[key] for key in ("held_out", "reviewed") if key in asked}
    if any(key in asked for key in store.CONTENT):
        content = row.content | {key: asked[key] for key in store.CONTENT if key in asked}
        values["content"] = store.content_of(valid(content))
    store.write(session, row, values, user.author)


def valid(content: Mapping[str, Any]) -> Text:
    """The example of one content. Raises LoomError `example_invalid` with the reason."""
    if content.get("messages") and content.get("text"):
        raise LoomError(
            "example_invalid", "An example is a conversation or a document, not both.", "Empty one of them."
        )
    report = checked([content])
    if len(report.examples) != 1 or report.skipped:
        says = report.skipped[0].message if report.skipped else "This says nothing."
        raise LoomError("example_invalid", says, "A conversation needs an answer, a document some text.")
    return report.examples[0]


def example_of(session: Session, dataset: Dataset, example_id: str | None, content: BaseModel | None) -> Text:
    """The example of the data set, or the one that is being written. Raises LoomError `example_not_found`,
    `example_invalid`."""
    if example_id is not None:
        return store.text_of(store.get_example(session, dataset.id, example_id))
    return valid(content.model_dump(mode="json") if content is not None else {})


def exported(session: Session, dataset_id: str) -> bytes:
    """Every example that was accepted, as JSON lines."""
    from loraloom.data.examples.write import to_jsonl

    return to_jsonl(store.texts_of(session, dataset_id))
