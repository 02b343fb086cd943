"""Queries on the examples of data sets of texts. Whoever writes holds `changes.LOCK` from before the first read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from loraloom.data.examples.identity import digest
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example as Text
from loraloom.store.ids import new_id
from loraloom.store.tables import Dataset, Example, now

CONTENT = ("messages", "text", "chosen", "rejected")
CHUNK = 500


def content_of(example: Text) -> dict[str, Any]:
    """What of an example is kept as its content: no file, no line."""
    said = example.model_dump(mode="json", include=set(CONTENT), exclude_defaults=True)
    return {key: said[key] for key in CONTENT if key in said}


def text_of(row: Example) -> Text:
    """The example that a row holds; its number is its line."""
    return Text(**row.content, held_out=row.held_out, line=row.number)


def get_example(session: Session, dataset_id: str, example_id: str) -> Example:
    """The example. Raises LoomError `example_not_found`."""
    row = session.get(Example, example_id)
    if row is None or row.dataset_id != dataset_id:
        raise LoomError("example_not_found", "There is no such example.", "It may be gone; load the page again.")
    return row


def matching(
    dataset_id: str,
    search: str | None = None,
    reviewed: bool | None = None,
    held_out: bool | None = None,
    numbers: Collection[int] = (),
    removed: bool = False,
) -> Select[Example]:
    """The examples of the data set (or those removed from it) that hold `search` in what they say."""
    found = select(Example).where(Example.dataset_id == dataset_id, Example.removed.is_(removed))
    if search:
        found = found.where(Example.words.icontains(search, autoescape=True))
    if reviewed is not None:
        found = found.where(Example.reviewed.is_(reviewed))
    if held_out is not None:
        found = found.where(Example.held_out.is_(held_out))
    return found.where(Example.number.in_(numbers)) if numbers else found


def page_of(
    session: Session, found: Select[Example], after: int | None, limit: int
) -> tuple[Sequence[Example], int | None]:
    """The examples of `found` behind the number `after`, and the number to ask on from."""
    if after is not None:
        found = found.where(Example.number > after)
    rows = session.scalars(found.order_by(Example.number).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].number if len(rows) > limit else None


def texts_of(session: Session, dataset_id: str) -> list[Text]:
    """Every example that is trained on, in the order of their numbers."""
    found = matching(dataset_id, reviewed=True).order_by(Example.number)
    return [text_of(row) for row in session.scalars(found)]


def counts(session: Session, ids: Collection[str]) -> dict[str, tuple[int, int, int]]:
    """Data set -> how many examples, how many of them are drafts, and letters in all."""
    said = (
        select(
            Example.dataset_id,
            func.count(),
            func.count().filter(Example.reviewed.is_(False)),
            func.sum(func.length(Example.words)),
        )
        .where(Example.dataset_id.in_(ids), Example.removed.is_(False))
        .group_by(Example.dataset_id)
    )
    return {dataset_id: (count, drafts, letters) for dataset_id, count, drafts, letters in session.execute(said)}


def add(
    session: Session, dataset_id: str, examples: Iterable[Text], author: str, reviewed: bool = True
) -> tuple[int, int]:
    """Add examples; how many are new, and how many were there already. One that was removed comes back and is new."""
    known = _known(session, dataset_id)
    number = session.scalar(select(func.max(Example.number)).where(Example.dataset_id == dataset_id)) or 0
    new: list[dict[str, Any]] = []
    back: list[str] = []
    duplicates = 0
    for example in examples:
        sha256 = digest(example)
        if sha256 in known:
            hidden, known[sha256] = known[sha256], None
            back += [hidden] if hidden else []
            duplicates += hidden is None
            continue
        known[sha256] = None
        number += 1
        content = content_of(example)
        new.append(
            {
                "id": new_id(),
                "dataset_id": dataset_id,
                "number": number,
                "content": content,
                "words": words_of(content),
                "sha256": sha256,
                "held_out": example.held_out,
                "reviewed": reviewed,
                "author": author,
                "version": 0,
                "removed": False,
                "created_at": now(),
            }
        )
    if new:
        session.execute(insert(Example), new)
    _set(session, back, removed=False)
    if new or back:
        touch(session, dataset_id)
    return len(new) + len(back), duplicates


def write(session: Session, row: Example, values: Mapping[str, Any], author: str) -> None:
    """Give an example new values (`content`, `held_out`, `reviewed`). Who changes what it says is its author then."""
    wanted = {key: value for key, value in values.items() if getattr(row, key) != value}
    if not wanted:
        return
    if "content" in wanted:
        content = wanted["content"]
        wanted |= {"words": words_of(content), "sha256": digest(Text(**content)), "author": author}
    for key, value in wanted.items():
        setattr(row, key, value)
    row.version += 1
    session.flush()
    touch(session, row.dataset_id)


def set_all(session: Session, dataset_id: str, ids: Collection[str] | None, **values: bool) -> int:
    """Set `removed`, `reviewed` or `held_out` of these examples (None: of all that are not removed); how many changed."""
    differs = [getattr(Example, key).is_not(value) for key, value in values.items()]
    found = select(Example.id).where(Example.dataset_id == dataset_id, *differs)
    if "removed" not in values:
        found = found.where(Example.removed.is_(False))
    chosen = set(session.scalars(found))
    changed = list(chosen if ids is None else chosen & set(ids))
    _set(session, changed, **values)
    if changed:
        touch(session, dataset_id)
    return len(changed)


def touch(session: Session, dataset_id: str) -> None:
    """Count the data set's version up: what was worked out for the last one is old now."""
    session.execute(update(Dataset).where(Dataset.id == dataset_id).values(version=Dataset.version + 1))


def words_of(content: Mapping[str, Any]) -> str:
    """Everything that is said in it, a line each."""
    said = [message.get("content", "") for message in content.get("messages", ())]
    said += [content.get(key) or "" for key in ("text", "chosen", "rejected")]
    return "\n".join(part for part in said if part)


def _known(session: Session, dataset_id: str) -> dict[str, str | None]:
    """Digest of every content -> id of the row if it was removed, else None."""
    rows = select(Example.sha256, Example.id, Example.removed).where(Example.dataset_id == dataset_id)
    found: dict[str, str | None] = {}
    for sha256, example_id, removed in session.execute(rows):
        if not removed or sha256 not in found:
            found[sha256] = example_id if removed else None
    return found


def _set(session: Session, ids: Sequence[str], **values: bool) -> None:
    for at in range(0, len(ids), CHUNK):
        chosen = update(Example).where(Example.id.in_(ids[at : at + CHUNK]))
        session.execute(chosen.values(**values, version=Example.version + 1))
