"""A drawing process gets what it needs and no more; what it says is handed on; why it died has words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loraloom.jobs import draw_process as module
from loraloom.jobs.draw_process import DrawProcess
from loraloom.spec.drawing import Drawing, DrawStart, LoraUse
from loraloom.spec.errors import LoomError
from tests.children import need_bubblewrap

CHILD = """
import json, sys, pathlib
start = json.loads(sys.stdin.readline())
print("a library talks", flush=True)
print(json.dumps({"event": "ready"}), flush=True)
for text in sys.stdin:
    ask = json.loads(text)
    if ask == "newer":
        print(json.dumps({"event": "newer"}), flush=True)
        continue
    drawing = ask["drawing"]
    if drawing["prompt"] == "no":
        print(json.dumps({"event": "error", "code": "lora_mismatch", "message": "No.", "hint": "Do."}), flush=True)
    elif drawing["prompt"] == "odd":
        print(json.dumps({"event": "error", "code": "made up", "message": "No."}), flush=True)
    elif drawing["prompt"] == "die":
        sys.exit(3)
    else:
        print(json.dumps({"event": "drawing", "done": 1, "total": 2}), flush=True)
        if drawing["prompt"] != "wait":
            read = [pathlib.Path(use["path"]) for use in drawing["loras"]]
            seen = [str(len(list(p.rglob("*"))) if p.is_dir() else p.read_text()) for p in read]
            if drawing["picture"]:
                seen.append(pathlib.Path(drawing["picture"]).read_text())
            pathlib.Path(ask["out"]).write_text("|".join(seen))
            paths = [use["path"] for use in drawing["loras"]]
            print(json.dumps({"event": "done", "id": ask["id"], "warnings": paths}), flush=True)
"""


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrawProcess:
    file = tmp_path / "child.py"
    file.write_text(CHILD, "utf-8")
    monkeypatch.setattr(module, "COMMAND", (sys.executable, str(file)))
    made = DrawProcess(DrawStart(device="cpu"), room=tmp_path / "room", gentle=True)
    assert [line.event for line in made.ready()] == ["ready"]
    return made


def uses(*paths: Path) -> tuple[LoraUse, ...]:
    return tuple(LoraUse(path=str(path)) for path in paths)


def test_asked_and_told_that_something_newer_is_wanted(process: DrawProcess, tmp_path: Path) -> None:
    lines = process.ask(Drawing(prompt="wait"))
    assert next(lines).event == "drawing"
    process.newer()
    assert [line.event for line in lines] == ["newer"]
    with pytest.raises(LoomError, match="wrote no picture"):
        process.picture()
    assert [line.event for line in process.ask(Drawing())] == ["drawing", "done"]
    assert process.picture() == b""
    assert process.alive and len(list((tmp_path / "room").iterdir())) == 1
    process.end()
    assert not process.alive and not list((tmp_path / "room").iterdir())
    process.newer()  # does nothing any more


def test_what_it_draws_with_is_linked_under_a_name_for_that_content(process: DrawProcess, tmp_path: Path) -> None:
    lora = tmp_path / "a b.safetensors"
    lora.write_text("one")
    picture = tmp_path / "picture"
    picture.write_text("pixels")
    asked = Drawing(loras=uses(lora), picture=str(picture))
    first = list(process.ask(asked))[-1]
    assert process.picture() == b"one|pixels"
    there = Path(first.warnings[0])
    assert there != lora and there.name == lora.name and there.samefile(lora), "a link, not a copy"
    assert list(process.ask(asked))[-1].warnings == first.warnings
    lora.unlink()
    lora.write_text("another")
    assert list(process.ask(asked))[-1].warnings != first.warnings
    assert process.picture() == b"another|pixels"
    lora.unlink()
    with pytest.raises(LoomError) as caught:
        list(process.ask(asked))
    assert caught.value.code == "file_not_found" and "a b.safetensors" in caught.value.message
    process.end()


def test_a_checkpoint_lies_as_in_its_run_and_links_of_a_child_are_not_followed(
    process: DrawProcess, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "run" / "checkpoints" / "step-000020"
    checkpoint.mkdir(parents=True)
    for name in module.CHECKPOINT:
        (checkpoint / name).write_text(name)
    (tmp_path / "run" / "run.yaml").write_text("name: x")
    (checkpoint / "else").write_text("not shown")
    path = Path(list(process.ask(Drawing(loras=uses(checkpoint))))[-1].warnings[0])
    assert process.picture() == b"3"
    assert path.name == "step-000020" and (path.parents[1] / "run.yaml").read_text() == "name: x"
    (tmp_path / "secret").write_text("secret")
    link = tmp_path / "link.safetensors"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(LoomError) as caught:
        list(process.ask(Drawing(loras=uses(link))))
    assert caught.value.code == "file_not_found"
    process.end()


def test_old_files_go(process: DrawProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    paths: list[Path] = []
    for number in range(4):
        lora = tmp_path / f"{number}.safetensors"
        lora.write_text(str(number))
        paths.append(Path(list(process.ask(Drawing(loras=uses(lora))))[-1].warnings[0]))
    assert [path.exists() for path in paths] == [False, False, True, True]
    process.end()


def test_its_own_words_and_its_death(process: DrawProcess) -> None:
    for prompt, code in (("no", "lora_mismatch"), ("odd", "internal"), ("die", "child_died")):
        with pytest.raises(LoomError) as caught:
            list(process.ask(Drawing(prompt=prompt)))
        assert caught.value.code == code
    assert "drawing process" in caught.value.message and not process.alive
    process.end()


LOOKS = """
import json, os, pathlib, socket, sys
sys.stdin.readline()
print(json.dumps({"event": "ready"}), flush=True)
ask = json.loads(sys.stdin.readline())
lora = pathlib.Path(ask["drawing"]["loras"][0]["path"])
found = [lora.read_text(), pathlib.Path(ask["drawing"]["base_model"]).read_text(), str(os.nice(0))]
for what in (lambda: lora.write_text("changed"), lambda: (lora.parent / "new").touch(), lambda: os.listdir(sys.argv[1]),
             lambda: socket.create_connection(("127.0.0.1", 9), 1)):
    try:
        what()
        found.append("could")
    except OSError as error:
        found.append(type(error).__name__)
pathlib.Path(ask["out"]).write_text(" ".join(found))
print(json.dumps({"event": "done", "id": ask["id"]}), flush=True)
"""


def test_it_is_shut_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_bubblewrap()
    base, lora, home = tmp_path / "base", tmp_path / "lora", tmp_path / "home"
    base.write_text("base")
    lora.write_text("lora")
    home.mkdir()
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", LOOKS, str(home)))
    process = DrawProcess(DrawStart(device="cpu"), [base], "cpu", home / "drawing", gentle=True)
    list(process.ready())
    assert process.sees(str(base)) and process.sees("thimble") and not process.sees(str(lora))
    list(process.ask(Drawing(base_model=str(base), loras=uses(lora))))
    read, seen, nice, *tried = process.picture().decode().split()
    assert (read, seen, int(nice) >= 10) == ("lora", "base", True)
    assert tried == ["OSError", "OSError", "FileNotFoundError", "ConnectionRefusedError"], (
        "read-only, no home, no network"
    )
    assert lora.read_text() == "lora"
    process.end()
