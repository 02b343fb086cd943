"""Header metadata of a LoRA: what other tools look for is there, and nothing about the pictures unless asked."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loraloom.models.lora_metadata import LoraFacts, kohya_metadata, written_alpha
from loraloom.models.raw_file import RawTensor, file_order, header_bytes
from loraloom.models.resolve import BaseModel
from loraloom.spec.dataset import Bucket, Image, Plan
from loraloom.spec.run import RUN, Lora, Run

TENSORS = {"lora_unet_conv_in.alpha": RawTensor("F32", (), b"\0\0\x80\x3f")}
SAVED = header_bytes(TENSORS, {}) + b"".join(bytes(TENSORS[name].data) for name in file_order(TENSORS))


def run_of(family: str = "sd1", **more: Any) -> Run:
    config: dict[str, Any] = {
        "family": family,
        "name": "My style ☂",
        "dataset": {"path": "/home/someone/secret folder", "resolution": 512},
        "training": {"steps": 20, "batch_size": 2},
        "caption": {"trigger": "sks"},
    }
    return RUN.validate_python(config | more)


def base_of(family: str = "sd1", prediction: str | None = "epsilon") -> BaseModel:
    path = Path("/home/someone/models/dream.safetensors")
    return BaseModel("dream", path, None, family, "single_file", prediction, 512)  # type: ignore[arg-type]


def plan_of() -> Plan:
    images = (
        Image(
            path="/x/1.png",
            name="10_cat/1.png",
            width=8,
            height=8,
            sha256="1",
            captions=("a cat, sitting",),
            repeats=10,
        ),
        Image(
            path="/x/2.png", name="10_cat/2.png", width=8, height=8, sha256="2", captions=("a cat, red",), repeats=10
        ),
        Image(path="/x/3.png", name="3.png", width=8, height=8, sha256="3"),
    )
    return Plan(
        images=images,
        sizes={image.name: (512, 512) for image in images},
        buckets=(Bucket(width=512, height=512, images=3, samples=21, steps=11),),
        samples=21,
        batch_size=2,
        accumulation=1,
        flip=False,
        variants=1,
        batches_per_epoch=11,
        steps_per_epoch=11,
        total_batches=20,
        total_steps=20,
        epochs=20 / 11,
    )


def metadata_of(run: Run, base: BaseModel | None = None, **more: Any) -> dict[str, str]:
    facts: LoraFacts = {"base": base or base_of(run.family), "plan": plan_of(), "steps": 20, **more}  # type: ignore[typeddict-item]
    return kohya_metadata(run, facts, SAVED)


def test_the_required_keys() -> None:
    found = metadata_of(run_of(lora={"rank": 8, "alpha": 4}))
    assert all(isinstance(value, str) for value in found.values())
    assert found["ss_v2"] == "False"
    assert found["ss_base_model_version"] == "sd_v1"
    assert (found["ss_network_dim"], found["ss_network_alpha"], found["ss_network_args"]) == ("8", "4", "{}")
    assert found["ss_network_module"] == "networks.lora"
    assert found["ss_output_name"] == "My style ☂"
    assert found["ss_sd_model_name"] == "dream.safetensors"
    assert (found["ss_steps"], found["ss_epoch"], found["ss_num_train_images"]) == ("20", "2", "21")
    assert json.loads(found["ss_bucket_info"])["buckets"]["0"] == {"resolution": [512, 512], "count": 21}
    assert found["sshs_model_hash"] == hashlib.sha256(SAVED[-4:]).hexdigest()
    must = ("sai_model_spec", "architecture", "implementation", "title", "resolution", "hash_sha256", "trigger_phrase")
    assert [key for key in must if f"modelspec.{key}" not in found] == []
    assert found["modelspec.sai_model_spec"] == "1.0.1"
    assert found["modelspec.resolution"] == "512x512"
    assert found["modelspec.trigger_phrase"] == "sks"


@pytest.mark.parametrize(
    ("family", "prediction", "version", "v2", "architecture", "kind"),
    [
        ("sd1", "epsilon", "sd_v1", "False", "stable-diffusion-v1/lora", "epsilon"),
        ("sd2", "epsilon", "sd_v2", "True", "stable-diffusion-v2-512/lora", "epsilon"),
        ("sd2", "v_prediction", "sd_v2_v", "True", "stable-diffusion-v2-768-v/lora", "v"),
        ("sdxl", "epsilon", "sdxl_base_v1-0", "False", "stable-diffusion-xl-v1-base/lora", "epsilon"),
        ("sdxl", "v_prediction", "sdxl_base_v1-0", "False", "stable-diffusion-xl-v1-base/lora", "v"),
    ],
)
def test_families(family: str, prediction: str, version: str, v2: str, architecture: str, kind: str) -> None:
    for run, base in (
        (run_of(family), base_of(family, prediction)),
        (run_of(family, loss={"prediction": prediction}), base_of(family, None)),
    ):
        found = metadata_of(run, base)
        assert (found["ss_base_model_version"], found["ss_v2"]) == (version, v2)
        assert (found["modelspec.architecture"], found["modelspec.prediction_type"]) == (architecture, kind)


def test_what_was_measured_counts() -> None:
    found = metadata_of(run_of("sd2"), base_of("sd2", None), prediction="v_prediction")
    assert (found["ss_base_model_version"], found["modelspec.prediction_type"]) == ("sd_v2_v", "v")


def test_nothing_of_the_data_set_unasked() -> None:
    found = json.dumps(metadata_of(run_of()), ensure_ascii=False)
    for secret in ("cat", "secret", "someone", "sitting", "/x/"):
        assert secret not in found


def test_captions_and_folders_when_asked() -> None:
    found = metadata_of(run_of(export={"include_captions": True}))
    assert json.loads(found["ss_tag_frequency"])["10_cat"] == {"a cat": 2, "sitting": 1, "red": 1}
    assert json.loads(found["ss_dataset_dirs"]) == {
        "10_cat": {"n_repeats": 10, "img_count": 2},
        "secret folder": {"n_repeats": 1, "img_count": 1},
    }
    assert "someone" not in json.dumps(found)


def test_scales() -> None:
    assert written_alpha(Lora(rank=16, alpha=8)) == 8
    assert written_alpha(Lora(rank=16, alpha=8, rslora=True)) == 32
    assert math.isclose(written_alpha(Lora(rank=8, alpha=1, rslora=True)), 8**0.5)
    assert metadata_of(run_of(lora={"rank": 16, "alpha": 8, "rslora": True}))["ss_network_alpha"] == "32"
    assert metadata_of(run_of(lora={"alpha": 0.5}))["ss_network_alpha"] == "0.5"


def test_variants() -> None:
    found = metadata_of(run_of(lora={"rank": 4, "alpha": 2, "targets": "attention+ff+conv", "dora": True}))
    assert found["ss_network_module"] == "lycoris.kohya"
    assert json.loads(found["ss_network_args"]) == {
        "conv_dim": "4",
        "conv_alpha": "2",
        "algo": "lora",
        "dora_wd": "True",
    }


def test_times_only_when_given() -> None:
    plain = metadata_of(run_of())
    assert not any("training_" in key or key.endswith(".date") for key in plain)
    assert plain == metadata_of(run_of()), "two equal runs give equal files"
    moment = datetime(2026, 3, 1, 12, 0, 0, 5, UTC)
    found = metadata_of(run_of(), started_at=moment, finished_at=moment, base_hash="12345678")
    assert found["modelspec.date"] == "2026-03-01T12:00:00+00:00"
    assert float(found["ss_training_finished_at"]) == moment.timestamp()
    assert found["ss_sd_model_hash"] == "12345678"


def test_words_of_the_author() -> None:
    export = {"author": "A", "license": "cc0-1.0", "description": "D\nE", "trigger_phrase": "in the sks way"}
    found = metadata_of(run_of(export=export))
    assert found["modelspec.trigger_phrase"] == "in the sks way"
    assert {key: found[f"modelspec.{key}"] for key in ("author", "license", "description")} == {
        "author": "A",
        "license": "cc0-1.0",
        "description": "D\nE",
    }
