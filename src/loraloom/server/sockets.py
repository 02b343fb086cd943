"""WebSockets: the events of one run, and what changes in the queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from sqlalchemy import select

from loraloom.server import auth, present
from loraloom.server.context import Context
from loraloom.spec.errors import LoomError
from loraloom.store.runs import get_run
from loraloom.store.tables import Run

router = APIRouter()
REFUSED = 4400
"""Close code when the reason is one of the error codes, which is the reason's text."""


@router.websocket("/runs/{run_id}/events")
async def follow_run(socket: WebSocket, run_id: str, after: Annotated[int, Query(ge=0)] = 0) -> None:
    """Events after `after`, a JSON array of them a message; thinned for who is slow or was away."""
    context: Context = socket.app.state.context
    if await _enter(context, socket, run_id):
        await _serve(context, socket, context.hub.follow(run_id, after))


@router.websocket("/queue/events")
async def follow_queue(socket: WebSocket) -> None:
    """Runs that changed, a JSON array of `{type, run}` a message; a run that was deleted has null."""
    context: Context = socket.app.state.context

    def show(ids: list[str]) -> str:
        with context.database.session() as session:
            rows = list(session.scalars(select(Run).where(Run.id.in_(ids))))
            views = [{"type": "run", "run": view.model_dump(mode="json")} for view in present.runs(session, rows)]
        gone = set(ids) - {row.id for row in rows}
        return json.dumps([*views, *({"type": "deleted", "run": {"id": run_id}} for run_id in gone)])

    if await _enter(context, socket, None):
        await _serve(context, socket, context.hub.follow_queue(show))


async def _enter(context: Context, socket: WebSocket, run_id: str | None) -> bool:
    """Accept the socket if its user may watch."""

    def check() -> None:
        with context.database.session() as session:
            auth.user_of(socket, session)
            if run_id is not None:
                get_run(session, run_id)

    try:
        await asyncio.to_thread(check)
    except LoomError as error:
        await socket.accept()  # a browser learns the reason only from an open socket
        await socket.close(REFUSED, error.code)
        return False
    await socket.accept()
    return True


async def _serve(context: Context, socket: WebSocket, messages: AsyncIterator[str]) -> None:
    """Send `messages` until one side is gone."""
    context.hub.watchers += 1
    try:
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(_send(socket, messages))
            await _until_gone(socket)
            sender.cancel()
    except* WebSocketDisconnect:
        pass  # gone while something was sent
    finally:
        context.hub.watchers -= 1


async def _send(socket: WebSocket, messages: AsyncIterator[str]) -> None:
    async for message in messages:
        await socket.send_text(message)
    await socket.close(1012, "the server stops")


async def _until_gone(socket: WebSocket) -> None:
    """Watchers have nothing to say; whatever they send is passed over."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
