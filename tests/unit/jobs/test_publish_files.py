"""The weights of a version: which formats, and what stays at home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraloom.jobs.publish_facts import of_path
from loraloom.jobs.publish_files import formats_of, write_weights
from loraloom.models.raw_file import RawTensor, write_raw
from loraloom.publish.bundle import complete
from loraloom.publish.formats import convert
from loraloom.publish.targets.gallery import GalleryTarget
from loraloom.publish.targets.zip import ZipTarget
from loraloom.spec.errors import LoomError
from loraloom.spec.publication import Publish
from tests.bundles import subject_of
from tests.peft_folders import ATTENTION, factors


def peft_folder(folder: Path, base: str) -> Path:
    """A PEFT folder as PEFT writes it, with a card and more beside it."""
    tensors = {
        name: RawTensor("F32", array.shape, array.tobytes())
        for name, array in factors((ATTENTION.format(0, "q_proj"),)).items()
    }
    folder.mkdir(parents=True)
    write_raw(folder / "adapter_model.safetensors", tensors, {"format": "pt"})
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4, "base_model_name_or_path": base}
    (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    (folder / "README.md").write_text("an older card", "utf-8")
    (folder / "tokenizer.json").write_text("[]", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("/home/aunt agatha/models/tiny llama/", "tiny llama"),
        ("C:\\models\\llama", "llama"),
        ("owner/name", "owner/name"),
    ],
)
def test_a_language_model_goes_out_without_paths(tmp_path: Path, base: str, told: str) -> None:
    subject = of_path(peft_folder(tmp_path / "voice", base))
    assert (subject.kind, subject.label, subject.images) == ("texts", "voice", None)
    out = tmp_path / "out"
    out.mkdir()
    asked = Publish(target="zip")
    names = write_weights(subject, out, formats_of(subject, "zip", ()), asked, 1.0)
    assert names[0] == "adapter_model.safetensors" and set(names[1:]) == {"adapter_config.json", "tokenizer.json"}
    assert json.loads((out / "adapter_config.json").read_text("utf-8"))["base_model_name_or_path"] == told
    bundle = complete(out, subject, asked, 1, names)
    assert "an older card" not in (out / "README.md").read_text("utf-8")
    assert "agatha" not in (out / "README.md").read_text("utf-8")
    assert list(ZipTarget(tmp_path / "zip").put(bundle).files) == ["voice-v1.zip"]
    put = GalleryTarget(tmp_path / "gallery", tmp_path / "kept").put(bundle)
    page = (tmp_path / "gallery" / put.address).read_text("utf-8")
    assert "voice-v1.zip" in page and "language models" in page and "agatha" not in page


def test_formats_of_the_other_kind(tmp_path: Path) -> None:
    drawn, written = subject_of(tmp_path / "a"), of_path(peft_folder(tmp_path / "voice", "x/y"))
    assert formats_of(drawn, "zip", ()) == ("kohya",)
    assert formats_of(drawn, "hub", ("diffusers", "kohya", "kohya")) == ("kohya", "diffusers")
    assert formats_of(written, "hub", ("gguf",)) == ("gguf",)
    for subject, target, wrong in ((drawn, "zip", "gguf"), (written, "zip", "kohya"), (drawn, "folder", "diffusers")):
        with pytest.raises(LoomError) as caught:
            formats_of(subject, target, (wrong,))  # type: ignore[arg-type]
        assert caught.value.code == "lora_mismatch"


def test_a_diffusers_file_becomes_what_comfyui_loads(tmp_path: Path) -> None:
    source = subject_of(tmp_path / "a")
    made = convert(source.file, tmp_path / "diffusers", "diffusers")
    subject = subject_of(tmp_path / "b", file=made)
    out = tmp_path / "out"
    out.mkdir()
    assert write_weights(subject, out, ("kohya",), Publish(target="zip"), 1.0) == ("Felt.safetensors",)
    content = (out / "Felt.safetensors").read_bytes()
    assert b"lora_unet_" in content and b"agatha" not in content
    assert [file.name for file in out.iterdir()] == ["Felt.safetensors"]
