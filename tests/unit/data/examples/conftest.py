"""Words of every kind of chat template, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loraloom.data.examples.words import Words
from tests.chat_templates import STYLES, save


@pytest.fixture(scope="session")
def words_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Words]:
    """Tokenizer and template of one of `STYLES`."""
    made: dict[str, Words] = {}

    def of(name: str) -> Words:
        if name not in made:
            made[name] = Words.of(save(STYLES[name], Path(tmp_path_factory.mktemp(name))))
        return made[name]

    return of
