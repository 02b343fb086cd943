"""Why a run waits that nothing in front of it explains: a quota, or wishes that no machine meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from loraloom.jobs.offers import Offer
from loraloom.store.tables import Quota, Run


class Waits(BaseModel):
    """`quota`: its owner or the `team` has used up that of `most` runs at work. `labels`: no machine that is there has all
    of `labels`. `device`: none has the `device` that it wants. `cards`: none offers so many `cards` together. `memory`: none
    has the `bytes` that its forecast says."""

    model_config = ConfigDict(frozen=True)

    why: Literal["quota", "labels", "device", "cards", "memory"]
    most: int | None = None
    team: str | None = None
    labels: list[str] = []
    device: str | None = None
    cards: int | None = None
    bytes: int | None = None


def waits(run: Run, full: Mapping[str, Quota], there: Sequence[Offer]) -> Waits | None:
    """What keeps `run` from starting; None where it is only its turn. `full`: `quotas.used_up`."""
    quota = full.get(run.user_id)
    if quota is not None:
        team = quota.name if quota.kind == "team" else None
        return Waits(why="quota", most=quota.most_active, team=team)
    labelled = [offer for offer in there if offer.has_labels(run.labels)]
    if run.labels and not labelled:
        return Waits(why="labels", labels=run.labels)
    wanted = [offer for offer in labelled if offer.is_wanted(run.wanted_device)]
    if not wanted:
        return Waits(why="device", device=run.wanted_device)
    together = [offer for offer in wanted if offer.has_cards(run.cards)]
    if not together:
        return Waits(why="cards", cards=run.cards)
    if not any(offer.holds(run.needs_bytes) for offer in together):
        return Waits(why="memory", bytes=run.needs_bytes)
    return None
