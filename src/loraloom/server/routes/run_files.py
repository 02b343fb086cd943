"""What a run said and made: events, samples, checkpoints, log, files to download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field

from loraloom.data.names import safe_stem
from loraloom.jobs import checkpoints, samples, seen
from loraloom.models.peft_folder import WEIGHTS
from loraloom.server import archive
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Limit, Page
from loraloom.server.reply import FOREVER, KINDS, Text, inside, open_inside, send, text_of
from loraloom.spec.errors import LoomError
from loraloom.spec.event import Event
from loraloom.spec.example import Example
from loraloom.store.runs import get_run

router = APIRouter(tags=["runs"], responses=described("request_invalid", "run_not_found"))
LARGEST_PICTURE = 64 * 2**20
FileCursor = Annotated[str | None, Query(max_length=300, description="`next` of the page before.")]
LineCursor = Annotated[int | None, Query(ge=0, le=2**53, description="`next` of the page before.")]
SERVED = ("samples", "lora", "data")
"""Folders of a run whose pictures the page shows."""


class Events(BaseModel):
    """Events in order. `last_seq` is the number to ask on from; steps are thinned when there are more than asked for."""

    items: list[Event]
    last_seq: int
    behind: bool = Field(description="Whether steps were left out.")


@router.get("/runs/{run_id}/events", response_model=Events)
def read_events(
    context: Ctx,
    session: Db,
    user: Me,
    run_id: str,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only events after this number.")] = 0,
    points: Annotated[int, Query(ge=1, le=20_000, description="Steps at most, about.")] = 1000,
) -> Response:
    """What the run said. The same path is a WebSocket that goes on with what comes."""
    get_run(session, run_id)
    log = context.hub.log(run_id)
    last = log.last_seq
    texts = log.read(after, points, last)
    behind = "true" if len(texts) < last - min(after, last) else "false"
    body = f'{{"items":[{",".join(texts)}],"last_seq":{last},"behind":{behind}}}'
    return Response(body, media_type="application/json")


@router.get("/runs/{run_id}/samples")
def list_samples(context: Ctx, session: Db, user: Me, run_id: str) -> Page[samples.Sample]:
    """Every sample that was drawn, by step."""
    get_run(session, run_id)
    return Page(items=samples.listed(context.home / "runs" / run_id, f"/api/runs/{run_id}/files"))


@router.get("/runs/{run_id}/images")
def list_seen(
    context: Ctx, session: Db, user: Me, run_id: str, cursor: FileCursor = None, limit: Limit = 100
) -> Page[seen.Seen]:
    """The pictures and captions that the run trains on, as they were when it began, whatever became of the data set."""
    get_run(session, run_id)
    items, following = seen.listed(context.home / "runs" / run_id, f"/api/runs/{run_id}/files", cursor, limit)
    return Page(items=items, next=following)


@router.get("/runs/{run_id}/examples")
def list_read(
    context: Ctx, session: Db, user: Me, run_id: str, cursor: LineCursor = None, limit: Limit = 100
) -> Page[Example]:
    """The texts that the run trains on, as they were when it began, whatever became of the data set."""
    get_run(session, run_id)
    items, following = seen.texts(context.home / "runs" / run_id, cursor or 0, limit)
    return Page(items=items, next=following)


@router.get("/runs/{run_id}/checkpoints")
def list_checkpoints(context: Ctx, session: Db, user: Me, run_id: str) -> Page[checkpoints.Checkpoint]:
    """Checkpoints that were kept."""
    get_run(session, run_id)
    return Page(items=checkpoints.listed(context.home / "runs" / run_id))


@router.get("/runs/{run_id}/log", response_class=Response, responses=text_of("text/plain"))
def read_log(
    context: Ctx, session: Db, user: Me, run_id: str, lines: Annotated[int, Query(ge=1, le=5000)] = 200
) -> Text:
    """The end of what the training process printed."""
    get_run(session, run_id)
    try:
        with open_inside(context.home / "runs" / run_id, "log.txt") as file:
            file.seek(max(0, file.seek(0, 2) - 512 * lines))
            text = file.read().decode("utf-8", "replace")
    except LoomError:
        return Text("")
    return Text("\n".join(text.splitlines()[-lines:]))


@router.get("/runs/{run_id}/files/{name:path}", response_class=Response, responses=described("file_not_found"))
def read_run_file(context: Ctx, session: Db, user: Me, run_id: str, name: str) -> Response:
    """A picture of the run, by its name in the run folder."""
    get_run(session, run_id)
    if not name.startswith(tuple(folder + "/" for folder in SERVED)) or not name.endswith((".png", ".webp")):
        raise LoomError("file_not_found", "There is no such picture.", "Look at the samples of the run.")
    with open_inside(context.home / "runs" / run_id, name) as file:
        headers = FOREVER if name.startswith(("samples/step-", "data/")) else {}
        return Response(file.read(LARGEST_PICTURE), media_type=KINDS[Path(name).suffix], headers=headers)


@router.get("/runs/{run_id}/download/lora", response_class=FileResponse, responses=described("lora_not_found"))
def download_lora(context: Ctx, session: Db, user: Me, run_id: str) -> Response:
    """The LoRA: one file as WebUI and ComfyUI load it, or for a language model a zip of PEFT's folder."""
    run = get_run(session, run_id)
    stem = safe_stem(run.config.get("name", run.name))
    texts = run.family == "causal_lm"
    try:
        name = f"lora/{stem}/{WEIGHTS}" if texts else f"lora/{stem}.safetensors"
        file = inside(context.home / "runs" / run_id, name)
    except LoomError as error:
        raise LoomError("lora_not_found", "This run has no LoRA yet.", "It is written when the run ends.") from error
    if texts:
        return archive.stream(file.parents[1], [file.parent], f"{safe_stem(run.name)}.zip")
    return send(file, f"{safe_stem(run.name)}.safetensors")


@router.get(
    "/runs/{run_id}/download/checkpoint/{step}",
    response_class=StreamingResponse,
    responses=described("checkpoint_not_found"),
)
def download_checkpoint(context: Ctx, session: Db, user: Me, run_id: str, step: int) -> StreamingResponse:
    """One checkpoint as a zip."""
    run = get_run(session, run_id)
    folder = checkpoints.folder_of(context.home / "runs" / run_id, step, context.blobs)
    return archive.stream(folder.parent.parent, [folder], f"{safe_stem(run.name)}-{folder.name}.zip")


@router.get("/runs/{run_id}/download/all", response_class=StreamingResponse)
def download_all(context: Ctx, session: Db, user: Me, run_id: str) -> StreamingResponse:
    """The run as a zip: config, events, log, samples, LoRA and checkpoints."""
    run = get_run(session, run_id)
    root = context.home / "runs" / run_id
    for kept in checkpoints.listed(root):
        checkpoints.folder_of(root, kept.step, context.blobs)
    parts = [root / name for name in ("run.yaml", "events.jsonl", "log.txt", "samples", "lora", "checkpoints")]
    return archive.stream(root, [part for part in parts if _there(part)], f"{safe_stem(run.name)}.zip")


def _there(path: Path) -> bool:
    return path.exists() and not path.is_symlink()
