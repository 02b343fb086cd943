"""A LoRA of a language model elsewhere: plain peft in a fresh process, llama.cpp's file, and merged into its base."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from loraloom.cli.app import run as loraloom
from loraloom.generate.language import attach, load
from loraloom.generate.merge import merge
from loraloom.jobs.finish import finish
from loraloom.models.inspect import inspect
from loraloom.publish.gguf_lora import read_gguf, unpermute, write_gguf
from loraloom.spec.errors import LoomError
from loraloom.spec.merged import MergeRequest
from tests.runs import train_here
from tests.text_runs import make_text_run, pairs
from tests.tiny_text import Kind, tiny_text_base

IDS = [[5, 60, 41, 99, 7, 130, 200, 18]]
FRESH = """
import json, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
base, pairs, out, ids = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], torch.tensor(json.loads(sys.argv[4]))
load = lambda folder: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
found = {"base": load(base)(ids).logits[0].detach()}
for lora, merged in pairs:
    assert AutoTokenizer.from_pretrained(lora).apply_chat_template([{"role": "user", "content": "a"}], tokenize=False)
    found[lora] = PeftModel.from_pretrained(load(base), lora).eval()(ids).logits[0].detach()
    found[merged] = load(merged)(ids).logits[0].detach()
torch.save(found, out)
assert not any(name.startswith("loraloom") for name in sys.modules)
"""
ADAPTERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rslora": {"rslora": True, "rank": 8},
    "dora": {"dora": True},
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Layers this small are slower on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_text_base(tmp_path_factory.mktemp("base") / "tiny llama")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, base: Path) -> dict[str, Path]:
    """LoRAs as Loom writes them, by kind."""
    folders: dict[str, Path] = {}
    for kind, lora in ADAPTERS.items():
        run_dir = make_text_run(
            tmp_path_factory.mktemp("runs") / kind,
            base,
            pairs(4),
            lora={"dropout": 0, **lora},
            optimizer={"learning_rate": 0.05, "scheduler": "constant"},
        )
        train_here(run_dir)
        assert finish(run_dir, pytest.fail) is not None
        folders[kind] = run_dir / "lora" / "small"
    return folders


def spoken(base: Path, lora: Path) -> torch.Tensor:
    """Logits of the model that the chat has."""
    speaker = load(base, torch.device("cpu"), torch.float32)
    attach(speaker, lora)
    with torch.no_grad():
        return speaker.model(torch.tensor(IDS)).logits[0]


def test_plain_peft_and_merged_say_the_same(made: dict[str, Path], base: Path, tmp_path: Path) -> None:
    """In a process that knows nothing of Loom."""
    merged = {kind: tmp_path / f"merged {kind}" for kind in made}
    first, *others = made
    command = ["export", str(made[first]), "--to", "merged", "--out", str(merged[first])]
    assert loraloom(command) == 0
    assert loraloom(command) == 1, "it is there already"
    for kind in others:
        request = MergeRequest(base=str(base), lora=str(made[kind]), out=str(merged[kind]), result="")
        assert merge(request).difference < 1e-4
    folders = [(str(made[kind]), str(merged[kind])) for kind in made]
    arguments = [str(base), json.dumps(folders), str(tmp_path / "logits"), json.dumps(IDS)]
    done = subprocess.run(
        [sys.executable, "-c", FRESH, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, torch.Tensor] = torch.load(tmp_path / "logits", weights_only=True)
    for lora, whole in folders:
        assert float((found[lora] - found["base"]).abs().max()) > 0.05, "the LoRA must do something"
        expected = spoken(base, Path(lora))
        torch.testing.assert_close(found[lora], expected, rtol=0, atol=1e-4)
        torch.testing.assert_close(found[whole], expected, rtol=0, atol=1e-4)
        assert {"tokenizer.json", "chat_template.jinja"} <= {file.name for file in Path(whole).iterdir()}


def test_a_merge_that_says_something_else_is_not_kept(
    made: dict[str, Path], base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loraloom.generate import merge as module

    monkeypatch.setattr(module, "_write", lambda request, folder: (wrong(request, folder), "float32"))

    def wrong(request: MergeRequest, folder: Path) -> torch.Tensor:
        AutoModelForCausalLM.from_pretrained(request.base).save_pretrained(folder)
        return spoken(base, made["plain"]).new_zeros(module.LOOKED_AT, 259)

    request = MergeRequest(base=str(base), lora=str(made["plain"]), out=str(tmp_path / "out"), result="")
    with pytest.raises(LoomError) as caught:
        merge(request)
    assert caught.value.code == "lora_not_reproduced" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ADAPTERS)
def test_gguf_holds_the_same_numbers(kind: str, made: dict[str, Path], tmp_path: Path) -> None:
    lora = made[kind]
    config = json.loads((lora / "adapter_config.json").read_text("utf-8"))
    code = loraloom(["export", str(lora), "--format", "gguf", "--out", str(tmp_path)])
    if config["use_dora"]:
        assert code == 1 and not list(tmp_path.iterdir())
        return
    assert code == 0
    reader = gguf.GGUFReader(tmp_path / "small.gguf")
    found = {tensor.name: np.array(tensor.data) for tensor in reader.tensors}
    alpha = reader.get_field("adapter.lora.alpha")
    scale = config["lora_alpha"] / (config["r"] ** 0.5 if config["use_rslora"] else config["r"])
    assert alpha is not None and alpha.contents() / config["r"] == pytest.approx(scale)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
    weights = load_file(lora / "adapter_model.safetensors")
    assert len(found) == len(weights) == 2 * 2 * 7
    for key, tensor in weights.items():
        module, half = key.removeprefix("base_model.model.").removesuffix(".weight").rsplit(".lora_", 1)
        array = found[f"{names.get_name(module)}.weight.lora_{half.lower()}"]
        heads = {"q_proj": 4, "k_proj": 2}.get(module.rsplit(".", 1)[-1], 0) if half == "B" else 0
        assert np.array_equal(unpermute(array, heads) if heads else array, tensor.numpy()), key


def test_card_summary_and_ollama(made: dict[str, Path], tmp_path: Path) -> None:
    assert "dora" in inspect(made["dora"]).extras
    lora = made["plain"]
    assert "# small" in (lora / "README.md").read_text("utf-8") and not (lora / "adapter_model.json").exists()
    found = inspect(lora / "adapter_model.safetensors")
    assert found.family == "causal_lm" and found.rank and found.alpha == (8.0,)
    assert loraloom(["export", str(lora), "--to", "ollama", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "Modelfile").read_text("utf-8")
    assert "ADAPTER ./small.gguf" in text and (tmp_path / "small.gguf").is_file()
    assert text.startswith("FROM /") and "{{ .Prompt }}<|im_end|>" in text and 'PARAMETER stop "<|im_end|>"' in text


@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.*:FutureWarning")
@pytest.mark.parametrize("kind", ["qwen2", "mistral", "gemma2", "gemma3", "phi3"])
def test_every_layout_has_names_in_llama_cpp(kind: Kind, tmp_path: Path) -> None:
    """All linear layers of each, by plain peft, and merged back into the base by hand from the GGUF file alone."""
    folder = tiny_text_base(tmp_path / kind, kind)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    torch.manual_seed(0)
    both: Any = get_peft_model(model, config).eval()
    both.save_pretrained(tmp_path / "lora")
    with torch.no_grad():
        expected = both(torch.tensor(IDS)).logits[0]
        plain: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        adapter = read_gguf(write_gguf(tmp_path / "lora", folder, tmp_path / "x.gguf"), folder)
        architecture = gguf.MODEL_ARCH[{"mistral": "LLAMA"}.get(kind, kind.upper())]
        names = gguf.get_tensor_name_map(architecture, 2)
        modules = {f"{names.get_name(path)}.weight": module for path, module in plain.named_modules()}
        for layer in adapter.layers:
            modules[layer.module].weight += layer.scale * torch.from_numpy(layer.up @ layer.down)
        torch.testing.assert_close(plain(torch.tensor(IDS)).logits[0], expected, rtol=1e-4, atol=1e-4)
