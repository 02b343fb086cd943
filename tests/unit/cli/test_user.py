"""`loraloom user`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from loraloom.cli import user
from loraloom.cli.show import show_error
from loraloom.data.home import home
from loraloom.store import users
from loraloom.store.database import Database, sqlite_url
from tests.guarded_app import cheap_hashes

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Carry out `loraloom user ...` with a line on stdin; the exit code."""
    cheap_hashes(monkeypatch)

    def call(*arguments: str, typed: str = "correct horse\n") -> int:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        try:
            user.app(args=list(arguments), standalone_mode=False)
        except Exception as error:
            return show_error(error)
        return 0

    return call


def may_log_in(name: str, password: str) -> bool:
    database = Database(sqlite_url(home()))
    with database.session() as session:
        found = users.check_login(session, name, password) is not None
    database.close()
    return found


def test_the_first_user_is_an_administrator(run: Run, capsys: Any) -> None:
    assert run("list") == 0
    assert "no login is needed" in capsys.readouterr().out
    assert run("add", "anna", "--password-stdin") == 0
    said = capsys.readouterr()
    assert "anna may log in and change everything" in said.out and "everybody has to log in" in said.err
    assert "correct horse" not in said.out + said.err
    assert run("add", "小明", "--password-stdin") == 0
    assert capsys.readouterr().err == ""
    assert run("list", "--json") == 0
    assert [(u["name"], u["admin"]) for u in json.loads(capsys.readouterr().out)["users"]] == [
        ("anna", True),
        ("小明", False),
    ]
    assert run("list") == 0
    assert "小明" in capsys.readouterr().out
    assert may_log_in("anna", "correct horse") and not may_log_in("anna", "correct")


def test_the_password_is_asked_twice_and_not_shown(run: Run, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append(options)
        return "typed in secret"

    monkeypatch.setattr("typer.prompt", prompt)
    assert run("add", "anna", "--admin") == 0
    assert asked == [{"hide_input": True, "confirmation_prompt": True}]
    assert may_log_in("anna", "typed in secret")
    assert "typed in secret" not in str(capsys.readouterr())


def test_a_password_is_changed(run: Run) -> None:
    run("add", "anna", "--password-stdin")
    assert run("password", "anna", "--password-stdin", typed="battery staple\r\n") == 0
    assert may_log_in("anna", "battery staple") and not may_log_in("anna", "correct horse")


def test_users_are_removed(run: Run, capsys: Any) -> None:
    run("add", "anna", "--password-stdin")
    run("add", "ben", "--password-stdin")
    assert run("remove", "anna") == 1
    assert "last administrator" in capsys.readouterr().err
    assert run("remove", "ben") == 0
    assert "belongs to anna" in capsys.readouterr().out
    assert run("remove", "anna") == 0
    assert "no login any more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (["add", "anna", "--password-stdin"], "short\n", "at least 8"),
        (["add", "anna", "--password-stdin"], "", "at least 8"),
        (["add", "local", "--password-stdin"], "correct horse\n", "local"),
        (["add", "ben", "--password-stdin"], "correct horse\n", "already"),
        (["password", "nobody", "--password-stdin"], "correct horse\n", "no such user"),
        (["remove", "nobody"], "", "no such user"),
    ],
)
def test_what_is_refused_is_said(run: Run, capsys: Any, arguments: list[str], typed: str, words: str) -> None:
    run("add", "ben", "--password-stdin")
    capsys.readouterr()
    assert run(*arguments, typed=typed) == 1
    error, hint = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("error: ") and words in error and hint.startswith("hint: ")


def test_nothing_typed_is_no_crash(run: Run, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    def prompt(text: str, **options: Any) -> str:
        raise typer.Abort

    monkeypatch.setattr("typer.prompt", prompt)
    assert run("add", "anna") == 1
    assert "No password was given" in capsys.readouterr().err


def test_bytes_that_are_no_text_are_a_password_too(run: Run) -> None:
    assert run("add", "anna", "--password-stdin", typed="passw\udcf6rd longer\n") == 0
    assert may_log_in("anna", "passw\udcf6rd longer")
