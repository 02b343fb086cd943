"""Converting .gguf bases in the background, and what is known of each."""

from __future__ import annotations

import logging
import threading

from loraloom.jobs.bases import prepare_base
from loraloom.models.resolve import resolve
from loraloom.models.text_base import is_ready
from loraloom.server.views import ModelState, RunError
from loraloom.spec.errors import LoomError

LOG = logging.getLogger("loraloom.models")


class Preparing:
    """Safe for several threads. Bases are called by their source, as configs call them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._failed: dict[str, RunError] = {}

    def begin(self, source: str) -> None:
        """Begin to convert it, unless that is done or being done. Raises LoomError as `resolve` does, and
        `base_model_mismatch` for one that draws pictures."""
        base = resolve(source)
        if base.family != "causal_lm":
            raise LoomError("base_model_mismatch", f"{base.name} needs no preparation.", "Use it as it is.")
        with self._lock:
            if source in self._busy or base.path is None or is_ready(base):
                return
            self._busy.add(source)
            self._failed.pop(source, None)
        threading.Thread(target=self._work, args=(source,), name="preparing", daemon=True).start()

    def state(self, source: str) -> tuple[ModelState, RunError | None]:
        """How a base is, and why it could not be converted the last time."""
        with self._lock:
            busy, failed = source in self._busy, self._failed.get(source)
        if busy:
            return "preparing", None
        try:
            base = resolve(source)
        except LoomError:
            return "missing", None
        if base.path is None:
            return "missing", None
        if base.family != "causal_lm" or is_ready(base):
            return "ready", None
        return "not_prepared", failed

    def _work(self, source: str) -> None:
        failed: RunError | None = None
        try:
            prepare_base(source)
        except LoomError as error:
            failed = RunError(code=error.code, message=error.message, hint=error.hint)
        except Exception as error:
            LOG.exception("%s could not be prepared", source)
            failed = RunError(code="internal", message=str(error), hint="The server's log has the details.")
        with self._lock:
            self._busy.discard(source)
            if failed is not None:
                self._failed[source] = failed
