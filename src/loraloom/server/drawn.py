"""What becomes of a picture that was drawn: its parameters go into the PNG, it goes into the history, the page is told."""

from __future__ import annotations

import base64

from loraloom.publish.parameters import SIGNATURE, UsedBase, UsedLora, parameters, with_parameters
from loraloom.server.asked import Resolved
from loraloom.server.context import Context
from loraloom.server.drawing import Finish
from loraloom.server.hashes import Hashes
from loraloom.server.playing import DrawAsked, DrawingView, DrawnLine
from loraloom.spec.drawing import DrawLine
from loraloom.spec.errors import LoomError
from loraloom.store.changes import LOCK
from loraloom.store.tables import Drawing, User

AUTO_V2, LORA = 10, 12
"""Digits of a hash by which AUTOMATIC1111 names a base, and a LoRA."""


def finishing(context: Context, hashes: Hashes, user: User, what: Resolved, keep: bool, metadata: bool) -> Finish:
    """Makes the last line of a PNG. Its Finish raises LoomError `child_died` for what is no PNG."""
    user_id = user.id

    def finish(png: bytes, line: DrawLine) -> DrawnLine:
        if not png.startswith(SIGNATURE):  # of a process that reads files nobody vouches for
            raise LoomError("child_died", "The drawing process wrote no picture.", "Draw again.")
        if metadata:
            png = with_parameters(png, _parameters(what, hashes, line))
        return DrawnLine(
            event="done",
            picture="data:image/png;base64," + base64.b64encode(png).decode("ascii"),
            kept=_keep(context, user_id, what, png, line) if keep else None,
            prompt=what.drawing.prompt,
            warnings=[*what.warnings, *line.warnings],
            **line.model_dump(include={"width", "height", "steps", "guidance", "load_ms", "swap_ms", "draw_ms"}),
        )

    return finish


def view(row: Drawing, user: str) -> DrawingView:
    """What the API says of a kept drawing of the person called `user`."""
    return DrawingView(
        id=row.id,
        asked=DrawAsked.model_validate(row.asked),
        user=user,
        width=row.width,
        height=row.height,
        seconds=row.seconds,
        picture=f"/api/drawings/{row.id}/picture",
        created_at=row.created_at.isoformat(),
    )


def _parameters(what: Resolved, hashes: Hashes, line: DrawLine) -> str:
    base = what.base
    whole = hashes.of(base.path) if base.path is not None else ""
    loras = [
        UsedLora(lora.stem, use.strength, lora.sha256[:LORA])
        for lora, use in zip(what.loras, what.drawing.loras, strict=True)
    ]
    return parameters(
        what.drawing,
        UsedBase(base.name, whole[:AUTO_V2]),
        loras,
        width=line.width,
        height=line.height,
        steps=line.steps,
        guidance=line.guidance,
    )


def _keep(context: Context, user_id: str, what: Resolved, png: bytes, line: DrawLine) -> str:
    """Put it into the history; its id. What the base chose is written down too, so that it can be made again."""
    used = {"steps": line.steps, "guidance": line.guidance, "width": line.width, "height": line.height}
    with LOCK, context.database.session() as session:
        row = Drawing(
            user_id=user_id,
            asked=what.asked.model_copy(update=used).model_dump(mode="json"),
            blob=context.blobs.put(png),
            width=line.width,
            height=line.height,
            seconds=round((line.load_ms + line.swap_ms + line.draw_ms) / 1000, 3),
        )
        session.add(row)
        session.flush()
        return row.id
