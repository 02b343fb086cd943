"""The examples of a data set of texts: list, search, add, edit, remove and bring back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from loraloom.data.intake import clean
from loraloom.server import taking
from loraloom.server.deps import Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Limit, Page
from loraloom.server.routes.datasets import DatasetId, Search
from loraloom.server.taking import Taken
from loraloom.spec.example import Message
from loraloom.store import examples as store
from loraloom.store.changes import LOCK
from loraloom.store.datasets import get_dataset
from loraloom.store.tables import Example

router = APIRouter(tags=["examples"], responses=described("request_invalid", "dataset_not_found"))
ExampleId = Annotated[str, Path(pattern=r"^[0-9a-z]{1,16}$", examples=["1qz3k8f0s4m2p7ra"])]
Words = Annotated[str, AfterValidator(clean), Field(max_length=1_000_000)]
Ids = Annotated[list[str], Field(max_length=100_000)]
Number = Annotated[int, Query(ge=1, le=2**31 - 1)]


class ExampleView(BaseModel):
    """One thing to learn: a conversation, a document (`text`), or two answers (`chosen`, `rejected`) to a conversation."""

    id: str = Field(examples=["1qz3k8f0s4m2p7ra"])
    number: int = Field(examples=[1])
    messages: list[Message]
    text: str
    chosen: str | None
    rejected: str | None
    held_out: bool = Field(description="For validation alone.")
    reviewed: bool = Field(description="False for a draft that nobody accepted yet: it is not trained on.")
    author: str | None = Field(description="Who wrote it: `person:NAME`, `engine:NAME`, `import`.")
    version: int = Field(description="Counted up by every write: send it with a change.")
    removed: bool


class ExampleContent(BaseModel):
    """What an example says: `messages`, or `text`, or `messages` that end with the person's turn and two answers."""

    model_config = ConfigDict(extra="forbid")

    messages: list[Message] = Field(
        [],
        max_length=1000,
        examples=[
            [{"role": "user", "content": "When are you open?"}, {"role": "assistant", "content": "From 8 to 6."}]
        ],
    )
    text: Words = ""
    chosen: Words | None = None
    rejected: Words | None = None
    held_out: bool = False


class ExampleUpdate(BaseModel):
    """What is to change, at least one thing; the rest stays. Of the content, what is left out is as it was."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0, le=2**31 - 1, description="The version that was changed, of the example.")
    messages: list[Message] = Field([], max_length=1000)
    text: Words = ""
    chosen: Words | None = None
    rejected: Words | None = None
    held_out: bool = False
    reviewed: bool = True

    @model_validator(mode="after")
    def _something(self) -> ExampleUpdate:
        if not self.model_fields_set - {"version"}:
            raise ValueError("nothing is to change")
        return self


class ExamplesAdded(BaseModel):
    """Examples as a person wrote them."""

    model_config = ConfigDict(extra="forbid")

    examples: list[ExampleContent] = Field(min_length=1, max_length=1000)


class Chosen(BaseModel):
    """Which examples are meant."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids


class ChosenOrAll(BaseModel):
    """Which examples are meant; null: all that there are."""

    model_config = ConfigDict(extra="forbid")

    ids: Ids | None = None


class Changed(BaseModel):
    """How many examples are otherwise now."""

    changed: int


def view(row: Example) -> ExampleView:
    """What the API says of an example."""
    said = store.text_of(row)
    return ExampleView(
        messages=list(said.messages),
        text=said.text,
        chosen=said.chosen,
        rejected=said.rejected,
        id=row.id,
        number=row.number,
        held_out=row.held_out,
        reviewed=row.reviewed,
        author=row.author,
        version=row.version,
        removed=row.removed,
    )


@router.get("/datasets/{dataset_id}/examples")
def list_examples(
    session: Db,
    user: Me,
    dataset_id: DatasetId,
    search: Search = None,
    reviewed: Annotated[bool | None, Query(description="Only drafts (false), or only the others (true).")] = None,
    held_out: Annotated[bool | None, Query(description="Only those held out, or only the others.")] = None,
    number: Annotated[list[Number] | None, Query(max_length=500, description="Only these, by their numbers.")] = None,
    removed: Annotated[bool, Query(description="Those that were removed, instead.")] = False,
    cursor: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="`next` of the page before.")] = None,
    limit: Limit = 100,
) -> Page[ExampleView]:
    """Its examples, in the order of their numbers."""
    get_dataset(session, dataset_id)
    found = store.matching(dataset_id, search, reviewed, held_out, number or (), removed)
    rows, following = store.page_of(session, found, cursor, limit)
    return Page(items=[view(row) for row in rows], next=None if following is None else str(following))


@router.post("/datasets/{dataset_id}/examples", status_code=201, responses=described("not_allowed", "dataset_kind"))
def add_examples(session: Db, user: Me, dataset_id: DatasetId, body: ExamplesAdded) -> Taken:
    """Add what a person wrote. Lines of the notes are places in the list, from 1."""
    taking.own(session, dataset_id, user)
    return taking.add(session, dataset_id, taking.checked([one.model_dump(mode="json") for one in body.examples]), user)


@router.patch(
    "/datasets/{dataset_id}/examples/{example_id}",
    responses=described("example_not_found", "not_allowed", "dataset_kind", "example_invalid", "edit_conflict"),
)
def update_example(
    session: Db, user: Me, dataset_id: DatasetId, example_id: ExampleId, body: ExampleUpdate
) -> ExampleView:
    """Change what an example says, hold it out, or accept a draft."""
    taking.own(session, dataset_id, user)
    with LOCK:
        row = store.get_example(session, dataset_id, example_id)
        taking.write(session, row, body.version, body.model_dump(mode="json", exclude_unset=True), user)
        session.commit()
    return view(row)


@router.post("/datasets/{dataset_id}/examples/remove", responses=described("not_allowed", "dataset_kind"))
def remove_examples(session: Db, user: Me, dataset_id: DatasetId, body: Chosen) -> Changed:
    """Take examples out; `restore` brings them back."""
    return _set(session, user, dataset_id, body.ids, removed=True)


@router.post("/datasets/{dataset_id}/examples/restore", responses=described("not_allowed", "dataset_kind"))
def restore_examples(session: Db, user: Me, dataset_id: DatasetId, body: Chosen) -> Changed:
    """Bring examples back that were removed."""
    return _set(session, user, dataset_id, body.ids, removed=False)


@router.post("/datasets/{dataset_id}/examples/accept", responses=described("not_allowed", "dataset_kind"))
def accept_examples(session: Db, user: Me, dataset_id: DatasetId, body: ChosenOrAll) -> Changed:
    """Accept drafts: they are trained on from now on."""
    return _set(session, user, dataset_id, body.ids, reviewed=True)


def _set(session: Db, user: Me, dataset_id: str, ids: list[str] | None, **values: bool) -> Changed:
    taking.own(session, dataset_id, user)
    with LOCK:
        changed = store.set_all(session, dataset_id, ids, **values)
        session.commit()
    return Changed(changed=changed)
