"""Runs in containers of a real engine, started for the tests: what they see, how they end, and memory that runs out."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from loraloom.data import home
from loraloom.jobs import ladder, sandbox
from loraloom.jobs.asks import ask
from loraloom.jobs.runners import Exit, contained, detached
from loraloom.jobs.runners.detached import Child
from loraloom.jobs.runners.warm import Warm
from loraloom.jobs.sandbox import container, engine
from loraloom.models.text_base import converted
from loraloom.spec.errors import LoomError
from loraloom.train.checkpoint import folders
from tests.children import wait_for_end, wait_for_gone, wait_for_step
from tests.e2e.served import Served
from tests.runs import DEMO, make_run, payloads, train_here

IMAGE = "loraloom-test:empty"
LINKS = ("bin", "lib", "lib32", "lib64")
LORA = Path("lora") / "small.safetensors"
START = """
import os, sys
from pathlib import Path
from loraloom.jobs.runners import detached
child = detached.start(Path(sys.argv[1]), name="run-1")
print(child.pid, repr(child.started), flush=True)
os._exit(1)
"""
LOOK = """
import ctypes, json, os, socket
def attempt(work, *arguments):
    try:
        return [True, repr(work(*arguments))]
    except OSError as error:
        return [False, type(error).__name__]
read, write = lambda path: open(path, "rb").read(9), lambda path: open(path, "w").write("x")
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
json.dump({
    "read": {path: attempt(read, path)[0] for path in READ},
    "written": {path: attempt(write, path)[0] for path in WRITE},
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "caps": [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")],
    "no_new": status["NoNewPrivs"].strip(),
    "pids": [int(name) for name in os.listdir("/proc") if name.isdigit()],
    "kill": attempt(os.kill, SERVER, 0)[0],
    "mount": ctypes.CDLL(None).mount(b"none", b"/loom/run", b"tmpfs", 0, None),
    "cards": [name for _, name in socket.if_nameindex()],
    "connected": [attempt(socket.create_connection, address, 2)[0] for address in ADDRESSES],
    "loom": os.listdir("/loom"),
    "variables": dict(os.environ),
}, open("/loom/run/seen.json", "w"))
"""


def _missing(why: str) -> None:
    """Skip by name; CI has an engine."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


@pytest.fixture(scope="session")
def docker() -> Iterator[dict[str, str]]:
    """Variables that lead to a Docker of our own with the image `IMAGE`."""
    daemon = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if daemon is None or shutil.which("docker") is None:
        _missing("Docker (Debian: docker.io) is not installed")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        _missing("dockerd can only be started by root")
    place = Path(tempfile.mkdtemp(prefix="loom-docker-"))  # short: the paths of sockets are
    around = {engine.ENGINE: "docker", "DOCKER_HOST": f"unix://{place}/socket"}
    options = ["--iptables=false", "--bridge=none", "--storage-driver", "vfs", "--host", around["DOCKER_HOST"]]
    options += [f"--data-root={place}/data", f"--exec-root={place}/exec", f"--pidfile={place}/pid"]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([str(daemon), *options], stdout=log, stderr=log, start_new_session=True)
    try:
        _await(around, process, place / "log")
        _ask(around, "import", "-", IMAGE, given=_skeleton())
        yield around
    finally:
        process.terminate()
        process.wait(timeout=60)
        subprocess.run(["umount", f"{place}/exec/netns/default"], capture_output=True, check=False)  # it leaves that
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def podman() -> Iterator[dict[str, str]]:
    """Variables that lead to a Podman with a store of our own that has the image `IMAGE`."""
    if shutil.which("podman") is None or shutil.which("runc") is None or os.geteuid() != 0:
        pytest.skip("needs Podman (Debian: podman runc catatonit) and root")
    place = Path(tempfile.mkdtemp(prefix="loom-podman-"))
    store = {"driver": "vfs", "graphroot": f"{place}/graph", "runroot": f"{place}/run"}
    # runc: crun refuses machines where both kinds of cgroups are mounted
    settings = {"cgroup_manager": "cgroupfs", "events_logger": "file", "runtime": "runc", "tmp_dir": f"{place}/tmp"}
    around = {engine.ENGINE: "podman"}
    for key, name, said in (("CONTAINERS_STORAGE_CONF", "storage", store), ("CONTAINERS_CONF", "engine", settings)):
        (place / name).write_text(f"[{name}]\n" + "".join(f'{word} = "{value}"\n' for word, value in said.items()))
        around[key] = str(place / name)
    try:
        _ask(around, "import", "-", IMAGE, given=_skeleton())
        yield around
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _ask(around: dict[str, str], *arguments: str, given: bytes | None = None) -> str:
    command = [around[engine.ENGINE], *arguments]
    done = subprocess.run(command, input=given, capture_output=True, env={**os.environ, **around}, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def _await(around: dict[str, str], process: subprocess.Popen[bytes], log: Path) -> None:
    until, command = time.monotonic() + 60, ["docker", "--host", around["DOCKER_HOST"], "info"]
    while subprocess.run(command, capture_output=True, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > until:
            _missing(f"dockerd does not start here: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.2)


def _skeleton() -> bytes:
    """Folders and links to what is mounted; nothing else is needed of an image then. /sbin holds the engine's own init."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name in ("usr", "etc", "proc", "sys", "dev", "tmp", "sbin"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for name in LINKS:
            if Path("/", name).is_symlink():
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, str(Path("/", name).readlink())
                tar.addfile(link)
    return made.getvalue()


@pytest.fixture
def in_containers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Children are in containers of this engine; none is left in the end."""
    name = getattr(request, "param", "docker")
    around: dict[str, str] = request.getfixturevalue(name)
    settings = {
        "LORALOOM_SANDBOX": "container",
        container.IMAGE: IMAGE,
        container.MOUNTS: "host",
        container.MEMORY: "4g",
    }
    for key, value in {**around, **settings}.items():
        monkeypatch.setenv(key, value)
    engine.forget()
    yield name
    engine.forget()
    left = _ask(around, "ps", "--all", "--quiet").split()
    if left:
        _ask(around, "rm", "--force", *left)
    assert not left


both = pytest.mark.parametrize("in_containers", ["docker", "podman"], indirect=True)
pytestmark = pytest.mark.usefixtures("in_containers")


def made(run_dir: Path, **groups: Any) -> Path:
    """A run folder like a server's: with its own copy of the pictures."""
    make_run(run_dir, **{"dataset": {"path": "data"}, **groups})
    shutil.copytree(DEMO, run_dir / "data")
    return run_dir


def start_and_die(run_dir: Path) -> Child:
    """The child of a process that is gone at once, in whatever hurry."""
    starter = subprocess.run([sys.executable, "-c", START, str(run_dir)], capture_output=True, text=True, check=False)
    assert starter.returncode == 1, starter.stderr
    pid, started = starter.stdout.split()
    return Child(int(pid), float(started))


def child_of(pid: int) -> Child:
    """The child with this pid, which may be over already."""
    try:
        return Child(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return Child(pid, time.time())


def test_killed_adopted_and_resumed_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    groups: dict[str, Any] = {"training": {"steps": 8, "cache": "disk"}, "checkpoints": {"every_steps": 3}}
    outside, run_dir = make_run(tmp_path / "outside", **groups), made(tmp_path / "run", **groups)
    assert train_here(outside) is None
    child = detached.start(run_dir, name="run-1")
    assert detached.start(run_dir, name="run-1") == child, "one container a run"
    assert detached.ours() == [child] and psutil.Process(child.pid).uids().real == container.NOBODY
    wait_for_step(child, run_dir, 4)
    used = detached.cpu_seconds(child)
    assert used is not None and used > 0.5 and detached.memory_bytes(child) > 100e6
    detached.kill(child)
    ended = detached.ended(child, run_dir)
    assert ended is not None and ended.code == -9 and ended.died is not None and ended.died.code == "child_died"
    assert folders(run_dir) and not (run_dir / LORA).exists() and detached.ours() == []

    child = start_and_die(run_dir)
    assert detached.alive(child) and child not in detached.ours()
    wait_for_step(child, run_dir, 5)
    ask(run_dir, "stop")
    assert wait_for_end(child, run_dir) == Exit(130) == detached.ended(child, run_dir)

    assert wait_for_end(start_and_die(run_dir), run_dir) == Exit(0), (run_dir / "log.txt").read_text()
    assert (run_dir / LORA).read_bytes() == (outside / LORA).read_bytes()
    assert {place.lstat().st_uid for place in run_dir.rglob("*")} == {os.geteuid()}, "the server has its folder again"
    assert {said["run"] for said in payloads(run_dir, "RunStarted")} == {"run-1"}


@both
def test_it_sees_its_own_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir, other, base = tmp_path / "runs" / "mine", tmp_path / "runs" / "other", tmp_path / "a, base.gguf"
    base.write_text("secret")
    made_of_it = converted(base) / "config.json"
    files = [run_dir / "data" / "1.txt", run_dir / "run.yaml", other / "run.yaml", home.home() / "db", made_of_it]
    for file in (*files, tmp_path / "shown" / "w"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("secret")
    inside = sandbox.HOME / ".loraloom" / made_of_it.relative_to(home.home())
    monkeypatch.setenv("LORALOOM_SECRET", "hunter2")
    mine = ["/loom/run/run.yaml", "/loom/run/data/1.txt", str(base), str(inside), str(tmp_path / "shown" / "w")]
    others = [
        str(other / "run.yaml"),
        str(run_dir / "run.yaml"),
        str(home.home() / "db"),
        str(made_of_it),
        "/etc/shadow",
    ]
    allowed = ["/loom/run/new", "/tmp/new", "/dev/shm/new"]
    denied = [
        "/loom/run/data/1.txt",
        "/loom/run/data/new",
        str(base),
        str(inside),
        str(tmp_path / "shown" / "new"),
        "/usr/new",
        "/etc/new",
        "/new",
        "/loom/new",
    ]
    denied += ["/proc/sys/kernel/hostname", str(Path(sys.prefix) / "new"), "/sbin/docker-init"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        addresses = [server.getsockname()[:2], (_own_address(), server.getsockname()[1])]
        around = {"READ": mine + others, "WRITE": allowed + denied, "SERVER": os.getpid(), "ADDRESSES": addresses}
        code = "".join(f"{key} = {value!r}\n" for key, value in around.items()) + LOOK
        # of the standard library: it carries out what it is given
        pid = contained.start(
            run_dir,
            "timeit",
            ("-n", "1", "-r", "1", f"exec({code!r}, {{}})"),
            base=base,
            read_only=[tmp_path / "shown"],
            name="run-7",
        )
        assert wait_for_end(child_of(pid), run_dir).code == 0
        assert "1 loop, best of 1" in (run_dir / "log.txt").read_text()
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    seen = json.loads((run_dir / "seen.json").read_text())
    assert [path for path, worked in seen["read"].items() if worked] == mine
    assert [path for path, worked in seen["written"].items() if worked] == allowed
    assert (run_dir / "new").read_text() == "x" and (run_dir / "data" / "1.txt").read_text() == "secret"
    assert seen["user"] == [container.NOBODY, container.NOBODY, [container.NOBODY]]
    assert set(seen["caps"]) == {0} and seen["no_new"] == "1" and seen["mount"] == -1
    assert len(seen["pids"]) == 2 and not seen["kill"] and seen["loom"] == ["run"]
    assert seen["cards"] == ["lo"] and seen["connected"] == [False, False]
    assert "hunter2" not in str(seen["variables"]) and seen["variables"]["LORALOOM_RUN"] == "run-7"


def _own_address() -> str:
    """Of this machine in its network, if it is in one."""
    found = (a.address for cards in psutil.net_if_addrs().values() for a in cards if a.family == socket.AF_INET)
    return next((address for address in found if not address.startswith("127.")), "127.0.0.1")


def test_what_may_reach_the_network_does(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import os, socket; socket.create_connection({server.getsockname()[:2]!r}, 5).send(os.environ['KEY'].encode())"
        pid = contained.start(run_dir, "timeit", ("-n", "1", "-r", "1", code), network={"KEY": "hunter2"})
        child = child_of(pid)
        assert "hunter2" not in str([process.cmdline() for process in psutil.Process(pid).parents()])
        server.settimeout(30)
        assert server.accept()[0].recv(100) == b"hunter2"
    assert wait_for_end(child, run_dir) == Exit(0)


@both
def test_who_wants_more_memory_than_its_container_has_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    monkeypatch.setenv(container.MEMORY, "128m")
    for code, word in (("bytearray(1 << 30)", "out_of_memory"), ("import os; os.kill(os.getpid(), 9)", "child_died")):
        pid = contained.start(run_dir, "timeit", ("-n", "1", "-r", "1", f"import time; time.sleep(1); {code}"))
        ended = wait_for_end(child_of(pid), run_dir)
        assert ended.code == -9 and ended.died is not None and ended.died.code == word


@both
def test_it_is_ended_by_its_folder_and_by_what_is_in_it(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    sleeping = ("-n", "1", "-r", "1", "import time; time.sleep(600)")
    child = child_of(contained.start(run_dir, "timeit", sleeping))
    assert detached.alive(child)
    contained.kill_around(child.pid)  # as a server does that may not end it itself
    assert wait_for_end(child, run_dir).code == -9
    pid = contained.start(run_dir, "timeit", sleeping)
    assert psutil.pid_exists(pid)
    detached.end_strays(run_dir)
    wait_for_gone(pid)
    detached.end_strays(run_dir)


def test_a_servers_run_is_stopped_at_its_memory_limit_and_goes_on_by_the_ladder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.05 GB: enough for six pictures of 128 px, not for twelve."""
    monkeypatch.setenv(container.MEMORY, "1000m")
    served = Served(tmp_path / "home").start()
    try:
        assert served.get("/api/machine")["sandbox"]["kind"] == "container"
        run = served.start_run(dataset={"resolution": 128}, training={"batch_size": 12, "steps": 2})
        done = served.wait_for(run, "finished", "failed", seconds=400)
        said = [event["payload"] for event in served.events(run)]
        assert (done["state"], done["error"]) == ("finished", None), served.tell(run)
    finally:
        served.stop()
    lowered = [payload for payload in said if payload["type"] == "SettingsLowered"]
    assert [lowered[0][key] for key in ("key", "old", "new")] == ["training.micro_batch", 12, 6]
    assert 1 <= len(lowered) <= ladder.MOST and done["attempts"] == 1 + len(lowered)
    assert {payload["step"] for payload in said if payload["type"] == "StepLogged"} == {1, 2}
    assert not any(payload["type"] in ("RunLost", "RunFailed") for payload in said)
    assert "no warm child" in (tmp_path / "home" / "serve.log").read_text()


def test_a_failure_of_its_own_and_a_module_that_is_not_there(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", dataset={"path": "nothing"})
    assert wait_for_end(detached.start(run_dir), run_dir) == Exit(1)
    assert payloads(run_dir)[-1]["code"] == "dataset_not_found"
    ended = wait_for_end(detached.start(run_dir, module="loraloom.nowhere"), run_dir)
    assert ended == Exit(1) and "No module named loraloom.nowhere" in (run_dir / "log.txt").read_text()


def test_where_no_container_can_be_made_nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = made(tmp_path / "run")
    assert sandbox.kind() == "container" and f"(docker, {IMAGE}" in sandbox.message()
    with pytest.raises(LoomError, match="made for one run"):
        Warm.prepare(tmp_path)
    for key, value, words in (
        (container.MOUNTS, "image", "exec python failed"),
        (container.MEMORY, "much", "LORALOOM_MEMORY is 'much'"),
        (container.IMAGE, "loraloom-test:other", "loraloom-test:other is not on this machine"),
        ("DOCKER_HOST", "unix:///nowhere", "docker does not answer"),
    ):
        with monkeypatch.context() as changed:
            changed.setenv(key, value)
            engine.forget()
            with pytest.raises(LoomError) as error:
                detached.start(run_dir)
            assert words in f"{error.value.message} {error.value.hint}"
            if key in (container.IMAGE, "DOCKER_HOST"):
                assert "no training can start" in sandbox.message() and words in sandbox.message()
    assert not payloads(run_dir)
