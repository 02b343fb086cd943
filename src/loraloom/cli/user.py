"""`loraloom user`: who may log in to the server. With the first one, a login is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json, table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = typer.Typer(help="Say who may log in to the server.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")]


@app.callback()
def user() -> None:
    """Say who may log in to the server."""


@app.command("add")
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="May change everything; the first user always may.")] = False,
    team: Annotated[str, typer.Option("--team", help="Whom the user shares a quota with.")] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Add a user. From the first one on, the server asks everybody to log in."""
    from loraloom.store import users

    chosen = _password(password_stdin)
    with _session() as session:
        first = not users.login_required(session)
        made = users.add_user(session, name, chosen, admin, team)
    print(f"{made.name} may log in{' and change everything' if made.admin else ''}.")
    if first:
        note("From now on everybody has to log in, on this machine too.")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the users."""
    from loraloom.store import users

    with _session() as session:
        found = users.list_users(session)
    if as_json:
        rows = [
            {"name": u.name, "admin": u.admin, "team": u.team, "created_at": u.created_at.isoformat()} for u in found
        ]
        print_json({"users": rows})
    elif found:
        table(
            ["name", "admin", "team", "since"],
            [[u.name, "yes" if u.admin else "no", u.team, f"{u.created_at:%Y-%m-%d}"] for u in found],
        )
    else:
        print("Nobody: no login is needed, and the server serves this machine only. Add one: `loraloom user add NAME`")


@app.command("team")
def team(
    name: Name,
    team: Annotated[str, typer.Argument(metavar="[TEAM]", help="Name of the team; none: no team any more.")] = "",
) -> None:
    """Put a user into a team, which shares a quota."""
    from loraloom.store import users

    with _session() as session:
        found = users.find_user(session, name)
        users.set_team(session, found, team)
        print(f"{found.name} is in {f'the team {found.team}' if found.team else 'no team'} now.")


@app.command("remove")
def remove(name: Name) -> None:
    """Remove a user. What they made goes to the oldest administrator who stays."""
    from loraloom.store import users

    with _session() as session:
        leaving = users.find_user(session, name)
        others = [u for u in users.list_users(session) if u.id != leaving.id]
        heir = next((u for u in others if u.admin), None) or users.ensure_local(session)
        users.remove_user(session, leaving, heir)
    print(f"{leaving.name} is removed; what they made belongs to {heir.name} now.")
    if not others:
        note("Nobody is left to log in: the server needs no login any more, and serves this machine only.")


@app.command("password")
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Set a new password. It ends every session of that user."""
    from loraloom.store import users

    with _session() as session:
        users.find_user(session, name)  # before anything is typed
    chosen = _password(password_stdin)
    with _session() as session:
        changed = users.find_user(session, name)
        users.set_password(session, changed, chosen)
    print(f"The password of {changed.name} is changed; they are logged out everywhere.")


@contextmanager
def _session() -> Generator[Session]:
    """The server's database, up to date, whether the server runs or not."""
    from loraloom.data.home import home
    from loraloom.store.database import Database, sqlite_url

    home().mkdir(parents=True, exist_ok=True)
    database = Database(os.environ.get("LORALOOM_DATABASE") or sqlite_url(home()))
    try:
        database.migrate()
        with database.session() as session:
            yield session
    finally:
        database.close()


def _password(from_stdin: bool) -> str:
    from loraloom.spec.errors import LoomError

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    except typer.Abort:
        hint = "In a script: `--password-stdin`."
        raise LoomError("interrupted", "No password was given; nothing is changed.", hint) from None
