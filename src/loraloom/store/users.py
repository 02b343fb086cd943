"""Who may use the server: users, and whether a login is needed at all."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store.passwords import check_password, hash_password
from loraloom.store.tables import Quota, Table, Token, User

LOCAL = "local"
"""Everybody, as long as nobody has a password."""
NAME_LENGTH = 64
WHO = "`loraloom user add NAME`"


def login_required(session: Session) -> bool:
    """Whether somebody has a password: from then on everybody needs one."""
    return session.scalar(select(User.id).where(_may_log_in()).limit(1)) is not None


def ensure_local(session: Session) -> User:
    """The user `local`, made if it is not there; several processes may try at once."""
    user = session.scalar(select(User).where(User.name == LOCAL))
    if user is not None:
        return user
    try:
        with session.begin_nested():
            user = User(name=LOCAL, admin=True)
            session.add(user)
        return user
    except IntegrityError:
        return session.scalars(select(User).where(User.name == LOCAL)).one()


def check_bind(session: Session, host: str, names: Sequence[str] = ()) -> None:
    """Raises LoomError `login_needed` if `host` (or a name the server is reached by) is not this machine alone and nobody
    could log in."""
    if login_required(session):
        return
    for name in (host, *names):
        if not is_loopback(name):
            raise LoomError(
                "login_needed",
                f"The server cannot be reached as {name or 'every address'} before somebody can log in.",
                f"Add yourself first: {WHO}. Without a login it serves 127.0.0.1 only.",
            )


def is_loopback(host: str) -> bool:
    """Whether `host`, with or without a port, is this machine and nothing else."""
    bare = host.strip().lower()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    if bare == "localhost":
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def all_users() -> Select[User]:
    """A select of everybody who may log in."""
    return select(User).where(_may_log_in())


def list_users(session: Session) -> Sequence[User]:
    """Everybody who may log in, oldest first."""
    return session.scalars(all_users().order_by(User.id)).all()


def find_user(session: Session, name: str) -> User:
    """The user of that name who may log in. Raises LoomError `not_found`."""
    user = session.scalar(select(User).where(User.name == clean_name(name), _may_log_in()))
    return _there(user)


def get_user(session: Session, user_id: str) -> User:
    """The user of that id who may log in. Raises LoomError `not_found`."""
    return _there(session.scalar(select(User).where(User.id == user_id, _may_log_in())))


def add_user(session: Session, name: str, password: str, admin: bool = False, team: str = "") -> User:
    """A new user, of a `team` if it is not empty; the first one is an administrator. Raises LoomError `name_taken`,
    `request_invalid`."""
    name, team = clean_name(name), _team(team)
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise LoomError("request_invalid", f"A user's name has 1 to {NAME_LENGTH} letters.", "Choose another name.")
    if name == LOCAL:
        raise LoomError("name_taken", "`local` is everybody on this machine, without a login.", "Choose another name.")
    user = User(name=name, password=hash_password(password), admin=admin or not login_required(session), team=team)
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise LoomError("name_taken", f"There is a user {name} already.", "Choose another name.") from error
    return user


def set_team(session: Session, user: User, team: str) -> None:
    """Put `user` into a team, with which a quota is shared; empty: into none. Raises LoomError `request_invalid`."""
    user.team = _team(team)
    session.flush()


def set_password(session: Session, user: User, password: str) -> None:
    """Change the password and end every session of `user`. Raises LoomError `request_invalid`."""
    user.password = hash_password(password)
    end_sessions(session, user)


def end_sessions(session: Session, user: User) -> None:
    """Log `user` out everywhere."""
    session.execute(update(User).where(User.id == user.id).values(epoch=User.epoch + 1))
    session.flush()
    session.refresh(user)


def remove_user(session: Session, user: User, heir: User) -> None:
    """Delete `user` and their tokens; what they made goes to `heir`. Raises LoomError `not_allowed` for the last
    administrator while others remain."""
    others = [other for other in list_users(session) if other.id != user.id]
    if others and not any(other.admin for other in others):
        raise LoomError("not_allowed", f"{user.name} is the last administrator.", "Add another administrator first.")
    for table in Table.metadata.sorted_tables:
        if "user_id" in table.c and table is not Token.__table__:
            session.execute(update(table).where(table.c.user_id == user.id).values(user_id=heir.id))
    session.execute(delete(Quota).where(Quota.kind == "user", Quota.name == user.name))
    session.delete(user)
    session.flush()


def check_login(session: Session, name: str, password: str) -> User | None:
    """The user whose name and password these are; it takes as long when there is no such user."""
    name = clean_name(name)
    user = session.scalar(select(User).where(User.name == name)) if name.isprintable() else None
    right, renewed = check_password(password, user.password if user is not None else None)
    if user is None or not right:
        return None
    if renewed is not None:
        user.password = renewed
    return user


def clean_name(name: str) -> str:
    """A name as it is kept: the same letters typed on another system are the same name."""
    return unicodedata.normalize("NFC", name).strip()


def _team(team: str) -> str:
    team = clean_name(team)
    if len(team) > NAME_LENGTH or not team.isprintable():
        raise LoomError("request_invalid", f"A team's name has at most {NAME_LENGTH} letters.", "Choose another name.")
    return team


def _may_log_in() -> ColumnElement[bool]:
    return User.password.is_not(None)


def _there(user: User | None) -> User:
    if user is None:
        raise LoomError("not_found", "There is no such user.", "`loraloom user list` shows them all.")
    return user
