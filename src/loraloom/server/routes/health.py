"""For whoever watches the server: is it well, and numbers for Prometheus."""

from __future__ import annotations

import hmac
import os

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sqlalchemy import select

from loraloom import __version__
from loraloom.server import auth, metrics
from loraloom.server.context import Context
from loraloom.server.deps import Ctx, Db
from loraloom.server.errors import described
from loraloom.server.reply import text_of

router = APIRouter(tags=["health"])
TOKEN = "LORALOOM_METRICS_TOKEN"  # noqa: S105 - the name of a variable
"""What Prometheus shows as a bearer token, where a login is needed. It opens nothing else."""


class Health(BaseModel):
    """`ok` when the database answers and the queue is looked after."""

    status: str
    version: str


@router.get("/healthz")
def read_health(context: Ctx, session: Db, response: Response) -> Health:
    """Whether the server works; 503 when the queue stands still."""
    session.execute(select(1))
    well = not context.options.train or context.supervisor.alive
    response.status_code = 200 if well else 503
    return Health(status="ok" if well else "the queue stands still", version=__version__)


@router.get("/metrics", response_class=Response, responses=text_of("text/plain") | described("login_needed"))
def read_metrics(context: Ctx, request: Request) -> Response:
    """Queue, runs, devices, workers, forecasts, requests; in Prometheus's text format. Where a login is needed, by the
    metrics token or an API token."""
    _check(context, request)
    return Response(metrics.render(context), media_type=CONTENT_TYPE_LATEST)


def _check(context: Context, request: Request) -> None:
    """Raises LoomError `login_needed`. The metrics token is compared before the database is asked: numbers are wanted most
    when it does not answer."""
    expected, given = os.environ.get(TOKEN, ""), auth.bearer(request)
    if expected and given is not None and hmac.compare_digest(given.encode(), expected.encode()):
        return
    with context.database.session() as session:
        auth.user_of(request, session)
