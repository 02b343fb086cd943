"""What a run will take: forecast, advice, settings that fit, a measurement on the spot, and how good forecasts have been."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from loraloom.jobs import facts, foretold, hardware
from loraloom.jobs import history as kept
from loraloom.server import foreseeing
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Limit, Page
from loraloom.server.routes.config import Check
from loraloom.spec.forecast import Advice, Fitted, Forecast, Outcome, ProbeLine, WhatIf
from loraloom.store import runs as store

router = APIRouter(tags=["forecast"], responses=described("request_invalid"))


class Ask(Check):
    """A config so far, and what its forecast is for: a device of this server by id (`cpu`, `cuda:0`) or a card by name;
    nothing means where it would run. Prices in any currency."""

    device: str | None = Field(None, max_length=100)
    watts: float | None = Field(None, ge=0, le=1e5)
    price_kilowatt_hour: float | None = Field(None, ge=0, le=1e6)
    price_hour: float | None = Field(None, ge=0, le=1e6)


class AskProbe(Ask):
    """A config to measure where it would run; with `search` the largest batch that fits is found too."""

    search: bool = False


class Foreseen(BaseModel):
    """`forecast` and `fit` ("fit to this machine") are there when nothing is wrong with the config. `devices` can be asked
    about: those of this server first."""

    forecast: Forecast | None
    advice: list[Advice]
    fit: Fitted | None
    devices: list[str]


class RunForecast(BaseModel):
    """What was forecast for a run when it began, and what it took once it has finished."""

    told: Forecast | None
    took: foretold.Took | None


@router.post("/config/forecast", responses=described("dataset_not_found", "device_unavailable"))
def forecast_config(session: Db, user: Me, body: Ask) -> Foreseen:
    """How long, how much memory and disk, what to mind, and what would make it fit."""
    found = foreseeing.foresee_config(session, body.dataset, body.config, body.yaml, body.device)
    if found is None:
        return Foreseen(forecast=None, advice=[], fit=None, devices=facts.names())
    forecast = found.forecast(body.watts, body.price_kilowatt_hour, body.price_hour)
    return Foreseen(forecast=forecast, advice=found.advice, fit=found.fit, devices=facts.names())


@router.post("/config/what-if", responses=described("dataset_not_found", "device_unavailable"))
def vary_config(session: Db, user: Me, body: Ask) -> Page[WhatIf]:
    """What one change would make of it; nothing while something is wrong with the config."""
    found = foreseeing.foresee_config(session, body.dataset, body.config, body.yaml, body.device)
    return Page(items=found.what_if if found is not None else [])


@router.post(
    "/config/probe",
    response_class=StreamingResponse,
    responses={200: {"model": ProbeLine, "description": "Lines of JSON (application/x-ndjson), each one of these."}}
    | described("dataset_not_found", "config_invalid", "in_use"),
)
def probe_config(context: Ctx, session: Db, user: Me, body: AskProbe) -> StreamingResponse:
    """Take a few real steps on the device the run would use, and say what they cost, a line of JSON each as it is known; to
    close the connection is to stop. Not while a run holds the device."""
    lines = foreseeing.measure(context, session, body.dataset, body.config, body.yaml, body.search)

    async def said() -> AsyncIterator[str]:
        async for line in lines:
            yield line.model_dump_json(exclude_none=True) + "\n"

    return StreamingResponse(said(), media_type="application/x-ndjson")


@router.get("/forecasts")
def list_forecasts(user: Me, limit: Limit = 50) -> Page[Outcome]:
    """Finished runs with what was forecast for them, the newest first."""
    return Page(items=list(reversed(kept.read()))[:limit])


@router.get("/forecasts/ratings")
def rate_forecasts(user: Me) -> Page[kept.Rating]:
    """How good forecasts have been, by their source."""
    return Page(items=list(kept.ratings(kept.read())))


@router.get("/runs/{run_id}/forecast", responses=described("run_not_found"))
def read_run_forecast(context: Ctx, session: Db, user: Me, run_id: str) -> RunForecast:
    """What was forecast for a run, and what it took."""
    run = store.get_run(session, run_id)
    run_dir = context.home / "runs" / run.id
    told = foretold.read(run_dir)
    took = foretold.took_of(run_dir) if run.state == "finished" else None
    return RunForecast(told=told.forecast if told else None, took=took)


@router.get("/machine/details")
def read_machine_details(context: Ctx, user: Me) -> hardware.Hardware:
    """Devices with their fast number formats and who uses their memory, versions, and pairs that will not work."""
    return hardware.look(context.home)
