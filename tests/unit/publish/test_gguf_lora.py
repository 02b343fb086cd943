"""A LoRA of a language model as GGUF: what `gguf` reads back is what PEFT wrote, in llama.cpp's names and order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from loraloom.publish import gguf_lora
from loraloom.publish.gguf_lora import permute, unpermute, write_gguf
from loraloom.publish.peft_adapter import read_peft
from loraloom.spec.errors import LoomError
from tests.peft_folders import ATTENTION, HEADS, KEY_HEADS, RANK, WIDTH, base_config, factors, peft_folder


def read(file: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    reader = gguf.GGUFReader(file)
    keys = ("general.architecture", "general.type", "adapter.type", "adapter.lora.alpha", "general.name")
    fields = {key: field.contents() for key in keys if (field := reader.get_field(key)) is not None}
    return fields, {tensor.name: np.array(tensor.data) for tensor in reader.tensors}


def test_names_numbers_and_order(tmp_path: Path) -> None:
    lora = peft_folder(tmp_path / "our voice")
    file = write_gguf(lora, base_config(tmp_path / "base"), tmp_path / "out")
    assert file == tmp_path / "out" / "our-voice.gguf" and list(file.parent.iterdir()) == [file]
    fields, tensors = read(file)
    assert fields == {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": 6.0,
        "general.name": "our voice",
    }
    parts = ("attn_q", "attn_k", "attn_v")
    assert set(tensors) == {f"blk.{i}.{part}.weight.lora_{half}" for i in (0, 1) for part in parts for half in "ab"}
    written = factors(tuple(ATTENTION.format(i, part) for i in (0, 1) for part in ("q_proj", "k_proj", "v_proj")))
    for i in (0, 1):
        for part, heads in (("q", HEADS), ("k", KEY_HEADS), ("v", 0)):
            key = f"base_model.model.{ATTENTION.format(i, part + '_proj')}"
            down, up = written[f"{key}.lora_A.weight"], written[f"{key}.lora_B.weight"]
            assert np.array_equal(tensors[f"blk.{i}.attn_{part}.weight.lora_a"], down)
            found = tensors[f"blk.{i}.attn_{part}.weight.lora_b"]
            assert np.array_equal(unpermute(found, heads) if heads else found, up)
            assert np.array_equal(found, up) is (heads == 0)


def test_rotation_pairs_are_put_side_by_side() -> None:
    """Row j of a head's first half and row j of its second turn together: llama.cpp wants them next to each other."""
    rows = np.arange(16, dtype=np.float32)[:, None]
    assert permute(rows, 2)[:, 0].tolist() == [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15]
    assert np.array_equal(unpermute(permute(rows, 2), 2), rows)


def test_other_architectures_keep_the_order(tmp_path: Path) -> None:
    module = "model.layers.1.self_attn.qkv_proj"
    lora = peft_folder(tmp_path / "lora", tensors := factors((module,)))
    fields, found = read(write_gguf(lora, base_config(tmp_path / "base", "Phi3ForCausalLM"), tmp_path / "x.gguf"))
    assert fields["general.architecture"] == "phi3"
    assert np.array_equal(found["blk.1.attn_qkv.weight.lora_b"], tensors[f"base_model.model.{module}.lora_B.weight"])


def test_scales_survive(tmp_path: Path) -> None:
    """llama.cpp scales by alpha / rank: rsLoRA's root of the rank goes into alpha, a layer's own alpha into its numbers."""
    own = ATTENTION.format(0, "v_proj")
    lora = peft_folder(tmp_path / "lora", use_rslora=True, alpha_pattern={"0.self_attn.v_proj": 12})
    scales = {layer.module: layer.scale for layer in read_peft(lora).layers}
    assert scales.pop(own) == pytest.approx(12 / math.sqrt(RANK))
    assert list(scales.values()) == pytest.approx([6 / math.sqrt(RANK)] * 5)
    fields, found = read(write_gguf(lora, base_config(tmp_path / "base"), tmp_path / "x.gguf"))
    assert fields["adapter.lora.alpha"] == pytest.approx(6 * math.sqrt(RANK))
    up = factors(tuple(ATTENTION.format(i, p) for i in (0, 1) for p in ("q_proj", "k_proj", "v_proj")))
    assert np.allclose(found["blk.0.attn_v.weight.lora_b"], 2 * up[f"base_model.model.{own}.lora_B.weight"])
    assert np.array_equal(
        found["blk.1.attn_v.weight.lora_b"], up[f"base_model.model.{ATTENTION.format(1, 'v_proj')}.lora_B.weight"]
    )


def test_half_precision_is_not_rounded(tmp_path: Path) -> None:
    module = ATTENTION.format(0, "v_proj")
    full = factors((module,))
    half = {name: array.astype(np.float16) for name, array in full.items()}
    _, found = read(write_gguf(peft_folder(tmp_path / "a", half), base_config(tmp_path / "base"), tmp_path / "a.gguf"))
    assert found["blk.0.attn_v.weight.lora_a"].dtype == np.float16
    brain = {name: (array.view(np.uint32) >> 16).astype(np.uint16) for name, array in full.items()}
    _, found = read(write_gguf(peft_folder(tmp_path / "b", brain), base_config(tmp_path / "base"), tmp_path / "b.gguf"))
    expected = (brain[f"base_model.model.{module}.lora_A.weight"].astype(np.uint32) << 16).view(np.float32)
    assert np.array_equal(found["blk.0.attn_v.weight.lora_a"], expected)


@pytest.mark.parametrize(
    "more",
    [
        {"use_dora": True},
        {"bias": "lora_only"},
        {"modules_to_save": ["lm_head"]},
        {"fan_in_fan_out": True},
        {"peft_type": "IA3"},
    ],
)
def test_what_it_cannot_hold(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(LoomError) as caught:
        write_gguf(peft_folder(tmp_path / "lora", **more), base_config(tmp_path / "base"), tmp_path / "x.gguf")
    assert caught.value.code == "lora_mismatch" and "merged" in caught.value.hint
    assert not (tmp_path / "x.gguf").exists()


def test_what_is_no_lora(tmp_path: Path) -> None:
    base = base_config(tmp_path / "base")
    whole = factors((ATTENTION.format(0, "q_proj"),))
    halves = {name: array for name, array in whole.items() if "lora_A" in name}
    embedding = {"base_model.model.model.embed_tokens.lora_embedding_A": np.ones((RANK, WIDTH), np.float32)}
    for name, folder, code in (
        ("half", peft_folder(tmp_path / "half", halves), "lora_unreadable"),
        ("embedding", peft_folder(tmp_path / "embedding", embedding), "lora_mismatch"),
        ("foreign", peft_folder(tmp_path / "foreign", factors(("model.layers.0.mixer.x_proj",))), "lora_mismatch"),
        ("nothing", base, "lora_unreadable"),
    ):
        with pytest.raises(LoomError) as caught:
            write_gguf(folder, base, tmp_path / "x.gguf")
        assert caught.value.code == code, name
    with pytest.raises(LoomError) as caught:
        write_gguf(peft_folder(tmp_path / "lora"), base_config(tmp_path / "b", "MambaForCausalLM"), tmp_path / "x.gguf")
    assert "MambaForCausalLM" in caught.value.message


def test_a_file_that_says_something_else_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_lora, "permute", lambda up, heads: np.ascontiguousarray(up[::-1]))
    with pytest.raises(LoomError) as caught:
        write_gguf(peft_folder(tmp_path / "lora"), base_config(tmp_path / "base"), tmp_path / "out")
    assert caught.value.code == "lora_not_reproduced" and not list((tmp_path / "out").iterdir())
