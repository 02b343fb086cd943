"""Puts the server together."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from loraloom import __version__
from loraloom.server import errors, page, sockets
from loraloom.server.context import Context, Options, make_context
from loraloom.server.etag import ETags
from loraloom.server.guard import Guard
from loraloom.server.observed import Observed
from loraloom.server.routes import (
    captions,
    config,
    datasets,
    edits,
    examples,
    experiments,
    exports,
    forecast,
    health,
    images,
    labelling,
    loras,
    machine,
    models,
    playground,
    publications,
    quality,
    queue,
    run_files,
    runs,
    session,
    settings,
    texts,
    tokens,
    uploads,
    users,
    work,
    workers,
)

ABOUT = """LoRA Loom over HTTP. Errors have one shape: `{"error": {code, message, hint, problems}}`. Lists come a page at a
time: pass `next` on as `cursor`. Requests that change something need the header `X-CSRF-Token` (from `GET /api/session`)
with a cookie, or `Authorization: Bearer` with an API token."""
ROUTERS = (
    session,
    datasets,
    edits,
    captions,
    quality,
    labelling,
    exports,
    images,
    texts,
    examples,
    uploads,
    config,
    runs,
    run_files,
    queue,
    loras,
    playground,
    experiments,
    publications,
    models,
    machine,
    forecast,
    settings,
    users,
    tokens,
    workers,
    work,
)


def create_app(options: Options | None = None) -> FastAPI:
    """The application; its parts are opened when it starts."""
    options = options or Options()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        context = make_context(options)
        app.state.context = context
        context.hub.open()
        _begin(context)
        try:
            yield
        finally:
            context.hub.close()
            _end(context)

    app = FastAPI(
        title="LoRA Loom",
        version=__version__,
        description=ABOUT,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        generate_unique_id_function=_name,
        separate_input_output_schemas=False,
    )
    errors.install(app)
    app.include_router(health.router)
    refusals = errors.described("login_needed", "foreign_request", "too_large", "request_invalid")
    for module in ROUTERS:
        app.include_router(module.router, prefix="/api", responses=refusals)
    app.include_router(sockets.router, prefix="/api")
    page.install(app)
    app.add_middleware(ETags)
    app.add_middleware(Guard, hosts=(options.host, *options.hosts))
    app.add_middleware(Observed)
    return app


def _begin(context: Context) -> None:
    context.ingest.begin()
    context.tidying.begin()
    if context.options.train:
        context.supervisor.start()
        if context.pods is not None:
            context.pods.start()


def _end(context: Context) -> None:
    context.ingest.stop()
    context.tidying.stop()
    context.looking.stop()
    if context.options.train:
        if context.pods is not None:
            context.pods.stop()
        context.supervisor.stop()
    context.database.close()


def _name(route: APIRoute) -> str:
    return route.name
