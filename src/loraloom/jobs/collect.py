"""What a finished run leaves: its LoRA, packaged, as a row."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs.finish import finish
from loraloom.models.inspect import inspect
from loraloom.spec.errors import LoomError
from loraloom.spec.run import RUN
from loraloom.spec.text import TextRun
from loraloom.store.tables import Lora, Run


def collect(session: Session, run: Run, run_dir: Path, home: Path) -> Lora:
    """Put preview and card beside the LoRA of a finished run and keep it in the gallery. Raises LoomError
    `lora_unreadable` when the file is not what a LoRA is."""
    known = session.scalar(select(Lora).where(Lora.run_id == run.id))
    if known is not None:
        return known
    notes: list[str] = []
    done = finish(run_dir, notes.append)
    if done is None:
        raise LoomError("run_not_ready", "The run has not finished.", "Wait for its end.")
    file = Path(done.lora)
    told = inspect(file)
    preview = file.with_suffix(".png")
    config = RUN.validate_python(run.config)
    lora = Lora(
        run_id=run.id,
        user_id=run.user_id,
        name=run.name,
        file=file.relative_to(home).as_posix(),
        preview=preview.relative_to(home).as_posix() if preview.is_file() else None,
        base_model=run.base_model,
        family=run.family,
        trigger="" if isinstance(config, TextRun) else config.export.trigger_phrase or config.caption.trigger,
        rank=told.rank[0] if told.rank else None,
        alpha=told.alpha[0] if told.alpha else None,
        steps=done.steps,
        bytes=file.stat().st_size,
        sha256=_sha256(file),
        details=told.metadata,
    )
    session.add(lora)
    return lora


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
