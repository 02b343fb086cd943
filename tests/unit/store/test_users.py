"""Users, passwords and tokens as they are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store import passwords, tokens, users
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Run, Token, User, now
from tests.guarded_app import cheap_hashes


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def session(database: Database, cheap: None) -> Iterator[Session]:
    with database.session() as session:
        yield session


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashes(monkeypatch)


def code(call: object, *arguments: object, **named: object) -> str:
    with pytest.raises(LoomError) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    assert caught.value.message and caught.value.hint
    return caught.value.code


def test_local_is_made_once_by_many_at_once(database: Database) -> None:
    found: list[str] = []
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait()
        with database.session() as session:
            found.append(users.ensure_local(session).id)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    with database.session() as session:
        (local,) = session.scalars(select(User)).all()
        assert (local.name, local.admin, local.password) == ("local", True, None)
        assert not users.login_required(session)


def test_the_first_user_is_an_administrator_and_a_login_is_needed(session: Session) -> None:
    users.ensure_local(session)
    first = users.add_user(session, " anna ", "correct horse")
    second = users.add_user(session, "小明", "correct horse")
    assert (first.name, first.admin, second.admin) == ("anna", True, False)
    assert users.login_required(session)
    assert [user.name for user in users.list_users(session)] == ["anna", "小明"]
    assert first.password is not None and first.password.startswith("$argon2id$")


@pytest.mark.parametrize("name", ["", "   ", "a" * 65, "a\nb", "a\0b", "a\x1b[31m"])
def test_names_that_are_refused(session: Session, name: str) -> None:
    assert code(users.add_user, session, name, "correct horse") == "request_invalid"


def test_a_name_is_taken_however_it_was_typed(session: Session) -> None:
    users.add_user(session, "Zoë", "correct horse")
    assert code(users.add_user, session, "local", "correct horse") == "name_taken"
    assert code(users.add_user, session, "Zoe\u0308", "correct horse") == "name_taken"


def test_passwords_have_a_length(session: Session) -> None:
    assert code(users.add_user, session, "anna", "1234567") == "request_invalid"
    assert code(users.add_user, session, "anna", "x" * 1001) == "request_invalid"
    users.add_user(session, "anna", "12345678")


def test_a_login_is_checked(session: Session) -> None:
    users.ensure_local(session)
    anna = users.add_user(session, "anna", "Zoë und anna")
    assert users.check_login(session, "anna", "Zoe\u0308 und anna") is anna
    for name, password in (("anna", "correct"), ("ann", "correct horse"), ("local", ""), ("local", "correct horse")):
        assert users.check_login(session, name, password) is None


def test_an_unknown_name_takes_as_long(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    users.ensure_local(session)
    users.add_user(session, "anna", "correct horse")
    users.check_login(session, "anna", "x")
    checked: list[str] = []
    real = passwords.HASHES.verify_and_update

    def counted(password: bytes, kept: str) -> tuple[bool, str | None]:
        checked.append(kept.rpartition("$")[0].rpartition("$")[0])
        return real(password, kept)

    monkeypatch.setattr(passwords.HASHES, "verify_and_update", counted)
    for name in ("anna", "nobody", "local"):
        assert users.check_login(session, name, "wrong horse") is None
    assert len(checked) == 3 and len(set(checked)) == 1  # one each, of the same cost


def test_passwords_cost_what_rfc_9106_advises() -> None:
    assert passwords.HASHES.hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_hash_of_other_parameters_is_renewed_at_login(session: Session) -> None:
    anna = users.add_user(session, "anna", "correct horse")
    anna.password = old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)).hash("correct horse")
    assert users.check_login(session, "anna", "wrong") is None and anna.password == old
    assert users.check_login(session, "anna", "correct horse") is anna
    assert anna.password != old
    assert users.check_login(session, "anna", "correct horse") is anna


def test_too_many_checks_at_once_are_sent_away(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    monkeypatch.setattr(passwords, "_turns", threading.BoundedSemaphore(1))
    with passwords._turn():
        assert code(users.check_login, session, "anna", "x") == "too_many_requests"
    assert users.check_login(session, "anna", "x") is None


def test_a_new_password_ends_the_sessions(session: Session) -> None:
    anna = users.add_user(session, "anna", "correct horse")
    users.set_password(session, anna, "battery staple")
    assert anna.epoch == 1
    assert users.check_login(session, "anna", "battery staple") is anna
    assert users.check_login(session, "anna", "correct horse") is None


def test_what_somebody_made_goes_to_the_heir(session: Session) -> None:
    anna = users.add_user(session, "anna", "correct horse")
    ben = users.add_user(session, "ben", "correct horse")
    session.add_all(
        [
            Dataset(name="pictures", user_id=ben.id),
            Run(name="ink", user_id=ben.id, family="sd1", base_model="thimble"),
        ]
    )
    tokens.add_token(session, ben, "script")
    users.remove_user(session, ben, heir=anna)
    session.expire_all()
    assert {row.user_id for table in (Dataset, Run) for row in session.scalars(select(table))} == {anna.id}
    assert session.scalars(select(Token)).all() == []
    assert code(users.get_user, session, ben.id) == code(users.find_user, session, "ben") == "not_found"


def test_the_last_administrator_stays_while_others_remain(session: Session) -> None:
    local = users.ensure_local(session)
    anna = users.add_user(session, "anna", "correct horse")
    ben = users.add_user(session, "ben", "correct horse")
    assert code(users.remove_user, session, anna, heir=ben) == "not_allowed"
    users.remove_user(session, ben, heir=anna)
    users.remove_user(session, anna, heir=local)
    assert not users.login_required(session)
    assert code(users.find_user, session, "local") == "not_found"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("LOCALHOST:5173", True),
        ("::1", True),
        ("[::1]:7860", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("loom.example.org", False),
    ],
)
def test_only_loopback_needs_no_login(session: Session, host: str, is_ours: bool) -> None:
    if is_ours:
        users.check_bind(session, host)
        assert code(users.check_bind, session, host, ["loom.example.org"]) == "login_needed"
    else:
        assert code(users.check_bind, session, host) == "login_needed"
    users.ensure_local(session)
    users.add_user(session, "anna", "correct horse")
    users.check_bind(session, host, ["loom.example.org"])


def test_the_refusal_says_what_to_do(session: Session) -> None:
    with pytest.raises(LoomError, match=r"0\.0\.0\.0") as caught:
        users.check_bind(session, "0.0.0.0")
    assert "loraloom user add NAME" in caught.value.hint


def test_a_token_is_kept_as_its_hash(session: Session) -> None:
    anna = users.add_user(session, "anna", "correct horse")
    ben = users.add_user(session, "ben", "correct horse")
    token, secret = tokens.add_token(session, anna, "script")
    assert secret.startswith("loom_") and len(secret) > 40
    assert secret not in str(vars(token)) and token.hash == tokens.hash_token(secret)
    assert tokens.find_token(session, secret) == (token, anna)
    for wrong in ("", "loom_", secret[:-1], secret[5:], secret.upper(), "loom_\ud800"):
        assert tokens.find_token(session, wrong) is None
    assert tokens.get_token(session, anna, token.id) is token
    assert code(tokens.get_token, session, ben, token.id) == "not_found"


def test_use_of_a_token_is_noted_once_a_minute(session: Session) -> None:
    anna = users.add_user(session, "anna", "correct horse")
    token, _ = tokens.add_token(session, anna, "script")
    assert tokens.is_stale(token)
    tokens.note_use(session, token.id)
    session.refresh(token)
    first = token.used_at
    assert first is not None and not tokens.is_stale(token)
    tokens.note_use(session, token.id)
    session.refresh(token)
    assert token.used_at == first
    token.used_at = now() - timedelta(minutes=2)
    session.flush()
    tokens.note_use(session, token.id)
    session.refresh(token)
    assert token.used_at >= first


def test_nobody_makes_tokens_without_end(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    anna = users.add_user(session, "anna", "correct horse")
    for _ in range(2):
        tokens.add_token(session, anna, "script")
    assert code(tokens.add_token, session, anna, "script") == "in_use"
