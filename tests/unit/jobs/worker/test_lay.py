"""What was given is laid out: copies of what a child writes, links to the rest, a config with the names that hold here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraloom.jobs.worker.cache import Cache
from loraloom.jobs.worker.lay import lay
from loraloom.spec.work import FileRef, Work, WorkPlace

CONTENT = {
    "run.yaml": yaml.safe_dump(
        {"base_model": "/srv/models/big.safetensors", "training": {"device": "cuda", "steps": 4}}
    ),
    "events.jsonl": '{"seq":1}\n',
    "data/1.png": "picture",
    "checkpoints/step-000004/state.json": "{}",
    "big.safetensors": "weights",
}


def ref(path: str) -> FileRef:
    content = CONTENT[path].encode()
    return FileRef(path=path, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def fetch(asked: FileRef, target: Path) -> None:
    target.write_text(CONTENT[asked.path])


def work(**changes: Any) -> Work:
    given: dict[str, Any] = {
        "run_id": "r", "fence": 1, "token": "t", "kind": "train", "device": "cpu", "last_seq": 1, "stubs": ["step-000002"],
        "files": [ref(path) for path in CONTENT if path != "big.safetensors"],
        "places": [WorkPlace(path="/srv/models/big.safetensors", files=[ref("big.safetensors")], single=True)],
    }  # fmt: skip
    return Work(**(given | changes))


def test_a_run_folder(tmp_path: Path) -> None:
    run_dir, cache = tmp_path / "run", Cache(tmp_path / "cache", 10**6)
    for _ in range(2):  # begun again after a fault
        lay(work(), run_dir, cache, tmp_path / "places", fetch)
    assert (run_dir / "data/1.png").stat().st_nlink == 2
    with (run_dir / "events.jsonl").open("a") as stream:
        stream.write("more\n")
    assert cache.get(ref("events.jsonl"), fetch).read_text() == CONTENT["events.jsonl"]
    assert (run_dir / "checkpoints/step-000002").is_dir() and (run_dir / "checkpoints/step-000004/state.json").is_file()
    config = yaml.safe_load((run_dir / "run.yaml").read_text())
    assert Path(config["base_model"]).name == "big.safetensors" and Path(config["base_model"]).read_text() == "weights"
    assert config["training"] == {"device": "auto", "steps": 4}


def test_the_device_that_was_given(tmp_path: Path) -> None:
    lay(work(device="cuda:1"), tmp_path / "run", Cache(tmp_path / "cache", 10**6), tmp_path / "places", fetch)
    assert yaml.safe_load((tmp_path / "run/run.yaml").read_text())["training"]["device"] == "cuda"


def test_a_model_of_the_hub_comes_into_the_hub_s_own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    place = WorkPlace(
        path="owner/name", files=[ref("big.safetensors")], single=False, hub_id="owner/name", revision="abc"
    )
    lay(work(places=[place]), tmp_path / "run", Cache(tmp_path / "cache", 10**6), tmp_path / "places", fetch)
    snapshot = tmp_path / "hub/models--owner--name/snapshots/abc"
    assert (snapshot / "big.safetensors").read_text() == "weights"
    assert (tmp_path / "hub/models--owner--name/refs/main").read_text() == "abc"
