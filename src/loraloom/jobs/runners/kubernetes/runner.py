"""Hands runs to a Kubernetes cluster as Jobs, and tells what has become of them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from loraloom.jobs.runners.kubernetes import words
from loraloom.jobs.runners.kubernetes.manifest import JobAsk, job_of, labels_of, name_of, secret_of
from loraloom.jobs.runners.kubernetes.settings import Settings
from loraloom.jobs.runners.kubernetes.state import PodState, Thing, states, unclear
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    from collections.abc import Generator

    from kubernetes.client import BatchV1Api, CoreV1Api

LOG = logging.getLogger("loraloom.jobs")
TIMEOUT = (5, 10)
"""Seconds to connect to the API server, and to hear from it."""
RAW: dict[str, Any] = {"_preload_content": False, "_request_timeout": TIMEOUT}
"""Answers as bytes: a cluster of another version may leave out what the client's classes demand."""


class KubernetesRunner:
    """One Job for one grant of a run. Keeps nothing itself: after a restart `look` tells all of it again.

    Every method raises LoomError `cluster_unreachable`, `cluster_refused`, or `extra_missing` without the client library.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects with the first call."""
        self._settings = settings
        self._clients: tuple[BatchV1Api, CoreV1Api] | None = None

    def start(self, ask: JobAsk) -> None:
        """Create the Job and its Secret; what is there already stays as it is. Raises LoomError `no_such_device`."""
        wanted = job_of(self._settings, ask)
        batch, core = self._connect()
        namespace = self._settings.namespace
        with _in_our_words():
            job = _unless_there(lambda: batch.create_namespaced_job(namespace, wanted, **RAW))  # pyright: ignore[reportArgumentType]
            if job is None:
                job = _read(batch.read_namespaced_job(name_of(ask.run_id, ask.fence), namespace, **RAW))
            # The pod waits for it. Made second, it can belong to the Job from its first moment and never be left behind.
            secret = secret_of(self._settings, ask, job["metadata"]["uid"])
            _unless_there(lambda: core.create_namespaced_secret(namespace, secret, **RAW))  # pyright: ignore[reportArgumentType]

    def stop(self, run_id: str, fence: int) -> None:
        """Delete the Job. Its pod hears SIGTERM and is given `grace_seconds`; until it is away `look` calls it running."""
        from kubernetes.client import ApiException

        batch, _ = self._connect()
        name = name_of(run_id, fence)
        with _in_our_words():
            try:
                _read(
                    batch.delete_namespaced_job(name, self._settings.namespace, propagation_policy="Foreground", **RAW)
                )
            except ApiException as error:
                if _status(error) != 404:
                    raise

    def look(self, expected: Iterable[tuple[str, int]] = ()) -> list[PodState]:
        """The state of every Job of this server. `expected`: grants (run id, fence) that are `gone` when they have none."""
        batch, core = self._connect()
        namespace = self._settings.namespace
        mine = ",".join(f"{key}={value}" for key, value in labels_of(self._settings).items())
        patience = timedelta(seconds=self._settings.image_patience_seconds)
        with _in_our_words():
            # Pods last: then a Job that counts as failed comes with the pod that says why.
            jobs = _items(batch.list_namespaced_job(namespace, label_selector=mine, **RAW))
            pods = _items(core.list_namespaced_pod(namespace, label_selector=mine, **RAW))
            found = states(jobs, pods, (), patience, datetime.now(UTC))
            if any(map(unclear, found)) or any(pod["metadata"].get("deletionTimestamp") for pod in pods):
                found = states(jobs, pods, self._events(core), patience, datetime.now(UTC))
        there = {(one.run_id, one.fence) for one in found}
        return found + [PodState(*grant, "gone") for grant in expected if grant not in there]

    def queue(self) -> list[PodState]:
        """What waits for a place, the oldest first."""
        waiting = [one for one in self.look() if one.phase == "pending"]
        return sorted(waiting, key=lambda one: (one.since or datetime.max.replace(tzinfo=UTC), one.run_id))

    def _events(self, core: CoreV1Api) -> list[Thing]:
        """Why pods had to go, or were not made. The cluster keeps events for an hour."""
        found: list[Thing] = []
        for kind, reason in [*(("Pod", reason) for reason in words.EVENTS), ("Job", words.NOT_MADE)]:
            about = f"involvedObject.kind={kind},reason={reason}"
            found += _items(core.list_namespaced_event(self._settings.namespace, field_selector=about, **RAW))
        return found

    def _connect(self) -> tuple[BatchV1Api, CoreV1Api]:
        if self._clients is None:
            self._clients = connect(self._settings)
        return self._clients


def connect(settings: Settings) -> tuple[BatchV1Api, CoreV1Api]:
    """Clients of the cluster: as the service account of our own pod, or by a kubeconfig file. Raises LoomError
    `extra_missing`, `cluster_unreachable`."""
    try:
        from kubernetes import client, config
    except ImportError:
        hint = "Install it with pip install 'loraloom[kubernetes]'."
        raise LoomError("extra_missing", "Kubernetes needs a library that is not installed.", hint) from None
    how = client.Configuration()
    how.retries = False  # the next look comes soon, and a server must not hang on a cluster that is away
    loader: Any = config
    try:
        if settings.kubeconfig is None and settings.context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            loader.load_incluster_config(how)
        else:
            file = str(settings.kubeconfig) if settings.kubeconfig else None
            loader.load_kube_config(file, settings.context, how, persist_config=False)
    except config.ConfigException as error:
        hint = "Set `kubeconfig` and `context` in the settings of Kubernetes, or run the server in the cluster."
        raise LoomError("cluster_unreachable", f"The cluster's address is not known: {error}", hint) from error
    api = client.ApiClient(how)
    return client.BatchV1Api(api), client.CoreV1Api(api)


@contextmanager
def _in_our_words() -> Generator[None]:
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise _refused(_status(error), error) from error
    except (HTTPError, OSError) as error:
        raise _unreachable(str(error)) from error


def _unreachable(detail: str) -> LoomError:
    LOG.warning("the Kubernetes API does not answer: %s", detail)
    return LoomError("cluster_unreachable", "The cluster does not answer.", "Runs in it go on; look again in a moment.")


def _refused(status: int, error: Any) -> LoomError:
    message = _said(error).get("message") or str(error.reason or "")
    if status in (0, 429) or status >= 500:
        return _unreachable(message)
    hints = {401: "Its credentials have run out or are wrong.", 403: "Compare its Role with docs/kubernetes.md."}
    if "exceeded quota" in message:
        return LoomError("cluster_refused", f"The quota of the namespace is used up: {message}", "Wait, or raise it.")
    hint = hints.get(status, "Compare the settings of Kubernetes with docs/kubernetes.md.")
    return LoomError("cluster_refused", f"The cluster refuses: {message}", hint)


def _status(error: Any) -> int:
    """HTTP status of an ApiException; 0 when there was no answer."""
    return error.status or 0


def _said(error: Any) -> Thing:
    """What the API server answered: a `Status`, or empty."""
    try:
        said = json.loads(error.body)
    except (ValueError, TypeError):
        return {}
    return cast(Thing, said) if isinstance(said, dict) else {}


def _unless_there(create: Callable[[], Any]) -> Thing | None:
    """What was made; None when it is there already."""
    from kubernetes.client import ApiException

    try:
        return _read(create())
    except ApiException as error:
        if _status(error) == 409 and _said(error).get("reason") == "AlreadyExists":
            return None
        raise


def _read(answer: Any) -> Thing:
    return json.loads(answer.data)


def _items(answer: Any) -> list[Thing]:
    return _read(answer).get("items") or []
