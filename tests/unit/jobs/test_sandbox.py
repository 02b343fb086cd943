"""From inside the sandbox everything is tried that a child must not be able to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loraloom.data import home
from loraloom.jobs import sandbox
from loraloom.jobs.runners import GENTLE
from loraloom.jobs.sandbox import bubblewrap, container, engine, shown
from loraloom.jobs.scrub import scrub
from loraloom.models.text_base import converted
from tests.children import need_bubblewrap

SOURCE = Path(__file__).parents[3] / "src"
TRY = """
import json, sys
def attempt(work, *arguments):
    try:
        return [True, repr(work(*arguments))]
    except BaseException as error:
        return [False, type(error).__name__]
def read(path): return open(path, "rb").read(100)
def write(path): return open(path, "w").write("x")
"""


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "mine"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "1.txt").write_text("a caption")
    return folder


def inside(run_dir: Path, code: str, **options: Any) -> Any:
    """What `code` leaves in `result`, run by Python in the sandbox of `run_dir`."""
    need_bubblewrap()
    done = subprocess.run(
        [*sandbox.command(run_dir, **options), sys.executable, "-P", "-c", f"{TRY}\n{code}\nprint(json.dumps(result))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tries(run_dir: Path, verb: str, paths: list[Path | str], **options: Any) -> dict[str, bool]:
    """Path -> whether `verb` (read, write) worked on it."""
    code = f"result = {{path: attempt({verb}, path)[0] for path in {[str(p) for p in paths]!r}}}"
    return inside(run_dir, code, **options)


def test_it_reads_its_own_and_nothing_else(run_dir: Path, tmp_path: Path) -> None:
    other = run_dir.parent / "other" / "run.yaml"
    database, base, model = home.home() / "loraloom.db", tmp_path / "base.safetensors", tmp_path / "other.safetensors"
    for file in (other, database, base, model, run_dir / "run.yaml"):
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("secret")
    mine = ["/loom/run/run.yaml", "/loom/run/data/1.txt", str(base)]
    others = [
        "/etc/shadow",
        "/etc/passwd",
        "/proc/1/environ",
        str(other),
        str(database),
        str(model),
        str(run_dir / "run.yaml"),
    ]
    read = tries(run_dir, "read", [*mine, *others[:2], *others[3:]], base=base)
    assert [path for path, worked in read.items() if worked] == mine
    roots = [str(Path.home()), str(home.home()), str(run_dir.parent), "/home", "/var", "/mnt", "/root/.ssh"]
    seen = inside(
        run_dir, f"import os\nresult = {{p: attempt(lambda p: sorted(os.listdir(p)), p)[1] for p in {roots!r}}}"
    )
    assert (
        seen[str(home.home())]
        == seen[str(run_dir.parent)]
        == seen["/home"]
        == seen["/root/.ssh"]
        == "FileNotFoundError"
    )
    hidden = {entry.name for entry in Path.home().iterdir()} - {
        path.parts[len(Path.home().parts)] for path in shown_in_home()
    }
    assert not [name for name in hidden if repr(name) in seen[str(Path.home())]]


def shown_in_home() -> list[Path]:
    """What lies in the person's home and must be seen all the same: Python, this package."""
    places = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve(), SOURCE]
    return [place for place in places if place.is_relative_to(Path.home())]


def test_it_writes_into_its_folder_alone(run_dir: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    places = [
        *("/loom/run/data/1.txt", "/loom/run/data/new", base / "new", "/usr/new", "/etc/new", "/new", "/loom/new"),
        *(
            SOURCE / "loraloom" / "new",
            Path(sys.prefix) / "new",
            "/sys/new",
            "/proc/self/comm",
            "/proc/sys/kernel/hostname",
        ),
        *("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches"),
    ]
    private = ["/loom/run/new", "/tmp/new", "/dev/new", "/dev/shm/new", str(tmp_path / "new")]
    wrote = tries(run_dir, "write", ["/dev/null", *private, *places], base=base)
    assert [path for path, worked in wrote.items() if worked] == ["/dev/null", *private]
    assert (run_dir / "new").read_text() == "x" and not any(Path(path).exists() for path in private)
    assert (run_dir / "data" / "1.txt").read_text() == "a caption"
    moves = "attempt(os.rename, 'data', 'was'), attempt(os.link, 'data/1.txt', 'mine')"
    assert [worked for worked, _ in inside(run_dir, f"import os\nresult = [{moves}]")] == [False, False]


def test_no_network_not_even_this_machine(run_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ("127.0.0.1", server.getsockname()[1])
        socket.create_connection(address, 2).close()
        code = f"import socket\nresult = attempt(socket.create_connection, {address!r}, 2)"
        assert not inside(run_dir, code)[0]
        server.setblocking(False)
        server.accept()[0].close()
        with pytest.raises(BlockingIOError):
            server.accept()


def test_no_other_processes_no_powers(run_dir: Path) -> None:
    code = f"""
import ctypes, os, signal
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
result = {{
    "pids": [int(name) for name in os.listdir("/proc") if name.isdigit()],
    "kill": attempt(os.kill, {os.getpid()}, 0),
    "caps": [status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")],
    "no_new": status["NoNewPrivs"].strip(),
    "mount": ctypes.CDLL(None).mount(b"none", b"/loom/run", b"tmpfs", 0, None),
    "devices": sorted(os.listdir("/dev")),
}}"""
    seen = inside(run_dir, code)
    assert seen["pids"] == [1, 2] and not seen["kill"][0]
    assert {int(caps, 16) for caps in seen["caps"]} == {0} and seen["no_new"] == "1" and seen["mount"] == -1
    assert not {"mem", "kmsg", "kvm", "sda", "vda", "fuse"} & set(seen["devices"])


def test_the_environment_holds_no_secrets(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("LORALOOM_SECRET", "hunter2")
    seen = inside(run_dir, "import os\nresult = dict(os.environ)", name="run-7")
    known = {*shown.KEPT, "PYTHONUTF8", "PYTHONUNBUFFERED", "PYTHONPATH", "HOME", "USER", "PWD", "LC_CTYPE"}
    known |= {*GENTLE, "LORALOOM_RUN", "LORALOOM_LIMITS", "CUDA_VISIBLE_DEVICES", "HF_HUB_OFFLINE"}
    assert set(seen) <= known and "hunter2" not in str(seen)
    assert seen["LORALOOM_RUN"] == "run-7"
    monkeypatch.setenv("LORALOOM_SANDBOX", "off")
    assert "hunter2" not in str(sandbox.environment("cpu"))


def test_a_data_home_among_what_is_shown_is_hidden(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "opt"
    (place / "home" / "runs").mkdir(parents=True)
    (place / "program").write_text("x")
    (place / "home" / "loraloom.db").write_text("x")
    monkeypatch.setattr(shown, "SYSTEM", (*shown.SYSTEM, str(place)))
    monkeypatch.setenv("LORALOOM_HOME", str(place / "home"))
    read = tries(run_dir, "read", [place / "program", place / "home" / "loraloom.db"])
    assert list(read.values()) == [True, False]


def test_links_of_a_base_lead_to_its_weights_and_no_further(run_dir: Path, tmp_path: Path) -> None:
    hub = tmp_path / "hub" / "models--a--b"
    snapshot, blob = hub / "snapshots" / "1234", hub / "blobs" / "abc"
    linked, weights, beside = tmp_path / "linked", tmp_path / "disk" / "w.safetensors", tmp_path / "disk" / "other"
    for file in (snapshot / "x", blob, hub / "refs" / "main", linked / "x", weights, beside):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("w")
    (snapshot / "unet.safetensors").symlink_to("../../blobs/abc")
    (linked / "w.safetensors").symlink_to(weights)
    assert all(tries(run_dir, "read", [snapshot / "unet.safetensors", hub / "refs" / "main"], base=snapshot).values())
    read = tries(run_dir, "read", [linked / "w.safetensors", weights, beside], base=linked)
    assert list(read.values()) == [True, True, False]
    assert inside(run_dir, "import os\nresult = os.environ['HF_HUB_CACHE']", base=snapshot) == str(tmp_path / "hub")


def test_what_a_base_was_converted_to_is_where_the_child_looks(run_dir: Path, tmp_path: Path) -> None:
    base = tmp_path / "models" / "small.gguf"
    base.parent.mkdir()
    base.write_bytes(b"GGUF")
    own, other = converted(base), home.cache() / "bases" / "other-1"
    for folder in (own, other):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
    code = f"""
from pathlib import Path
from loraloom.models.text_base import converted
folder = converted(Path({str(base)!r}))
result = [[path.name for path in folder.parent.iterdir()], attempt(read, folder / "config.json"),
    attempt(write, folder / "config.json")[0], attempt(read, {str(own / "config.json")!r})[0]]
"""
    assert inside(run_dir, code, base=base) == [[own.name], [True, "b'{}'"], False, False]
    (own / "config.json").unlink()
    own.rmdir()
    assert tries(run_dir, "read", [base], base=base) == {str(base): True}


def test_what_an_earlier_child_left_leads_nowhere(run_dir: Path) -> None:
    need_bubblewrap()
    (run_dir / "checkpoints").mkdir()
    for name, target in (("log.txt", "/etc/passwd"), ("checkpoints/step-000001", "/"), ("lora", "/etc")):
        (run_dir / name).symlink_to(target)
    os.mkfifo(run_dir / "events.jsonl")
    (run_dir / "program").touch(0o755)
    (run_dir / "program").chmod(0o4755)
    assert sorted(scrub(run_dir)) == ["checkpoints/step-000001", "events.jsonl", "log.txt", "lora", "program"]
    assert sorted(entry.name for entry in run_dir.iterdir()) == ["checkpoints", "data"] and Path("/etc/passwd").exists()
    shutil.rmtree(run_dir / "data")
    (run_dir / "data").symlink_to("/")
    assert "/loom/run/data" not in sandbox.command(run_dir)


def test_an_ordinary_user_has_the_same_sandbox(tmp_path: Path) -> None:
    need_bubblewrap()
    python = "/usr/bin/python3"
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not Path(python).exists():
        pytest.skip("only root can try as another user, with the system's own Python")
    folder = Path("/var/tmp") / f"loraloom-test-{os.getpid()}"  # pytest's own folders are closed to others
    code = (
        "import pathlib, subprocess, sys; from loraloom.jobs import sandbox; print(sandbox.kind())\n"
        f"command = sandbox.command(pathlib.Path({str(folder)!r}))\n"
        'sys.exit(subprocess.run([*command, sys.executable, \'-c\', \'open("new", "w"); open("/etc/passwd")\']).returncode)'
    )
    folder.mkdir()
    try:
        os.chown(folder, 65534, 65534)
        shutil.copytree(SOURCE / "loraloom" / "jobs", folder / "src" / "loraloom" / "jobs")
        for package in ("data", "child"):
            shutil.copytree(SOURCE / "loraloom" / package, folder / "src" / "loraloom" / package)
        shutil.copy(SOURCE / "loraloom" / "__init__.py", folder / "src" / "loraloom")
        # the system's own Python has no pydantic
        (folder / "src" / "loraloom" / "jobs" / "runners" / "__init__.py").write_text(
            f"GENTLE, ARENAS = {GENTLE!r}, {{}}"
        )
        done = subprocess.run(
            [python, "-c", code],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "src"), "LORALOOM_HOME": "/nowhere"},
            user=65534, group=65534, extra_groups=[], cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.strip() == "bubblewrap", done.stderr
        assert done.returncode == 1 and "FileNotFoundError" in done.stderr and "/etc/passwd" in done.stderr
        assert (folder / "new").exists()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    for cached in (bubblewrap.working, container.ready):
        cached.cache_clear()
    engine.forget()
    yield
    for cached in (bubblewrap.working, container.ready):
        cached.cache_clear()
    engine.forget()


@pytest.mark.usefixtures("without_bubblewrap")
def test_without_bubblewrap_there_are_limits_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("no limits on Windows")
    assert sandbox.kind() == "limits" and "bubblewrap" in sandbox.message()
    code = (
        "from loraloom.child import limits; import resource as r; limits.apply()\n"
        "print(r.getrlimit(r.RLIMIT_CORE)[1], r.getrlimit(r.RLIMIT_NOFILE)[1] <= 4096, r.getrlimit(r.RLIMIT_FSIZE)[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=sandbox.environment("cpu"), capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["0", "True", str(64 << 30)], done.stderr
    monkeypatch.setenv("LORALOOM_SANDBOX", "off")
    assert sandbox.kind() == "off" and sandbox.message() and "LORALOOM_LIMITS" not in sandbox.environment("cpu")


@pytest.mark.parametrize(
    ("device", "around", "seen"),
    [
        ("cpu", "0,1", ""),
        ("cuda:1", None, "1"),
        ("cuda:1", "2,5", "5"),
        ("cuda", "3", "3"),
        ("cuda:0", "GPU-a", "GPU-a"),
        ("cuda:0+2", None, "0,2"),
        ("cuda:1+2", "4,5,6", "5,6"),
    ],
)
def test_only_the_card_that_was_leased(
    monkeypatch: pytest.MonkeyPatch, device: str, around: str | None, seen: str
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if around is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", around)
    assert sandbox.environment(device)["CUDA_VISIBLE_DEVICES"] == seen
