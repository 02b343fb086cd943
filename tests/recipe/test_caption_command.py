"""`loraloom caption` as people type it: captions beside pictures, a CSV that trains, stopped and gone on with."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from PIL import Image

from loraloom.data.importer import scan
from loraloom.spec.captioning import KEY_VARIABLE
from loraloom.spec.dataset import Dataset
from tests.runs import DEMO, payloads
from tests.unit.caption import tiny
from tests.unit.caption.endpoint import endpoint

LABELS = "cat,dog，bird、fish"


def loraloom(*arguments: Any, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "loraloom", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "OMP_NUM_THREADS": "1", **more},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def last_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return tiny.clip(tmp_path_factory.mktemp("model") / "my clip")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six pictures in a folder with a space and an umlaut; one caption, one Chinese name with comma and quote."""
    folder = tmp_path / "meine Bilder ü"
    (folder / "inner").mkdir(parents=True)
    names = ["a.png", "b.jpg", "inner/a.png", '猫，"好".webp', "c.png", "c.jpg"]
    for number, name in enumerate(names):
        Image.new("RGB", (40 + number, 40), (40 * number, 90, 200)).save(
            folder / name.replace('"', "" if os.name == "nt" else '"')
        )
    (folder / "a.txt").write_text("mine, sks", encoding="utf-8")
    return folder


def captions(folder: Path, metadata: Path | None = None) -> dict[str, str]:
    """What a training would see."""
    report = scan(Dataset(path=str(folder), metadata_path=str(metadata) if metadata else None))
    return {image.name: "|".join(image.captions) for image in report.images}


def test_a_csv_trains_unchanged(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "metadata.csv"
    done = loraloom("caption", DEMO, "--engine", "clip", "--model", model, "--labels", LABELS, "--out", out)
    assert "24 pictures captioned" in done.stdout and "24 rows" in done.stdout
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["filename", "prompt"] and len(rows) == 25
    assert {prompt for _, prompt in rows[1:]} <= {"cat", "dog", "bird", "fish"}
    config = tmp_path / "config.yaml"
    data = {"path": str(DEMO), "metadata_path": str(out), "resolution": 64}
    training = {"steps": 3, "batch_size": 4, "device": "cpu", "threads": 1}
    config.write_text(yaml.safe_dump({"base_model": "thimble", "dataset": data, "training": training}))
    got = last_object(loraloom("train", config, "--out", tmp_path / "out", "--json"))
    assert got["steps"] == 3 and Path(got["lora"]).is_file()
    assert payloads(Path(got["run_dir"]), "RunStarted")[0]["images"] == 24
    assert captions(DEMO, out) == dict(rows[1:])


def test_files_beside_pictures(pictures: Path) -> None:
    with endpoint() as seen:
        common = ("caption", pictures, "--engine", "vlm", "--url", seen.url, "--trigger", "sks")
        done = loraloom(*common, "--template", "a photo: {caption}, {trigger}")
        assert "c.png shares its caption file with c.jpg" in done.stderr
        assert "4 caption files written" in done.stdout and "2 left" in done.stdout
        found = captions(pictures)
        assert found["a.png"] == "mine, sks"
        others = [text for name, text in found.items() if name != "a.png"]
        assert all(text.startswith("a photo: a 4") and text.endswith(", sks") for text in others)
        assert "nothing is to be done" in loraloom(*common).stderr
        got = last_object(loraloom(*common, "--existing", "append", "--json"))
        assert (got["pictures"], got["captioned"], got["failed"]) == (6, 6, 0)
        assert captions(pictures)["a.png"] == "mine, sks, a 40 x 40 picture, red 0"
        assert last_object(loraloom(*common, "--existing", "append", "--json"))["written"] == 0
        loraloom(*common, "--existing", "replace")
        assert captions(pictures)["a.png"] == "sks, a 40 x 40 picture, red 0"
    assert not list(pictures.rglob(".*")) and not list((Path(os.environ["LORALOOM_HOME"]) / "cache").glob("captions-*"))


def test_a_csv_of_a_nasty_set(pictures: Path) -> None:
    out = pictures / "metadata.csv"
    with endpoint() as seen:
        common = ("caption", pictures, "--engine", "vlm", "--url", seen.url, "--out", out)
        loraloom(*common, "--existing", "append")
        first = captions(pictures)
        assert len(first) == 6 and all(first.values()) and first["a.png"] == "mine, sks, a 40 x 40 picture, red 0"
        assert len({first["c.png"], first["c.jpg"], first["inner/a.png"]}) == 3
        refused = loraloom(*common, code=1)
        assert "is there already" in refused.stderr and "--existing" in refused.stderr
        loraloom(*common, "--existing", "keep")
        assert captions(pictures) == first
        out.write_text("filename,prompt,repeats\na.png,mine,3\n", "utf-8")
        refused = loraloom(*common, "--existing", "append", code=1)
        assert "more columns (repeats)" in refused.stderr
        shadowed = loraloom(*common[:-2], code=1)
        assert "metadata.csv in the data set is read before files beside pictures" in shadowed.stderr


def test_folder_words_are_no_caption_and_a_zip_needs_a_csv(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "3_red fox"
    folder.mkdir(parents=True)
    Image.new("RGB", (40, 40), "red").save(folder / "a.png")
    packed = tmp_path / "set.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.write(folder / "a.png", "3_red fox/a.png")
    with endpoint() as seen:
        common = ("--engine", "vlm", "--url", seen.url)
        assert "into a zip" in loraloom("caption", packed, *common, code=1).stderr
        loraloom("caption", packed, *common, "--out", tmp_path / "zip.csv")
        said = "a 40 x 40 picture, red 250"
        assert (tmp_path / "zip.csv").read_text("utf-8") == f'filename,prompt\n3_red fox/a.png,"{said}"\n'
        loraloom("caption", tmp_path / "set", *common)
    assert captions(tmp_path / "set") == {"3_red fox/a.png": said}


def test_a_vision_model_its_cost_and_its_key(pictures: Path, tmp_path: Path) -> None:
    common = (
        "caption",
        pictures,
        "--engine",
        "vlm",
        "--model",
        "m",
        "--job",
        tmp_path / "job",
        "--out",
        tmp_path / "a.csv",
    )
    with endpoint(("busy", "broken", "bad")) as seen:
        options = ("--url", seen.url, "--set", "price_in=2", "--set", "price_out=10", "--set", "concurrency=1")
        got = last_object(loraloom(*common, *options, "--json", **{KEY_VARIABLE: "sk-secret"}))
        assert (got["captioned"], got["failed"], got["tokens_in"], got["tokens_out"]) == (5, 1, 5000, 100)
        assert got["cost"] == pytest.approx(5000 * 2e-6 + 100 * 1e-5)
        assert 1 + 5 <= len((tmp_path / "a.csv").read_text("utf-8").splitlines()) <= 1 + 6  # one had a caption before
        again = loraloom(*common, *options, "--existing", "replace")  # the failed one again, and no other
        assert "6 pictures captioned" in again.stdout and "1,000 tokens sent" in again.stdout
    assert len(seen.questions) == 8 + 1
    for file in (f for f in tmp_path.rglob("*") if f.is_file() and not f.is_relative_to(pictures)):
        assert b"sk-secret" not in file.read_bytes(), file


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_and_a_second_call_goes_on(pictures: Path, tmp_path: Path) -> None:
    job, out = tmp_path / "job", tmp_path / "a.csv"
    with endpoint(delay=0.6) as seen:
        command = ["caption", str(pictures), "--engine", "vlm", "--url", seen.url, "--job", str(job), "--out", str(out)]
        command += ["--set", "concurrency=1"]
        log = (tmp_path / "said.txt").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "loraloom", *command], stdout=log, stderr=log, start_new_session=True
        )
        lines = job / "captions.jsonl"
        until = time.monotonic() + 60
        while not lines.is_file() or lines.read_bytes().count(b"\n") < 2:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        log.close()
        assert "Stopping after the batch" in (tmp_path / "said.txt").read_text()
        assert payloads(job)[-1]["type"] == "RunInterrupted" and not out.exists()
        count = len(seen.questions)
        assert count < 6
        other = loraloom(*command, "--prompt", "Other?", code=1)
        assert "other settings" in other.stderr
        loraloom(*command)
        assert len(seen.questions) <= 6 + 1  # one may have been on its way
    assert len(out.read_text("utf-8").splitlines()) == 1 + 6


def test_what_goes_wrong_is_said_in_words(pictures: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("--engine", "clipp"), "Did you mean 'clip'?"),
        (("--engine", "clip"), "give labels, or label_sets"),
        (("--engine", "clip", "--label-set", "moods"), "There are: lighting.en"),
        (("--engine", "tagger"), "The tagger needs a model"),
        (("--engine", "tagger", "--model", "x", "--set", "underscore=true"), "Did you mean 'underscores'?"),
        (("--engine", "clip", "--labels", "a", "--existing", "kep"), "existing"),
        (("--engine", "clip", "--labels", "a", "--template", "{stile}"), "nothing is called {stile}"),
        (("--engine", "vlm", "--url", "http://127.0.0.1:9/v1"), "Nobody answers at"),
    ):
        refused = loraloom("caption", pictures, *arguments, code=1)
        assert words in refused.stderr and "hint:" in refused.stderr, refused.stderr
    assert "no folder" in loraloom("caption", tmp_path / "x", "--engine", "clip", "--labels", "a", code=1).stderr
    loraloom("caption", pictures, "--engine", "clip", "--labels", "a", "--out", "a.txt", code=2)
    loraloom("caption", pictures, code=2)
