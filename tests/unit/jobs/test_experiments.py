"""Experiments in the queue: what may be compared, what waits for what, and the folder of the child."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image as Pictures
from sqlalchemy.orm import Session

from loraloom.jobs import compared, experiments, queue
from loraloom.jobs.states import move
from loraloom.spec.errors import LoomError
from loraloom.spec.experiment import Candidate, Experiment, ExperimentJob
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Image, Lora, Run, User

BASE = Candidate(what="base")


class House:
    """A home with one training on a data set of two pictures, its LoRA and two checkpoints."""

    def __init__(self, home: Path, session: Session) -> None:
        self.home, self.session, self.blobs = home, session, FolderBlobs(home / "blobs")
        self.user = User(name="somebody")
        self.dataset = Dataset(name="things", user_id="", version=3)
        session.add(self.user)
        session.flush()
        self.dataset.user_id = self.user.id
        session.add(self.dataset)
        session.flush()
        self.images = [self.picture(colour) for colour in ("red", "blue")]
        self.run = self.training("ink", "finished")
        self.lora = self.gallery(self.run)

    def picture(self, colour: str, held_out: bool = False) -> Image:
        file = self.home / f"{colour}.png"
        Pictures.new("RGB", (16, 16), colour).save(file)
        image = Image(
            dataset_id=self.dataset.id,
            name=file.name,
            blob=self.blobs.put(file),
            width=16,
            height=16,
            bytes=1,
            held_out=held_out,
        )
        self.session.add(image)
        self.session.flush()
        return image

    def training(self, name: str, state: str) -> Run:
        run = Run(
            name=name,
            state=state,
            user_id=self.user.id,
            dataset_id=self.dataset.id,
            dataset_name="things",
            dataset_version=3,
            config={"caption": {"trigger": "inkscape"}, "lora": {"rank": 4}},
            family="sd1",
            base_model="thimble",
        )
        self.session.add(run)
        self.session.flush()
        for step in (20, 40):
            place = self.home / "runs" / run.id / "checkpoints" / f"step-{step:06d}"
            place.mkdir(parents=True)
            (place / "adapter.safetensors").write_bytes(b"a")
        (self.home / "runs" / run.id / "run.yaml").write_text("family: sd1")
        return run

    def gallery(self, run: Run | None, family: str = "sd1", name: str = "Ink") -> Lora:
        place = self.home / "loras" / f"{name}.safetensors"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"weights")
        lora = Lora(
            run_id=run.id if run else None,
            user_id=self.user.id,
            name=name,
            file=place.relative_to(self.home).as_posix(),
            base_model="thimble",
            family=family,
            trigger="inkscape, blue ink",
            steps=40,
            bytes=7,
            sha256="0" * 64,
        )
        self.session.add(lora)
        self.session.flush()
        return lora

    def create(self, *candidates: Candidate, **more: Any) -> Run:
        asked = Experiment(candidates=candidates, prompts=("a cat", "[trigger] dog"), **more)
        return experiments.create(self.session, self.user, asked, "", 0, self.home / "runs")

    def fill(self, run: Run) -> ExperimentJob:
        folder = self.home / "runs" / run.id
        compared.fill(self.session, run, folder, self.home, self.blobs, "cpu")
        return ExperimentJob.model_validate(yaml.safe_load((folder / "job.yaml").read_text()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    with database.session() as session:
        yield House(tmp_path, session)
    database.close()


def test_an_experiment_is_a_run_that_waits(house: House) -> None:
    run = house.create(BASE, Candidate(what="lora", id=house.lora.id), strengths=(0.5, 1.0))
    assert (run.kind, run.state, run.total_steps) == ("experiment", "queued", 6)
    assert (run.family, run.base_model, run.dataset_id) == ("sd1", "thimble", house.dataset.id)
    assert run.name == "base / Ink"
    asked = experiments.experiment_of(run)
    assert asked.bases == ("thimble",)
    assert experiments.labels(asked) == ["base", "Ink @ 0.5", "Ink @ 1"]
    assert experiments.base_columns(asked) == {0}
    assert queue.waiting(house.session) == [run]


def test_labels_say_base_and_sampler_where_there_are_several(house: House) -> None:
    step = Candidate(what="run", id=house.run.id, step=20)
    asked = experiments.experiment_of(house.create(BASE, step, samplers=("ddim", "euler")))
    assert experiments.labels(asked) == [
        "base · ddim",
        "ink step 20 @ 1 · ddim",
        "base · euler",
        "ink step 20 @ 1 · euler",
    ]


def test_what_is_not_there_is_refused(house: House) -> None:
    going = house.training("going", "running")
    text = house.gallery(None, "causal_lm", "Words")
    for candidate, code in (
        (Candidate(what="lora", id="none"), "lora_not_found"),
        (Candidate(what="run", id="none"), "run_not_found"),
        (Candidate(what="run", id=going.id), "run_not_ready"),
        (Candidate(what="run", id=going.id, step=30), "checkpoint_not_found"),
        (Candidate(what="lora", id=text.id), "base_model_mismatch"),
    ):
        with pytest.raises(LoomError) as caught:
            house.create(BASE, candidate)
        assert caught.value.code == code
    with pytest.raises(LoomError, match="among this server's"):
        house.create(BASE, bases=("/etc",))
    with pytest.raises(LoomError, match="does not answer"):
        house.create(BASE, kind="texts", bases=("thimble",))


def test_it_waits_for_the_runs_it_is_after(house: House) -> None:
    going = house.training("going", "queued")
    run = house.create(BASE, Candidate(what="run", id=going.id), after=(going.id,))
    assert queue.waiting(house.session) == [going]
    for state in ("preparing", "paused"):
        going.state = state
        house.session.flush()
        assert queue.waiting(house.session) == []
    going.state = "running"
    house.session.flush()
    assert move(house.session, going.id, "failed")
    assert queue.waiting(house.session) == [run]


def test_the_folder_has_links_to_what_the_child_needs(house: House) -> None:
    held_out = house.picture("green", held_out=True)
    step = Candidate(what="run", id=house.run.id, step=20)
    run = house.create(BASE, Candidate(what="lora", id=house.lora.id), step)
    job = house.fill(run)
    folder = house.home / "runs" / run.id
    assert job.bases == ("thimble",)
    assert job.loras[0] is None and job.left_out == ("", "", "")
    assert job.triggers == ((), ("inkscape", "blue ink"), ("inkscape",))
    assert (folder / str(job.loras[1])).read_bytes() == b"weights"
    assert (folder / str(job.loras[2]) / "adapter.safetensors").is_file()
    assert ((folder / str(job.loras[2])).parents[1] / "run.yaml").is_file()
    assert len(set(job.pictures)) == 1 and job.pictures[0] is not None
    stems = {file.stem for file in (folder / job.pictures[0]).iterdir()}
    assert stems == {image.id for image in house.images} and held_out.id not in stems
    assert all(path.is_relative_to(folder / "data") for path in (folder / str(job.loras[1]), folder / job.pictures[0]))
    compared.tidy(folder)
    assert not (folder / "data").exists() and (folder / "job.yaml").is_file()


def test_a_run_without_a_step_is_its_lora_by_then(house: House) -> None:
    run = house.create(Candidate(what="run", id=house.run.id))
    assert house.fill(run).triggers == (("inkscape", "blue ink"),)


def test_a_run_that_failed_is_left_out_and_all_of_them_are_the_end(house: House) -> None:
    bad = house.training("bad", "failed")
    bad.error = {"code": "out_of_memory", "message": "Memory ran out.", "hint": ""}
    good = Candidate(what="lora", id=house.lora.id)
    job = house.fill(house.create(BASE, good, Candidate(what="run", id=bad.id), after=(bad.id,)))
    assert job.left_out == ("", "", "Memory ran out.") and job.loras[2] is None
    with pytest.raises(LoomError, match="Memory ran out") as caught:
        house.fill(house.create(BASE, Candidate(what="run", id=bad.id), after=(bad.id,)))
    assert caught.value.code == "run_not_ready"


def test_a_file_that_is_gone_is_said(house: House) -> None:
    run = house.create(BASE, Candidate(what="lora", id=house.lora.id))
    (house.home / house.lora.file).unlink()
    with pytest.raises(LoomError, match="is gone"):
        house.fill(run)
