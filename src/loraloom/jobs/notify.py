"""Tells a webhook that a run ended. In the background: a receiver that is slow or gone holds nothing up."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request

from sqlalchemy.orm import Session

from loraloom.store.settings import read_settings
from loraloom.store.tables import Run

LOG = logging.getLogger("loraloom.jobs")
TRIES, TIMEOUT = 3, 10.0


def ended(session: Session, run: Run, state: str, message: str) -> None:
    """Post `{run, name, state, message, steps, lora}` to the webhook of the settings, if there is one."""
    url = read_settings(session).webhook_url
    if url:
        content = {"run": run.id, "name": run.name, "state": state, "message": message, "steps": run.step}
        threading.Thread(target=_post, args=(url, content), name="webhook", daemon=True).start()


def _post(url: str, content: dict[str, object]) -> None:
    body = json.dumps(content).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - http(s) only, checked when set
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
                return
        except OSError as error:
            LOG.warning("webhook %s: %s", url, error)
            time.sleep(2**attempt)
