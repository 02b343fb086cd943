"""The card of a version that is given to people."""

from __future__ import annotations

import io
import re
from pathlib import Path

import yaml
from PIL import Image

from loraloom.models.resolve import BaseModel
from loraloom.publish.bundle import tell
from loraloom.publish.card import published_card
from loraloom.publish.text_card import published_text_card
from loraloom.spec.publication import Publish
from loraloom.spec.text import TextRun
from tests.bundles import bundle_of, subject_of
from tests.published import lora_file


def test_it_tells_what_is_known_and_nothing_private(tmp_path: Path) -> None:
    asked = Publish(target="zip", description="Soft.", data_license="Drawn by me.", changes="Softer.", license="mit")
    bundle = bundle_of(tmp_path / "b", asked, version=2)
    text = (bundle.folder / "README.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert (front["license"], front["instance_prompt"]) == ("mit", "felt style")
    assert front["widget"][0]["output"]["url"] == "sample-grid.png"
    known = bundle.told.evidence
    for part in (
        "# Felt", "Soft.", "Trigger: `felt style`", "24 pictures at 64 px for 10 steps. Drawn by me.", "## Version 2\n\nSofter.",
        "![samples](sample-grid.png)", "the base model alone, strength 1", "## Limits", known.hashes.sha256, known.hashes.autov2,
        "<lora:Felt:1>", "under `apache-2.0`",
    ):  # fmt: skip
        assert part in text, part
    assert "agatha" not in text and str(tmp_path) not in text
    compile(text.split("```python\n")[1].split("```")[0], "card", "exec")


def test_the_recommended_strength_is_used(tmp_path: Path) -> None:
    subject = subject_of(tmp_path)
    told = tell(subject, Publish(target="zip"), 1, subject.file)
    better = told.evidence.model_copy(update={"strength": 0.8, "strength_from": "votes", "votes": 25, "leak": 0.5})
    text = published_card(subject, "Felt.safetensors", type(told)(**{**vars(told), "evidence": better}), None)
    assert "Recommended strength: **0.8**, by 25 blind votes." in text
    assert "<lora:Felt:0.8>" in text and 'set_adapters("it", 0.8)' in text
    assert "| Change of prompts without the trigger (0: none) | 0.5 |" in text
    compile(text.split("```python\n")[1].split("```")[0], "card", "exec")


def test_names_and_prompts_cannot_change_the_card(tmp_path: Path) -> None:
    evil = "x\n---\nlicense: mit\n# y `z` <script> [l](http://e)"
    bundle = bundle_of(tmp_path / "b", label=evil, trigger=evil)
    text = (bundle.folder / "README.md").read_text("utf-8")
    assert (
        "license" not in yaml.safe_load(text.split("---\n")[1])
        or yaml.safe_load(text.split("---\n")[1])["license"] != "mit"
    )
    heads = re.findall(r"^# (.*)$", text, re.MULTILINE)
    assert len(heads) == 1 and not set("<`[]") & set(heads[0])


def test_one_that_was_made_elsewhere(tmp_path: Path) -> None:
    header = {
        "ss_sd_model_name": "dream.safetensors",
        "ss_learning_rate": "0.0001",
        "ss_optimizer": "torch.optim.AdamW",
    }
    subject = subject_of(
        tmp_path, base=None, base_model="dream.safetensors", metadata=header, family="flux", images=None
    )
    text = published_card(subject, "x.safetensors", tell(subject, Publish(target="zip"), 1, subject.file), None)
    assert "A LoRA for flux, trained on `dream.safetensors`." in text and "```python" not in text
    assert "| Optimizer |" not in text, "the subject's header is what counts, and it says nothing"


def test_the_grid_has_a_row_a_prompt(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "b")
    with Image.open(io.BytesIO((bundle.folder / "sample-grid.png").read_bytes())) as sheet:
        assert sheet.mode == "RGB" and not sheet.info.keys() - {"dpi"}
        assert sheet.width > 2 * 160 and sheet.height > 160


def test_a_language_model(tmp_path: Path) -> None:
    run = TextRun.model_validate(
        {"name": "Voice", "dataset": {"path": "/home/aunt agatha.jsonl"}, "training": {"steps": 3}}
    )
    base = BaseModel("smollm2", Path("/x.gguf"), None, "causal_lm", "gguf", None, None)
    file = lora_file(tmp_path / "adapter_model.safetensors")
    subject = subject_of(
        tmp_path, label="Voice", run=run, base=base, file=file, family="causal_lm", samples=(), base_model="smollm2"
    )
    told = tell(subject, Publish(target="hub"), 1, file)
    text = published_text_card(subject, file.name, told)
    assert "24 texts at 64 px for 10 steps" in text or "24 texts" in text
    assert "HuggingFaceTB/SmolLM2-135M-Instruct" in text and "apache-2.0" in text and "agatha" not in text
    assert told.evidence.hashes.sshs_model == "" and "sshs" not in text
