"""The tables. Only `jobs` writes a run's state; pictures lie in blobs, events and files of a run in its folder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from loraloom.store.ids import LENGTH, new_id

Kind = Literal["images", "texts"]
State = Literal["queued", "preparing", "running", "paused", "finished", "failed", "cancelled", "lost"]
UploadState = Literal["receiving", "checking", "done", "refused"]


class Utc(TypeDecorator[datetime]):
    """A time in UTC that keeps its zone on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Table(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: String(200), datetime: Utc(), dict[str, Any]: JSON, list[Any]: JSON}


def _id() -> Mapped[str]:
    return mapped_column(String(LENGTH), primary_key=True, default=new_id)


def _to(column: str, delete: str = "CASCADE") -> ForeignKey:
    return ForeignKey(column, ondelete=delete)


class User(Table):
    """Somebody who may use the server. Without a login there is one, named `local`, with no password."""

    __tablename__ = "users"

    id: Mapped[str] = _id()
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str | None]
    """argon2 hash, or None for `local`."""
    admin: Mapped[bool] = mapped_column(default=False)
    epoch: Mapped[int] = mapped_column(default=0)
    """Counted up to end every session of this user."""
    team: Mapped[str] = mapped_column(default="")
    """Who shares a quota; empty: nobody."""
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def author(self) -> str:
        """How changes and captions name this person."""
        return f"person:{self.name}"


class Token(Table):
    """An API token; only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = _id()
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the token, hex: it is random, so no slow hash is needed."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class Dataset(Table):
    """Pictures with captions, or texts, under a name."""

    __tablename__ = "datasets"

    id: Mapped[str] = _id()
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="images")
    """`images` or `texts`."""
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    sample: Mapped[bool] = mapped_column(default=False)
    """Whether it is the packaged sample (of its kind) of its user."""
    version: Mapped[int] = mapped_column(default=0)
    """Number of its newest change; of texts, how often they were changed."""
    labelling: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What is being taught by answers: `labels`, and `answers` (picture's id -> label, or null for none of them)."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Image(Table):
    """One picture of a data set; its pixels are the blob. A removed one keeps its row, so that it can come back."""

    __tablename__ = "images"
    __table_args__ = (UniqueConstraint("dataset_id", "blob"), Index(None, "dataset_id", "removed", "id"))

    id: Mapped[str] = _id()
    dataset_id: Mapped[str] = mapped_column(_to("datasets.id"))
    name: Mapped[str] = mapped_column(String(1000))
    """As the person called the file: a label, never a path."""
    blob: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the stored bytes."""
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    caption: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str | None]
    """Who wrote the caption: `person:NAME`, `engine:NAME VERSION` or `import`."""
    version: Mapped[int] = mapped_column(default=0)
    """Counted up by every write, so that two people do not overwrite each other."""
    repeats: Mapped[int] = mapped_column(default=1)
    held_out: Mapped[bool] = mapped_column(default=False)
    """For validation alone."""
    crop: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """x, y, width, height as shares of the picture."""
    mask: Mapped[str | None] = mapped_column(String(64))
    """Blob of an 8-bit picture of the same size: white counts in the loss."""
    removed: Mapped[bool] = mapped_column(default=False)
    looked: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What `data.quality` measured of the pixels."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Example(Table):
    """One thing to learn in a data set of texts. A removed one keeps its row, so that it can come back."""

    __tablename__ = "examples"
    __table_args__ = (UniqueConstraint("dataset_id", "number"), Index(None, "dataset_id", "sha256"))

    id: Mapped[str] = _id()
    dataset_id: Mapped[str] = mapped_column(_to("datasets.id"))
    number: Mapped[int]
    """Its place, from 1, which it keeps."""
    content: Mapped[dict[str, Any]]
    """`messages`, or `text`; beside the messages `chosen` and `rejected` where there are two answers."""
    words: Mapped[str] = mapped_column(Text)
    """Everything that is said in it, to be searched."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the content: the same text is not there twice."""
    held_out: Mapped[bool] = mapped_column(default=False)
    """For validation alone."""
    reviewed: Mapped[bool] = mapped_column(default=True)
    """False for a draft that nobody accepted yet: it is not trained on."""
    author: Mapped[str | None]
    """Who wrote it: `person:NAME`, `engine:NAME`, `import`."""
    version: Mapped[int] = mapped_column(default=0)
    """Counted up by every write, so that two people do not overwrite each other."""
    removed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Change(Table):
    """Something done to a data set by one author: an edit of many pictures, an upload, an engine's captions, an undo."""

    __tablename__ = "changes"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)

    id: Mapped[str] = _id()
    dataset_id: Mapped[str] = mapped_column(_to("datasets.id"))
    number: Mapped[int]
    author: Mapped[str]
    kind: Mapped[str]
    """`edit`, `caption` (one picture by hand), `engine`, `add`, `undo`, `restore`, `labels`."""
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was asked for."""
    count: Mapped[int]
    """Pictures it changed."""
    undone_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ChangeItem(Table):
    """One picture before and after a change: only the fields that it changed."""

    __tablename__ = "change_items"

    change_id: Mapped[str] = mapped_column(_to("changes.id"), primary_key=True)
    image_id: Mapped[str] = mapped_column(_to("images.id"), primary_key=True, index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class Problem(Table):
    """A file that was uploaded to a data set and refused, or taken with a remark."""

    __tablename__ = "problems"

    id: Mapped[str] = _id()
    dataset_id: Mapped[str] = mapped_column(_to("datasets.id"), index=True)
    file: Mapped[str] = mapped_column(String(1000))
    reason: Mapped[str]
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Upload(Table):
    """One upload, from its first byte until what became of it was told."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """As the tus protocol names it."""
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    dataset_id: Mapped[str | None] = mapped_column(_to("datasets.id"))
    kind: Mapped[str]
    """`dataset`, `base_model` or `lora`."""
    filename: Mapped[str] = mapped_column(String(1000))
    source: Mapped[str | None] = mapped_column(String(2000))
    """Where it lies on the server, if it was not sent: read there and left alone."""
    state: Mapped[str] = mapped_column(default="receiving")
    added: Mapped[int] = mapped_column(default=0)
    """Pictures or examples."""
    duplicates: Mapped[int] = mapped_column(default=0)
    captions: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[Any]] = mapped_column(default=list)
    model_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class BaseModel(Table):
    """A base model somebody added; the embedded one has no row."""

    __tablename__ = "base_models"

    id: Mapped[str] = _id()
    name: Mapped[str]
    source: Mapped[str] = mapped_column(String(2000))
    """What a run config names: an absolute path or a hub id."""
    family: Mapped[str | None]
    resolution: Mapped[int | None]
    prediction: Mapped[str | None]
    layout: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    user_id: Mapped[str] = mapped_column(_to("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Run(Table):
    """One training, captioning or experiment (`kind`). What its child says is in `runs/<id>/events.jsonl`; the columns
    below `step` repeat its last words."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "state", "priority", "place"),)

    id: Mapped[str] = _id()
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="train", index=True)
    """`train`, `caption` or `experiment`."""
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    dataset_id: Mapped[str | None] = mapped_column(_to("datasets.id", "SET NULL"))
    dataset_version: Mapped[int | None]
    """Version of the data set whose pictures and captions it took."""
    dataset_name: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="queued", index=True)
    wish: Mapped[str | None]
    """What a person asked for that the child has not done yet: `pause` or `cancel`."""
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The resolved config, with the data set's id where its path will be."""
    family: Mapped[str]
    base_model: Mapped[str] = mapped_column(String(2000))
    preset: Mapped[str | None]
    priority: Mapped[int] = mapped_column(default=0)
    """Higher goes first."""
    place: Mapped[float] = mapped_column(default=0.0)
    """Order among equals when somebody dragged it; 0 is by age."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    queued_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    device: Mapped[str | None]
    pid: Mapped[int | None]
    pid_started: Mapped[float | None]
    """When the child's process began, seconds since 1970: tells it from a later process with its pid."""
    pid_mark: Mapped[str | None] = mapped_column(String(80))
    """The same by a clock that nobody moves (`detached.Child.mark`); None where the system has none."""
    sandbox: Mapped[str | None]
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    """Counted up whenever the run is given to a device: whoever holds an older number may write nothing any more."""
    worker: Mapped[str | None]
    """Name of the machine that carries it out; None: this server's own."""
    needs_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Memory of a device that it needs by its forecast; None where nobody knows."""
    wanted_device: Mapped[str] = mapped_column(default="auto")
    """As its config asks: `auto`, `cuda`, `cuda:1`, `cpu`, `mps`."""
    cards: Mapped[int] = mapped_column(default=1)
    """How many it computes on at once (`training.processes`); on a processor it needs no more than that one."""
    labels: Mapped[list[Any]] = mapped_column(default=list)
    """Only a worker that has all of these may take it."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Children started so far."""
    losses: Mapped[int] = mapped_column(default=0)
    """How often the child vanished since somebody last started the run."""
    error: Mapped[dict[str, Any] | None]
    """code, message, hint."""
    step: Mapped[int] = mapped_column(default=0)
    total_steps: Mapped[int | None]
    loss: Mapped[float | None]
    eta_seconds: Mapped[float | None]
    eta_low_seconds: Mapped[float | None]
    eta_high_seconds: Mapped[float | None]
    step_seconds: Mapped[float | None]
    stage: Mapped[str | None]
    stage_done: Mapped[int | None]
    stage_total: Mapped[int | None]
    memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    peak_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    resumed_from: Mapped[int | None]
    """Step of the checkpoint that the newest child began from."""
    last_seq: Mapped[int] = mapped_column(default=0)
    cover: Mapped[str | None] = mapped_column(String(500))
    """Newest sample, relative to the run folder."""
    tags: Mapped[list[Any]] = mapped_column(default=list)
    notes: Mapped[str] = mapped_column(Text, default="")


class Lease(Table):
    """Who may use a device now. `token` counts up with every grant, so that an old holder can be told from the new one."""

    __tablename__ = "leases"

    device: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str | None] = mapped_column(_to("runs.id", "SET NULL"))
    token: Mapped[int] = mapped_column(BigInteger, default=0)
    beat_at: Mapped[datetime | None]


class Worker(Table):
    """A machine that carries out runs for this server."""

    __tablename__ = "workers"

    id: Mapped[str] = _id()
    name: Mapped[str] = mapped_column(unique=True)
    instance: Mapped[str] = mapped_column(default="")
    """What its home is called: another one under the same name is another machine."""
    devices: Mapped[list[Any]] = mapped_column(default=list)
    """`spec.work.WorkerDevice`, as it told them."""
    labels: Mapped[list[Any]] = mapped_column(default=list)
    version: Mapped[str] = mapped_column(default="")
    draining: Mapped[bool] = mapped_column(default=False)
    """It is given nothing more."""
    seen_at: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Grant(Table):
    """A run given to a worker, once: what that worker writes bears its number (`fence`). Rows are never removed before
    their run: together they tell who could write when."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("run_id", "fence"),)

    id: Mapped[str] = _id()
    run_id: Mapped[str] = mapped_column(_to("runs.id"))
    fence: Mapped[int] = mapped_column(BigInteger)
    worker_id: Mapped[str | None] = mapped_column(_to("workers.id", "SET NULL"), index=True)
    device: Mapped[str]
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token that writes for this run, hex."""
    granted_at: Mapped[datetime] = mapped_column(default=now)
    beat_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    how: Mapped[str | None]
    """`ended`, `returned`, `no_room`, `expired` or `taken`."""


class Artifact(Table):
    """A file of a run that a worker sent: its bytes are a blob."""

    __tablename__ = "artifacts"

    run_id: Mapped[str] = mapped_column(_to("runs.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(500), primary_key=True)
    """Relative to the run folder."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Quota(Table):
    """How much one user or team may have at once. An empty name is everybody who has no row of their own."""

    __tablename__ = "quotas"

    kind: Mapped[str] = mapped_column(primary_key=True)
    """`user` or `team`."""
    name: Mapped[str] = mapped_column(primary_key=True)
    most_active: Mapped[int | None]
    """Runs at work; None: as many as there is room for."""
    most_queued: Mapped[int | None]
    """Runs that wait."""


class Lora(Table):
    """A LoRA that a run made, or one made elsewhere that somebody added."""

    __tablename__ = "loras"

    id: Mapped[str] = _id()
    run_id: Mapped[str | None] = mapped_column(_to("runs.id"), unique=True)
    """None for one that was made elsewhere."""
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    name: Mapped[str]
    file: Mapped[str] = mapped_column(String(1000))
    """Relative to the data home."""
    preview: Mapped[str | None] = mapped_column(String(1000))
    base_model: Mapped[str] = mapped_column(String(2000))
    family: Mapped[str]
    trigger: Mapped[str] = mapped_column(String(1000), default="")
    rank: Mapped[int | None]
    alpha: Mapped[float | None]
    steps: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The header's metadata."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Drawing(Table):
    """A picture of the playground that was kept, with all that makes it again."""

    __tablename__ = "drawings"

    id: Mapped[str] = _id()
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    asked: Mapped[dict[str, Any]]
    """What was asked for, with LoRAs by their ids and the wildcards drawn."""
    blob: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the PNG."""
    width: Mapped[int]
    height: Mapped[int]
    seconds: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Vote(Table):
    """One person's choice between two cells of an experiment, not knowing what they are."""

    __tablename__ = "votes"

    id: Mapped[str] = _id()
    run_id: Mapped[str] = mapped_column(_to("runs.id"), index=True)
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    left: Mapped[int]
    """Number of the cell."""
    right: Mapped[int]
    winner: Mapped[str]
    """`left`, `right` or `tie`."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Publication(Table):
    """One version of a LoRA that was given to people at one place."""

    __tablename__ = "publications"
    __table_args__ = (UniqueConstraint("lora_id", "target", "place", "version"),)

    id: Mapped[str] = _id()
    lora_id: Mapped[str | None] = mapped_column(_to("loras.id", "SET NULL"), index=True)
    user_id: Mapped[str] = mapped_column(_to("users.id"), index=True)
    name: Mapped[str]
    """Under which its versions follow each other."""
    version: Mapped[int]
    target: Mapped[str]
    """`folder`, `zip`, `hub` or `gallery`."""
    place: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(default="published")
    """`published` or `withdrawn`."""
    tested: Mapped[bool]
    changes: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[list[Any]] = mapped_column(default=list)
    """Their names at the place."""
    sha256: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was said of it (`spec.publication.Publish`) and what was known (`Evidence`)."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]


class Setting(Table):
    """One setting of the server."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
