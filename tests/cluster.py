"""A whole installation on this machine: PostgreSQL, Redis, an S3 server, the server and workers, each a process of its own
that can be killed and started again. Used by tests and by the scripts in tools/; it needs Debian's `postgresql` and
`redis-server` and Python's `moto[s3,server]`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.served import Served
from tests.tcp_proxy import Counts, Proxy
from tests.workers import TOKEN, Working

BUCKET = "loom"
PASSWORD = "a-password-of-the-tests"


class Missing(Exception):
    """A program is not installed."""


def missing() -> str | None:
    """What is not installed here, if anything."""
    try:
        _postgres_programs()
        _redis_program()
    except Missing as error:
        return str(error)
    try:
        import flask  # noqa: F401
        import moto  # noqa: F401
    except ImportError:
        return "an S3 server (Python: moto[s3,server])"
    return None


class Program:
    """One service on a port of its own. `kill` is `kill -9`; `start` starts it (again) and waits until it answers."""

    def __init__(
        self, name: str, folder: Path, command: Sequence[str], answers: Callable[[], bool], **user: Any
    ) -> None:
        self.name, self.folder = name, folder
        self._command, self._answers, self._user = list(command), answers, user
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again and again where it says that the one before is not gone yet."""
        until = time.monotonic() + 60
        while True:
            with (self.folder / f"{self.name}.log").open("ab") as log:
                self.process = subprocess.Popen(
                    self._command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self._user
                )
            while self.process.poll() is None:
                if self._answers():
                    return
                if time.monotonic() > until:
                    raise AssertionError(f"{self.name} does not answer")
                time.sleep(0.05)
            if time.monotonic() > until:
                raise AssertionError((self.folder / f"{self.name}.log").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.2)

    def kill(self) -> None:
        """`kill -9` of the one process that was started; what it started itself sees to that on its own."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def halt(self, seconds: float) -> None:
        """Let it stand still for `seconds`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it and all it started."""
        if self.process is None:
            return
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self.kill()


class Cluster:
    """All of it below the folder `root`. With `proxied` every worker reaches the server through a wire of its own, and all of
    them the S3 server through one; with `clocks` server and workers have clocks that can be moved (`set_clock`)."""

    def __init__(
        self,
        root: Path,
        workers: int = 2,
        *,
        s3: bool = True,
        proxied: bool = False,
        clocks: bool = False,
        **server: str,
    ) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.postgres, self.database = _postgres(root / "postgres")
        self.redis, redis_port = _redis(root / "redis")
        self.redis_url = f"redis://127.0.0.1:{redis_port}/0"
        self.s3, self.s3_port = _s3(root / "s3")
        self._clocks = _moved_clock(root) if clocks else None
        self.counts = Counts()
        self.s3_wire = Proxy(self.s3_port, self.counts) if s3 and proxied else None
        environment = {
            "LORALOOM_DATABASE": self.database,
            "LORALOOM_REDIS": self.redis_url,
            "LORALOOM_WORKER_TOKEN": TOKEN,
            **(self.s3_environment() if s3 else {}),
            **self._clock("server"),
            **server,
        }
        self.server = Served(root / "home", "--no-warm", "--no-train", **environment)
        self.wires = [Proxy(self.server.port, self.counts) for _ in range(workers)] if proxied else []
        self.workers = [self._worker(number) for number in range(1, workers + 1)]

    @property
    def names(self) -> list[str]:
        """Of the workers."""
        return [worker.name for worker in self.workers]

    def start(self) -> Cluster:
        """Everything, in order."""
        self.postgres.start()
        self.redis.start()
        if self._has_s3:
            self.s3.start()
            _make_bucket(self.s3_port)
        self.server.start()
        for worker in self.workers:
            worker.start()
        return self

    def stop(self) -> None:
        """Everything, with all children."""
        for worker in self.workers:
            worker.stop()
        with contextlib.suppress(Exception):
            self.server.stop()
        for program in (self.s3, self.redis, self.postgres):
            program.stop()
        for wire in (*self.wires, *([self.s3_wire] if self.s3_wire else [])):
            wire.stop()

    def s3_environment(self) -> dict[str, str]:
        """What the server needs to use the bucket."""
        port = self.s3_wire.port if self.s3_wire else self.s3_port
        return {
            "LORALOOM_BLOBS": f"s3://{BUCKET}/cluster",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def has_clocks(self) -> bool:
        """Whether clocks can be moved here."""
        return self._clocks is not None

    def set_clock(self, who: str, seconds: int) -> None:
        """Move the clock of `server` or of a worker by its name, against the machine's."""
        file = self._clock_file(who)
        half = file.with_suffix(".new")
        half.write_text(str(seconds))
        half.replace(file)

    def add_users(self, *names: str) -> dict[str, str]:
        """Name -> API token. The first is an administrator, and from then on a login is needed."""
        from loraloom.store import tokens, users
        from loraloom.store.database import Database

        database = Database(self.database)
        secrets: dict[str, str] = {}
        with database.session() as session:
            for name in names:
                user = users.add_user(session, name, PASSWORD)
                session.flush()
                secrets[name] = tokens.add_token(session, user, "cluster")[1]
        database.close()
        return secrets

    @property
    def _has_s3(self) -> bool:
        return "LORALOOM_BLOBS" in self.server.environment

    def _worker(self, number: int) -> Working:
        name = f"w{number}"
        address = self.wires[number - 1].address if self.wires else self.server.address
        return Working(address, self.root / name, name, "--redis", self.redis_url, **self._clock(name))

    def _clock_file(self, who: str) -> Path:
        return self.root / f"{who}.clock"

    def _clock(self, who: str) -> dict[str, str]:
        if self._clocks is None:
            return {}
        self.set_clock(who, 0)
        return {"LD_PRELOAD": str(self._clocks), "LOOM_CLOCK_FILE": str(self._clock_file(who))}


def _moved_clock(folder: Path) -> Path | None:
    """The library that moves a program's clock, compiled; None without a C compiler or on another system than Linux.
    (libfaketime 0.9.10 breaks Python's `time.sleep` when it leaves the monotonic clock alone, as it must here.)"""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library, source = folder / "moved_clock.so", Path(__file__).with_name("moved_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def _postgres(folder: Path) -> tuple[Program, str]:
    programs = _postgres_programs()
    folder.mkdir(parents=True, exist_ok=True)
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
        for parent in folder.parents[:-2]:
            if parent.stat().st_uid == 0:
                parent.chmod(parent.stat().st_mode | 0o055)
    port, data = free_port(), folder / "data"
    if not data.exists():
        make = [str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "loom", "-E", "UTF8"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **user)
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
    command += ["-c", f"unix_socket_directories={folder}", "-c", "fsync=on", "-c", "max_connections=100"]
    url = f"postgresql+psycopg://loom@127.0.0.1:{port}/postgres"
    return Program("postgres", folder, command, lambda: _answers_sql(port), **user), url


def _answers_sql(port: int) -> bool:
    import psycopg

    try:
        with psycopg.connect(f"host=127.0.0.1 port={port} user=loom dbname=postgres", connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _redis(folder: Path) -> tuple[Program, int]:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [_redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Program("redis", folder, command, lambda: _listens(port)), port


def _s3(folder: Path) -> tuple[Program, int]:
    """moto's server holds everything in memory: halted it goes on, killed it has lost all."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()

    def answers() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=5).close()
        except OSError:
            return False
        return True

    return Program(
        "s3", folder, [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], answers
    ), port


def _make_bucket(port: int) -> None:
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys).create_bucket(Bucket=BUCKET)


def _postgres_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else Path(shutil.which("initdb") or "/missing")
    if not initdb.exists():
        raise Missing("PostgreSQL (Debian: postgresql)")
    return initdb.parent


def _redis_program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        raise Missing("Redis (Debian: redis-server)")
    return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
