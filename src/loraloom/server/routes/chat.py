"""Talking to a LoRA of a language model, beside its base."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, cast

from fastapi import APIRouter, Depends, FastAPI
from fastapi.requests import HTTPConnection
from fastapi.responses import StreamingResponse

from loraloom.models.resolve import resolve
from loraloom.models.text_base import folder_of
from loraloom.server.chatting import Chatting
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.reply import inside
from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError
from loraloom.store.runs import get_lora


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncGenerator[None]:
    """The chat process ends with the server."""
    app.state.chatting = Chatting(app.state.context.database)
    try:
        yield
    finally:
        app.state.chatting.end()


router = APIRouter(tags=["chat"], responses=described("request_invalid", "lora_not_found"), lifespan=_life)


def get_chatting(connection: HTTPConnection) -> Chatting:
    """The server's chat process."""
    return cast(Chatting, connection.app.state.chatting)


Chat = Annotated[Chatting, Depends(get_chatting)]


@router.post(
    "/loras/{lora_id}/chat",
    response_class=StreamingResponse,
    responses={200: {"model": ChatLine, "description": "Lines of JSON (application/x-ndjson), each one of these."}}
    | described("lora_not_found", "base_model_mismatch", "base_not_prepared", "in_use"),
)
def chat_with_lora(
    context: Ctx, session: Db, user: Me, chatting: Chat, lora_id: str, body: ChatTurn
) -> StreamingResponse:
    """Answer the last message: a line of JSON for every piece as it comes, `done` or `error` at the end. Strength 0 is the
    base. To close the connection is to stop. Not while a training holds every device."""
    lora = get_lora(session, lora_id)
    if lora.family != "causal_lm":
        raise LoomError("base_model_mismatch", f"{lora.name} is for pictures.", "Draw with it.")
    weights = inside(context.home, lora.file)
    start = ChatStart(base_model=str(folder_of(resolve(lora.base_model)).absolute()), lora=str(weights.parent))
    lines = chatting.ask(session, start, body, user.id, context.hub.loop)

    async def said() -> AsyncIterator[str]:
        async for line in lines:
            yield line.model_dump_json(exclude_defaults=True) + "\n"

    return StreamingResponse(said(), media_type="application/x-ndjson")


@router.post("/loras/{lora_id}/chat/stop", status_code=204)
def stop_chat(user: Me, chatting: Chat, lora_id: str) -> None:
    """End the answer that you are being given where it is."""
    chatting.stop(user.id)
