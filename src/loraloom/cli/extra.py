"""Commands that need more than the core says so before anything else."""

from __future__ import annotations

from importlib.util import find_spec


def need(module: str, extra: str) -> None:
    """Raises LoomError `extra_missing` when `module` of an extra is not installed."""
    from loraloom.spec.errors import LoomError

    if find_spec(module) is None:
        raise LoomError("extra_missing", f"This needs the extra {extra!r}.", f"pip install 'loraloom[{extra}]'")
