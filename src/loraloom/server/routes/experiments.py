"""Experiments: the same prompts and seeds by runs, checkpoints and LoRAs; voted on blind, measured, proposed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from loraloom.jobs import experiments, results, sweeps
from loraloom.jobs.run_diff import differing
from loraloom.server import balloting, comparing, present
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.experiment_views import (
    Ballot,
    ExperimentCreate,
    ExperimentSummary,
    ExperimentView,
    Ranking,
    RunDiff,
    SettingDiff,
    SweepCreate,
    SweepView,
    VoteCast,
)
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.server.reply import FOREVER
from loraloom.store import experiments as store
from loraloom.store.runs import get_run
from loraloom.store.tables import Run

router = APIRouter(tags=["experiments"], responses=described("request_invalid"))
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The picture."}}
MOST_RUNS = 50


@router.post(
    "/experiments",
    status_code=201,
    responses=described(
        "lora_not_found",
        "run_not_found",
        "run_not_ready",
        "checkpoint_not_found",
        "base_model_not_found",
        "base_model_mismatch",
        "quota_reached",
    ),
)
def create_experiment(context: Ctx, session: Db, user: Me, body: ExperimentCreate) -> ExperimentView:
    """Queue an experiment."""
    asked = (body.experiment, body.name, body.priority)
    run = experiments.create(session, user, *asked, context.home / "runs", body.labels)
    session.commit()
    context.supervisor.wake()
    context.hub.tell(run.id, False)
    return comparing.view(session, context.home, run)


@router.get("/experiments")
def list_experiments(
    session: Db,
    user: Me,
    lora: Annotated[str | None, Query(max_length=64, description="Only those with this LoRA.")] = None,
    run: Annotated[str | None, Query(max_length=64, description="Only those with this run.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ExperimentSummary]:
    """Experiments, the newest first; only those with a LoRA or a run where one is named."""
    rows, following = page(session, store.matching(session, lora, run), Run.id, cursor, limit)
    return Page(items=comparing.summaries(session, rows), next=following)


@router.get("/experiments/{experiment_id}", responses=described("run_not_found"))
def read_experiment(context: Ctx, session: Db, user: Me, experiment_id: str) -> ExperimentView:
    """One experiment as far as it is."""
    return comparing.view(session, context.home, store.get_experiment(session, experiment_id))


@router.get(
    "/experiments/{experiment_id}/cells/{number}",
    response_class=Response,
    responses=PICTURE | described("run_not_found", "file_not_found"),
)
def read_cell(context: Ctx, session: Db, user: Me, experiment_id: str, number: int) -> Response:
    """The picture of one cell."""
    run = store.get_experiment(session, experiment_id)
    return Response(comparing.picture(context.home, run, number), media_type="image/png", headers=FOREVER)


@router.get("/experiments/{experiment_id}/ballot", responses=described("run_not_found"))
def read_ballot(context: Ctx, session: Db, user: Me, experiment_id: str) -> Ballot:
    """The next pair to judge, blind: the numbers of its cells are none of the experiment's, and their columns are -1."""
    return balloting.ballot(session, context.home, user, store.get_experiment(session, experiment_id))


@router.get(
    "/experiments/{experiment_id}/ballot/{number}",
    response_class=Response,
    responses=PICTURE | described("run_not_found", "file_not_found"),
)
def read_ballot_picture(context: Ctx, session: Db, user: Me, experiment_id: str, number: int) -> Response:
    """The picture of a cell by its number on the ballots of whoever asks; nothing here tells which column it is of."""
    run = store.get_experiment(session, experiment_id)
    cell = balloting.revealed(context.home, user, run, number)
    return Response(comparing.picture(context.home, run, cell), media_type="image/png", headers=FOREVER)


@router.post("/experiments/{experiment_id}/votes", status_code=201, responses=described("run_not_found"))
def create_vote(context: Ctx, session: Db, user: Me, experiment_id: str, body: VoteCast) -> Ballot:
    """Say which is better, and get the next pair. Who judges a pair again changes their mind."""
    run = store.get_experiment(session, experiment_id)
    balloting.vote(session, context.home, user, run, body.left, body.right, body.winner)
    session.commit()
    return balloting.ballot(session, context.home, user, run)


@router.get("/experiments/{experiment_id}/ranking", responses=described("run_not_found"))
def read_ranking(context: Ctx, session: Db, user: Me, experiment_id: str) -> Ranking:
    """What the votes say."""
    run = store.get_experiment(session, experiment_id)
    votes = store.votes_of(session, experiment_id)
    told = results.verdict(experiments.experiment_of(run), votes, context.home / "runs" / run.id)
    voters = len({vote.user_id for vote in votes})
    return Ranking(items=told.ranking, votes=len(votes), voters=voters, proposal=told.proposal)


@router.get("/run-diff", responses=described("run_not_found"))
def read_run_diff(
    session: Db, user: Me, runs: Annotated[str, Query(max_length=2000, description="Ids, with commas between them.")]
) -> RunDiff:
    """What sets runs apart; `runs` are ids with commas between them."""
    ids = list(dict.fromkeys(part.strip() for part in runs.split(",") if part.strip()))
    rows = [get_run(session, run_id) for run_id in ids[:MOST_RUNS]]
    settings = [SettingDiff(key=key, values=values) for key, values in differing(rows).items()]
    return RunDiff(runs=present.runs(session, rows), settings=settings)


@router.post("/sweeps", status_code=201, responses=described("config_invalid", "dataset_not_found", "quota_reached"))
def create_sweep(context: Ctx, session: Db, user: Me, body: SweepCreate) -> SweepView:
    """Queue a run for every combination of values, and the experiment that compares them."""
    asked = (body.name, body.dataset, body.config, body.vary, body.prompts, body.seeds)
    made = sweeps.create_sweep(session, user, *asked, context.home / "runs", body.labels)
    session.commit()
    context.supervisor.wake()
    for run in (*made.runs, made.experiment):
        context.hub.tell(run.id, False)
    return SweepView(runs=present.runs(session, made.runs), experiment=present.run(session, made.experiment))
