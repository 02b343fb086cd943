"""From Jobs, pods and events of the cluster to the state of each run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from loraloom.jobs.runners.kubernetes import words
from loraloom.jobs.runners.kubernetes.manifest import FENCE, RUN
from loraloom.spec.errors import LoomError

Phase = Literal["pending", "running", "succeeded", "failed", "gone"]
OVERDUE = timedelta(seconds=30)
"""How long after its grace period a pod may linger before its node counts as lost."""

AT_ONCE = timedelta(seconds=60)
"""A Job that is suspended later than this after it was made had been let go in between."""

Thing = dict[str, Any]
"""A Job, a pod or an event as the API gives it."""


@dataclass(frozen=True)
class PodState:
    """Where one grant of a run stands in the cluster.

    `reason`: for `failed` why; for `pending` what it waits for; for `running` why it is about to end. `gone`: nothing of it
    is left. After `failed` and `gone` no process of this grant runs any more, except on a node that nobody can reach.
    """

    run_id: str
    fence: int
    phase: Phase
    reason: LoomError | None = None
    pod: str = ""
    node: str = ""
    since: datetime | None = None
    """When the Job was made."""


def states(
    jobs: Iterable[Thing], pods: Iterable[Thing], events: Iterable[Thing], patience: timedelta, now: datetime
) -> list[PodState]:
    """One for each Job. `events` speak of pods that are gone; `patience` is for images that cannot be pulled."""
    by_run: dict[tuple[str, int], list[Thing]] = {}
    for pod in sorted(pods, key=_age):
        by_run.setdefault(_grant(pod), []).append(pod)
    told = list(events)
    return [_state(job, by_run.get(_grant(job), []), told, patience, now) for job in jobs]


def unclear(state: PodState) -> bool:
    """Whether events may know more."""
    return state.phase in ("pending", "gone") or (state.phase == "failed" and state.reason is words.REMOVED)


def _state(job: Thing, pods: list[Thing], events: list[Thing], patience: timedelta, now: datetime) -> PodState:
    pod = pods[0] if pods else None  # a later one only replaces the first, and may not write
    phase, reason = _judge(job, pod, events, patience, now)
    run_id, fence = _grant(job)
    name, node = (pod["metadata"]["name"], pod["spec"].get("nodeName", "")) if pod else ("", "")
    return PodState(run_id, fence, phase, reason, name, node, moment(job["metadata"]["creationTimestamp"]))


def _judge(
    job: Thing, pod: Thing | None, events: list[Thing], patience: timedelta, now: datetime
) -> tuple[Phase, LoomError | None]:
    if _is(job, "Complete") or (pod and pod["status"].get("phase") == "Succeeded"):
        return "succeeded", None
    if pod and pod["status"].get("phase") == "Failed":
        return "failed", _sent_away(pod, events) or words.why_dead(pod)
    if pod and pod["metadata"].get("deletionTimestamp"):  # some clusters call its Job failed by now
        return _leaving(pod, events, now)
    if dead := _told(job, pod, events):
        return "failed", dead
    if not pod and (failed := _is(job, "Failed")):
        return "failed", words.TIME_IS_UP if failed.get("reason") == "DeadlineExceeded" else words.REMOVED
    if job["metadata"].get("deletionTimestamp") and not pod:
        return "gone", None
    if job["spec"].get("suspend"):
        return _held_back(job)
    if pod and pod["status"].get("phase") != "Pending":
        return "running", None
    if not pod:
        own = (one for one in events if one["reason"] == words.NOT_MADE)
        said = next((one for one in own if one["involvedObject"].get("name") == job["metadata"]["name"]), None)
        return "pending", words.not_made(said.get("message", "")) if said else None
    return _waiting(pod, patience, now)


def _waiting(pod: Thing, patience: timedelta, now: datetime) -> tuple[Phase, LoomError | None]:
    """Not started. What will never start is given up once its time is over; waiting for a GPU has no end."""
    reason = words.why_pending(pod)
    placed = pod["status"].get("startTime")
    if reason is None or reason.code == "device_unavailable" or not placed:
        return "pending", reason
    hopeless = words.container(pod)["state"]["waiting"]["reason"] == "InvalidImageName"
    return ("failed" if hopeless or now - moment(placed) > patience else "pending"), reason


def _held_back(job: Thing) -> tuple[Phase, LoomError | None]:
    """By Kueue: before it starts, or to make room after it has begun. Both look the same but for the time."""
    held, made = _is(job, "Suspended"), moment(job["metadata"]["creationTimestamp"])
    if held and moment(held["lastTransitionTime"]) - made > AT_ONCE:
        return "failed", words.PREEMPTED
    return "pending", words.queued(job["metadata"]["labels"].get("kueue.x-k8s.io/queue-name", ""))


def _leaving(pod: Thing, events: list[Thing], now: datetime) -> tuple[Phase, LoomError | None]:
    """Told to go. Its process may still write a checkpoint, so the run counts as running until it is away."""
    if now - moment(pod["metadata"]["deletionTimestamp"]) > OVERDUE or pod["status"].get("reason") == "NodeLost":
        return "failed", words.NODE_LOST
    return "running", _sent_away(pod, events)


def _sent_away(pod: Thing, events: list[Thing]) -> LoomError | None:
    """Why the cluster wants this pod to go; None when it does not, or the wish was ours."""
    of_it = (one for one in events if one["involvedObject"].get("name") == pod["metadata"]["name"])
    said = next((words.EVENTS[one["reason"]] for one in of_it if one["reason"] in words.EVENTS), None)
    marked = words.condition(pod, "DisruptionTarget")
    return said or (words.DISRUPTIONS.get(marked.get("reason", "")) if marked else None)


def _told(job: Thing, pod: Thing | None, events: list[Thing]) -> LoomError | None:
    """Why a pod of this Job that is not there any more had to go, by the events."""
    prefix, there = f"{job['metadata']['name']}-", pod["metadata"]["name"] if pod else ""
    for event in events:
        name = event["involvedObject"].get("name", "")  # by name, which is never used again: some events have no uid
        if name.startswith(prefix) and name != there and event["reason"] in words.EVENTS:
            return words.EVENTS[event["reason"]]
    return None


def _is(job: Thing, kind: str) -> Thing | None:
    found = words.condition(job, kind)
    return found if found and found.get("status") == "True" else None


def _age(pod: Thing) -> tuple[bool, str]:
    """The first pod of a Job sorts first. Times have whole seconds: of two, the one that must go is older."""
    return "deletionTimestamp" not in pod["metadata"], pod["metadata"]["creationTimestamp"]


def _grant(thing: Thing) -> tuple[str, int]:
    labels = thing["metadata"]["labels"]
    return labels[RUN], int(labels[FENCE])


def moment(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)
