"""One shape for everything that goes wrong: `{"error": {code, message, hint, problems}}`."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from loraloom.spec.errors import CODES, LoomError, Problem

LOG = logging.getLogger("loraloom.server")


class Failure(BaseModel):
    """What went wrong: a code of the table, a sentence, what to do, and every fault of a config."""

    code: str
    message: str
    hint: str = ""
    problems: list[Problem] = []


class ErrorBody(BaseModel):
    """The body of every answer from 400 up."""

    error: Failure


BY_STATUS = {401: "login_needed", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
WORDS = {
    "not_found": ("There is nothing at this address.", "Check the address; /api/openapi.json lists them all."),
    "too_large": ("The request holds too much.", "Send less at once; files go through /api/uploads."),
    "method_not_allowed": (
        "This address does not take that method.",
        "/api/openapi.json lists what each address takes.",
    ),
}


def answer(error: LoomError) -> JSONResponse:
    """The HTTP answer for `error`."""
    body = ErrorBody(
        error=Failure(code=error.code, message=error.message, hint=error.hint, problems=list(error.problems))
    )
    return JSONResponse(body.model_dump(mode="json"), status_code=error.status)


def install(app: FastAPI) -> None:
    """Make every error of `app` leave in the one shape."""

    async def loom(request: Request, error: Exception) -> JSONResponse:
        del request
        assert isinstance(error, LoomError)
        return answer(error)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        del request
        assert isinstance(error, RequestValidationError)
        problems = tuple(_problem(fault) for fault in error.errors())
        message = "The request is not as it should be: " + "; ".join(f"{p.key}: {p.message}" for p in problems)
        return answer(LoomError("request_invalid", message, "Correct these fields.", problems))

    async def http(request: Request, error: Exception) -> JSONResponse:
        del request
        assert isinstance(error, HTTPException)
        code = BY_STATUS.get(error.status_code, "request_invalid" if error.status_code < 500 else "internal")
        message, hint = WORDS.get(code, (str(error.detail), ""))
        reply = answer(LoomError(code, message, hint))
        reply.status_code = error.status_code if error.status_code in BY_STATUS else reply.status_code
        reply.headers.update(error.headers or {})
        return reply

    async def away(request: Request, error: Exception) -> JSONResponse:
        LOG.error("%s %s: the database does not answer: %s", request.method, request.url.path, error)
        text = "The database does not answer now."
        reply = answer(LoomError("database_unusable", text, "Try again in a moment."))
        reply.status_code = 503
        return reply

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        text = "Something unexpected went wrong on the server."
        return answer(LoomError("internal", text, "The server's log has the details; please report it."))

    app.add_exception_handler(LoomError, loom)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(OperationalError, away)
    app.add_exception_handler(Exception, unexpected)


def _problem(fault: Any) -> Problem:
    place = [str(part) for part in fault["loc"] if part not in ("body", "query", "path")]
    return Problem(key=".".join(place) or "body", message=str(fault["msg"]), kind=str(fault["type"]))


def described(*codes: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route for these error codes."""
    statuses: dict[int | str, list[str]] = {}
    for code in codes:
        statuses.setdefault(CODES[code], []).append(code)
    return {status: {"model": ErrorBody, "description": ", ".join(names)} for status, names in statuses.items()}
