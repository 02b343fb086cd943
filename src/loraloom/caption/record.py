"""What a captioning has made so far, safe against being killed: `captions.jsonl`, and the embeddings beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from loraloom.caption.engine import Made

if TYPE_CHECKING:
    from loraloom.spec.captioning import EngineName

CAPTIONS = "captions.jsonl"
ROWS = "embeddings.f16"
"""Rows of float16 in the order of the lines, each written before its line."""


class Record:
    """Lines that are there are kept; a torn last one is cut off."""

    def __init__(self, job_dir: Path) -> None:
        self._dir = job_dir
        self.files = _mend(job_dir / CAPTIONS)
        """Files that have a line, in its order."""
        self._lines = (job_dir / CAPTIONS).open("a", encoding="utf-8", newline="\n")
        self._rows: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        if self._rows is not None:
            self._rows.close()

    def write(self, file: str, made: Made, caption: str, engine: EngineName, version: str) -> None:
        """Add the line of one picture, flushed."""
        if made.embedding is not None:
            self._write_row(made.embedding)
        labels = [{"label": x.label, "p": round(x.p, 6)} | ({"group": x.group} if x.group else {}) for x in made.labels]
        line = {"file": file, "caption": caption, "labels": labels, "engine": engine, "version": version}
        self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._lines.flush()
        self.files[file] = None

    def finish(self) -> None:
        """Write embeddings.npy [pictures, width] float16 and embeddings.json, the files in the same order."""
        source = self._dir / ROWS
        if not source.is_file() or not self.files:
            return
        import numpy as np

        if self._rows is not None:
            self._rows.flush()
        rows = np.fromfile(source, dtype=np.float16).reshape(len(self.files), -1)
        part = self._dir / "embeddings.part.npy"
        np.save(part, rows)
        part.replace(self._dir / "embeddings.npy")
        names = self._dir / "embeddings.json.part"
        names.write_text(json.dumps({"files": list(self.files)}, ensure_ascii=False), encoding="utf-8")
        names.replace(self._dir / "embeddings.json")

    def _write_row(self, embedding: Any) -> None:
        row = embedding.astype("float16").tobytes()
        if self._rows is None:
            self._rows = (self._dir / ROWS).open("ab")
            os.truncate(self._dir / ROWS, len(self.files) * len(row))  # a row whose line was never written
        self._rows.write(row)
        self._rows.flush()


def _mend(path: Path) -> dict[str, None]:
    if not path.exists():
        return {}
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        os.truncate(path, len(whole))
    return dict.fromkeys(str(json.loads(line)["file"]) for line in whole.decode("utf-8").splitlines())
