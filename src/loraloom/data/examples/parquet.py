"""Parquet files into rows (pyarrow), a few at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from loraloom.data.examples.sentences import Unfit

_AT_ONCE = 1_000
MAX_UNPACKED = 2 * 2**30
"""Bytes that the columns may unpack to."""


def rows(data: bytes) -> Iterator[tuple[int, Any]]:
    """(row from 1, values by name, or Unfit)."""
    try:
        pa: Any = import_module("pyarrow")
        pq: Any = import_module("pyarrow.parquet")
    except ImportError:
        yield 0, Unfit("needs_pyarrow")
        return
    number = 0
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        if size > MAX_UNPACKED:
            yield 0, Unfit("too_large", limit=MAX_UNPACKED // 2**20)
            return
        for batch in file.iter_batches(batch_size=_AT_ONCE):
            for row in batch.to_pylist():
                number += 1
                yield number, {str(name).strip().lower(): value for name, value in row.items()}
    except (pa.ArrowException, OSError, ValueError) as error:
        yield 0, Unfit("parquet", problem=re.split(r"[.\n] ?", str(error))[0][:120] or type(error).__name__)
