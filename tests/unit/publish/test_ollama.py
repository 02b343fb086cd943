"""Modelfiles: the template that Ollama is given draws what the model's own draws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraloom.data.examples.words import Words
from loraloom.publish.ollama import modelfile
from loraloom.publish.turns import turns_of

LLAMA = (
    "{{- bos_token }}{% for m in messages %}{{ '<|head|>' + m['role'] + '<|tail|>\n\n' + m['content'] | trim + '<|eot|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|head|>assistant<|tail|>\n\n' }}{% endif %}"
)
TOLD = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}{{ '<|im|>system\nBe kind.<|eot|>\n' }}{% endif %}"
    "{{ '<|im|>' + m['role'] + '\n' + m['content'] + '<|eot|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im|>assistant\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}{% for m in messages %}"
    "{{ '<turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' + m['content'] + '<|eot|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<turn>model\n' }}{% endif %}"
)
COUNTING = (
    "{% for m in messages %}{{ loop.index ~ m['role'] + m['content'] + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant' }}{% endif %}"
)
EXPECTED = {
    LLAMA: "{{ if .System }}<|head|>system<|tail|>\n\n{{ .System }}<|eot|>{{ end }}"
    "{{ if .Prompt }}<|head|>user<|tail|>\n\n{{ .Prompt }}<|eot|><|head|>assistant<|tail|>\n\n{{ end }}"
    "{{ .Response }}<|eot|>",
    TOLD: "{{ if .System }}<|im|>system\n{{ .System }}<|eot|>\n{{ end }}"
    "{{ if .Prompt }}<|im|>user\n{{ .Prompt }}<|eot|>\n<|im|>assistant\n{{ end }}{{ .Response }}<|eot|>\n",
    GEMMA: "<turn>user\n{{ if .System }}{{ .System }}\n\n{{ end }}{{ .Prompt }}<|eot|>\n<turn>model\n"
    "{{ .Response }}<|eot|>\n",
    "": "{{ if .System }}{{ .System }}\n\n{{ end }}{{ if .Prompt }}User: {{ .Prompt }}\nAssistant:{{ end }}"
    "{{ .Response }}<|eot|>\n",
}


def words(folder: Path, template: str) -> Words:
    from tokenizers import Tokenizer, models, pre_tokenizers

    special = ("<s>", "<|eot|>")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate([*special, *alphabet])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.add_special_tokens(list(special))
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "<|eot|>"}), "utf-8")
    if template:
        (folder / "chat_template.jinja").write_text(template, "utf-8")
    return Words.of(folder)


@pytest.mark.parametrize("template", EXPECTED, ids=["llama", "told", "gemma", "ours"])
def test_templates_in_go(tmp_path: Path, template: str) -> None:
    turns = turns_of(words(tmp_path / "model", template))
    assert turns is not None and turns.to_ollama() == EXPECTED[template]


def test_a_modelfile(tmp_path: Path) -> None:
    text = modelfile("./base.gguf", "voice.gguf", words(tmp_path / "model", TOLD))
    assert text == (
        "FROM ./base.gguf\nADAPTER ./voice.gguf\n"
        f'TEMPLATE """{EXPECTED[TOLD]}"""\nSYSTEM """Be kind."""\nPARAMETER stop "<|eot|>"\n'
    )
    told = modelfile("x", "y.gguf", words(tmp_path / "other", LLAMA), system="Answer as a pirate.")
    assert 'SYSTEM """Answer as a pirate."""' in told
    assert "SYSTEM" not in modelfile("x", "y.gguf", words(tmp_path / "third", LLAMA))


def test_a_template_that_does_more_is_left_to_the_base(tmp_path: Path) -> None:
    found = words(tmp_path / "model", COUNTING)
    assert turns_of(found) is None
    text = modelfile("x", "y.gguf", found)
    assert "TEMPLATE" not in text and "cannot be said" in text and 'PARAMETER stop "<|eot|>"' in text
