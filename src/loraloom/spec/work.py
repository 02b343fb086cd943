"""What a worker and the server say to each other over HTTP: who it is, what it is given, what it hands back.

A worker asks with the server's worker token to be given a run (`Claim`). What it is given (`Work`) holds a token of its
own that writes for that one run, for as long as nobody else was given the run: every call with it is checked against the
run's number of grants (`fence`), and refused with `stale_lease` once that has moved on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LEASE_SECONDS = 20.0
"""How long a worker may be silent before its run is given to another."""
BEAT_SECONDS = 1.0
"""How often it speaks up, and with that how fast a wish reaches it."""
MOST_LINES = 2000
"""Events in one message."""
MOST_FILES = 500
"""Files in one message."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RelativePath = Annotated[str, Field(min_length=1, max_length=500)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Kind = Literal["train", "caption", "experiment"]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkerDevice(_Said):
    """One device that a worker offers, or several cards that one run is given together. Memory in bytes, of each."""

    id: str = Field(max_length=60)
    """`cpu`, `cuda:N`, or `cuda:0+1` for two cards together."""
    name: str = Field("", max_length=200)
    kind: Literal["cuda", "cpu", "mps"] = "cpu"
    count: int = Field(default=1, ge=1, le=64)
    """Cards."""
    memory_total: int = Field(0, ge=0)


class Register(_Said):
    """A worker introduces itself; a name that is known is the same machine again. `instance`: what its home is called, which
    tells it from another machine of that name; empty: nobody knows (older workers)."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    devices: list[WorkerDevice] = Field(max_length=64)
    labels: list[Label] = Field([], max_length=32)
    version: str = Field("", max_length=50)
    instance: str = Field(default="", max_length=100)


class Registered(_Said):
    """What it has to keep to, in seconds."""

    id: str
    lease_seconds: float
    beat_seconds: float
    draining: bool = False


class Claim(_Said):
    """Asks for the next run for one device."""

    device: str = Field(max_length=60)


class FileRef(_Said):
    """One file by its content. `url` is where it is fetched from, absolute or relative to the server; empty in uploads."""

    path: RelativePath
    sha256: Sha256
    bytes: int = Field(ge=0)
    url: str = ""


class WorkPlace(_Said):
    """A base model or another thing that the config names by a path of the server: what lies there. Wherever the config says
    `path`, the worker writes where it has put the files. A single file has one entry, whose path is its name."""

    path: str
    files: list[FileRef]
    single: bool
    hub_id: str | None = None
    """Laid out as the hub's cache has it, and the config keeps its id."""
    revision: str = ""


class Work(_Said):
    """One run, given to one device."""

    run_id: str
    fence: int
    token: str
    """Bearer token of this grant."""
    kind: Kind
    device: str
    last_seq: int
    """Number of the last event that the server has."""
    files: list[FileRef]
    """Into the run folder."""
    stubs: list[str] = []
    """Checkpoints that the server has besides: the worker makes empty folders of them, to be pruned by the same rule."""
    places: list[WorkPlace] = []
    traceparent: str = ""


class Orders(_Said):
    """What a worker is told whenever it speaks up."""

    last_seq: int = 0
    stop: bool = False
    """Write a checkpoint and end."""
    kill: bool = False
    asks: list[Literal["sample", "checkpoint"]] = []


class Events(_Said):
    """Lines of events.jsonl that follow the event numbered `after`, whole and in order. None: a sign of life."""

    after: int = Field(ge=0)
    lines: list[str] = Field([], max_length=MOST_LINES)


class Upload(_Said):
    """One file that is to be sent."""

    sha256: Sha256
    bytes: int = Field(ge=0)


class UploadPlan(_Said):
    """Where its parts go, by PUT; an answer's ETag belongs to the part. `there`: nothing is to be sent."""

    there: bool
    upload_id: str = ""
    part_bytes: int = 0
    urls: list[str] = []


class UploadDone(_Said):
    """Joins the parts."""

    sha256: Sha256
    upload_id: str = Field(max_length=2000)
    etags: list[str] = Field(max_length=10_000)


class Files(_Said):
    """Files of the run folder that are now as said, all sent before; `remove`: files or folders that are gone."""

    put: list[FileRef] = Field([], max_length=MOST_FILES)
    remove: list[RelativePath] = Field([], max_length=MOST_FILES)


class Died(_Said):
    """Why a child is gone."""

    code: str = Field(max_length=60)
    message: str = Field(max_length=2000)
    hint: str = Field("", max_length=2000)


class End(_Said):
    """How the child ended: its code (0 finished, 1 failed, 130 interrupted, else `died` says why). `returned`: the worker
    gives the run back unharmed, because it is going down or, with `died` `disk_full`, because it has no room to begin."""

    code: int
    word: int | None = None
    """Number of the event that was the child's last word."""
    died: Died | None = None
    returned: bool = False
