"""What an engine is asked for, and which engine: read from the arguments, without one."""

from __future__ import annotations

import csv
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loraloom import __version__
from loraloom.jobs import sandbox
from loraloom.jobs.runners import contained, owned
from loraloom.jobs.sandbox import bubblewrap, container, engine
from loraloom.jobs.sandbox.engine import Engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="containers are for servers on Linux")
DOCKER, PODMAN = Engine("/usr/bin/docker", False), Engine("/usr/bin/podman", True)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for key in (container.IMAGE, container.MOUNTS, container.MEMORY, engine.ENGINE, "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(key, raising=False)
    engine.forget()
    container.ready.cache_clear()
    yield
    engine.forget()
    container.ready.cache_clear()


def options(arguments: list[str], name: str) -> list[str]:
    """The values of an option that may stand there several times."""
    return [value for option, value in itertools.pairwise(arguments) if option == name]


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "mine"
    (folder / "data").mkdir(parents=True)
    return folder


def test_a_container_sees_what_a_run_needs_and_has_no_powers(run_dir: Path, tmp_path: Path) -> None:
    base = tmp_path / 'a, "base"'
    base.mkdir()
    told = container.arguments(DOCKER, run_dir, 3 << 30, base=base, read_only=[tmp_path / "x"], name="run-7")
    assert told[0] == "run" and told[-3:] == ["--entrypoint", "python", f"loraloom:{__version__}"]
    assert {"--detach", "--init", "--read-only", "--no-healthcheck"} <= set(told) and "--rm" not in told
    wanted = {
        "--network": "none", "--cap-drop": "ALL", "--security-opt": "no-new-privileges", "--pull": "never",
        "--memory": str(3 << 30), "--memory-swap": str(3 << 30), "--pids-limit": "4096", "--workdir": "/loom/run",
        "--label": "loraloom.run=run-7", "--name": container.name_of(run_dir),
    }  # fmt: skip
    assert {name: options(told, name) for name in wanted} == {name: [value] for name, value in wanted.items()}
    mounts = [next(csv.reader([mount])) for mount in options(told, "--mount")]
    assert mounts == [
        *(["type=bind", f"src={place}", f"dst={place}", "readonly"] for place in (tmp_path / "x", base)),
        ["type=bind", f"src={run_dir}", "dst=/loom/run"],
        ["type=bind", f"src={run_dir / 'data'}", "dst=/loom/run/data", "readonly"],
    ]
    variables = dict(value.partition("=")[::2] for value in options(told, "--env"))
    assert variables["HOME"] == "/tmp" and variables["LORALOOM_HOME"] == "/tmp/.loraloom"
    assert not {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH"} & set(variables), "the image has its own"


def test_the_server_is_never_root_in_there(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for server, child in ((0, "65532:65532"), (1000, "1000:100")):
        monkeypatch.setattr(os, "geteuid", lambda server=server: server)
        monkeypatch.setattr(os, "getegid", lambda: 100)
        assert options(container.arguments(DOCKER, run_dir, 1), "--user") == [child]
        keep = options(container.arguments(PODMAN, run_dir, 1), "--userns")
        assert keep == ([] if server == 0 else ["keep-id"])


def test_the_leased_card_alone(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-a")
    docker, podman = (container.arguments(found, run_dir, 1, device="cuda:1") for found in (DOCKER, PODMAN))
    assert options(docker, "--gpus") == ["device=GPU-a"] and options(podman, "--device") == ["nvidia.com/gpu=GPU-a"]
    for told in (docker, podman):
        assert "CUDA_VISIBLE_DEVICES=0" in options(told, "--env"), "it is the only one in there"
    told = container.arguments(DOCKER, run_dir, 1)
    assert "--gpus" not in told and {"CUDA_VISIBLE_DEVICES=", "NVIDIA_VISIBLE_DEVICES=void"} <= set(
        options(told, "--env")
    )


def test_the_leased_cards_together(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    docker, podman = (container.arguments(found, run_dir, 1, device="cuda:1+3") for found in (DOCKER, PODMAN))
    assert options(docker, "--gpus") == ['"device=1,3"'], "Docker reads it as a line of CSV"
    assert options(podman, "--device") == ["nvidia.com/gpu=1", "nvidia.com/gpu=3"]
    assert {"CUDA_VISIBLE_DEVICES=0,1", "NVIDIA_VISIBLE_DEVICES=1,3"} <= set(options(docker, "--env"))


def test_secrets_stand_on_no_command_line(run_dir: Path) -> None:
    told = container.arguments(DOCKER, run_dir, 1, network=["LORALOOM_VLM_KEY"])
    assert options(told, "--network") == ["host"] and "LORALOOM_VLM_KEY" in options(told, "--env")


def test_pythons_of_this_machine_are_shown_on_demand(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(container.MOUNTS, "host")
    told = container.arguments(DOCKER, run_dir, 1)
    assert options(told, "--entrypoint") == [sys.executable]
    shown = [field for mount in options(told, "--mount") for field in mount.split(",") if field.startswith("dst=")]
    assert {"dst=/usr", f"dst={sys.prefix}"} <= set(shown) or sys.prefix.startswith("/usr")
    assert any(value.startswith("PYTHONPATH=") for value in options(told, "--env"))


@pytest.mark.parametrize(
    ("wanted", "size"), [("24g", 24 << 30), ("512M", 512 << 20), ("1.5 GiB", 3 << 29), ("1000", 1000), ("2kb", 2048)]
)
def test_sizes(monkeypatch: pytest.MonkeyPatch, wanted: str, size: int) -> None:
    monkeypatch.setenv(container.MEMORY, wanted)
    assert container.memory_limit() == size


def test_without_a_size_the_machine_keeps_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    assert container.memory_limit() == psutil.virtual_memory().total * 9 // 10
    for wrong in ("much", "-1g", "1gg", "g"):
        monkeypatch.setenv(container.MEMORY, wrong)
        with pytest.raises(ValueError, match="LORALOOM_MEMORY"):
            container.memory_limit()


def test_a_run_is_found_again_by_its_folder(tmp_path: Path) -> None:
    names = {container.name_of(place / "runs" / "ä run!") for place in (tmp_path / "one", tmp_path / "two")}
    assert len(names) == 2 and all(name.isascii() and name.startswith("loom---run-") for name in names)


def told_by(folder: Path, name: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that answers every question with `says`: such a Docker cannot be had in a test."""
    program = folder / name
    program.write_text(f"#!{sys.executable}\nprint({says!r})\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    engine.forget()


@pytest.mark.skipif(sys.platform != "linux", reason="containers are for servers on Linux")
def test_which_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "working", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.found() == "Neither Docker nor Podman answers." and sandbox.kind() == "limits"
    told_by(tmp_path, "podman", '{"host": {}}', monkeypatch)
    container.ready.cache_clear()
    assert engine.found() == Engine(str(tmp_path / "podman"), True) and sandbox.kind() == "container"
    told_by(tmp_path, "docker", '{"SecurityOptions": ["name=seccomp", "name=rootless"]}', monkeypatch)
    assert "somebody else" in str(engine.found())
    told_by(tmp_path, "docker", '{"SecurityOptions": ["name=seccomp"]}', monkeypatch)
    assert engine.found() == Engine(str(tmp_path / "docker"), False)
    told_by(tmp_path, "docker", '{"ServerErrors": ["Cannot connect"]}', monkeypatch)
    assert engine.found() == Engine(str(tmp_path / "podman"), True)
    monkeypatch.setenv(engine.ENGINE, str(tmp_path / "docker"))
    engine.forget()
    assert "does not answer" in str(engine.found())


def test_no_engine_is_a_reason_to_start_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("LORALOOM_SANDBOX", "container")
    assert sandbox.kind() == "container" and "no training can start" in sandbox.message()
    assert "HOME" not in sandbox.environment("cpu") or sandbox.environment("cpu")["HOME"] == os.environ["HOME"]
    assert contained.closed(Path("/nowhere")) is None
    for works, kind in ((None, "limits"), (("bwrap",), "bubblewrap")):
        monkeypatch.setattr(bubblewrap, "working", lambda works=works: works)
        assert sandbox.spoken() == kind, "a chat is no run"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_folder_is_handed_over_and_blobs_are_not(run_dir: Path, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_text("a picture")
    os.link(blob, run_dir / "data" / "1.png")
    (run_dir / "data" / "1.txt").write_text("a caption")
    (run_dir / "link").symlink_to(blob)
    owned.hand_over(run_dir)
    assert blob.stat().st_uid == 0
    given = ("", "data", "asks", "log.txt", "data/1.txt", "link")
    assert {(run_dir / name).lstat().st_uid for name in given} == {container.NOBODY}
    owned.take_back(run_dir)
    assert {(run_dir / name).lstat().st_uid for name in given} == {0}
