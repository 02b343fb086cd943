"""Chat templates as the well-known models have them, in our own wording, with a tokenizer of bytes that knows their tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHATML = """\
{% for message in messages %}
<|im_start|>{{ message['role'] }}
{{ message['content'] }}<|im_end|>
{% endfor %}
{% if add_generation_prompt %}
<|im_start|>assistant
{% endif %}"""

LLAMA3 = """\
{{- bos_token }}
{%- for message in messages %}
    {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' ~ (message.content | trim) ~ '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}"""

MISTRAL = """\
{%- set lead = '' %}
{%- set turns = messages %}
{%- if messages[0].role == 'system' %}
    {%- set lead = messages[0].content ~ '\\n\\n' %}
    {%- set turns = messages[1:] %}
{%- endif %}
{%- set asked = turns | selectattr('role', 'equalto', 'user') | list %}
{{- bos_token }}
{%- for turn in turns %}
    {%- if (turn.role == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must take turns') }}
    {%- endif %}
    {%- if turn.role == 'user' %}
        {{- '[INST] ' ~ (lead if turn == asked[-1] else '') ~ turn.content ~ '[/INST]' }}
    {%- else %}
        {{- ' ' ~ turn.content ~ eos_token }}
    {%- endif %}
{%- endfor %}"""
"""The system prompt stands before the last question: what was said earlier changes with every turn."""

GEMMA = """\
{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system prompts here') }}{% endif %}
{% for message in messages %}
{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\\n' }}
{{- message['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""

PHI3 = """\
{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"""

THINKING = """\
{%- set ns = namespace(last=-1) %}
{%- for message in messages if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endfor %}
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if message.role == 'assistant' and not loop.last %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|im_start|>' ~ message.role ~ '\\n' ~ content ~ '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
"""Thoughts are taken out of all answers but the last."""

GENERATION = """\
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' }}{% generation %}{{ message.content ~ '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}
    {%- else %}
        {{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

TOOLS = """\
{%- for message in messages %}
    {{- '<|im_start|>' ~ ('user' if message.role == 'tool' else message.role) ~ '\\n' }}
    {%- if message.role == 'tool' %}
        {{- '<tool_response>' ~ message.content ~ '</tool_response>' }}
    {%- else %}
        {{- message.content }}
    {%- endif %}
    {%- for call in message.tool_calls or [] %}
        {%- set call = call.function %}
        {{- '<tool_call>{"name": "' ~ call.name ~ '", "arguments": ' ~ (call.arguments | tojson) ~ '}</tool_call>' }}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""


@dataclass(frozen=True)
class Style:
    """A template, the special tokens it needs, and which of them begin and end a text."""

    template: str | None
    special: tuple[str, ...]
    bos: str | None
    eos: str | None
    adds_bos: bool = False
    """Whether the tokenizer itself puts the first token in front."""


_CHATML = ("<|im_start|>", "<|im_end|>")
STYLES: dict[str, Style] = {
    "chatml": Style(CHATML, _CHATML, None, "<|im_end|>"),
    "llama3": Style(
        LLAMA3,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        "<|begin_of_text|>",
        "<|end_of_text|>",
        True,
    ),
    "mistral": Style(MISTRAL, ("<s>", "</s>", "[INST]", "[/INST]"), "<s>", "</s>", True),
    "gemma": Style(GEMMA, ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), "<bos>", "<eos>", True),
    "phi3": Style(
        PHI3, ("<s>", "<|endoftext|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>"), "<s>", "<|endoftext|>"
    ),
    "thinking": Style(THINKING, _CHATML, None, "<|im_end|>"),
    "generation": Style(GENERATION, _CHATML, None, "<|im_end|>"),
    "tools": Style(TOOLS, (*_CHATML, "<tool_call>", "</tool_call>"), None, "<|im_end|>"),
    "none": Style(None, ("<s>", "</s>"), "<s>", "</s>", True),
    "bare": Style(
        "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}", ("</s>",), None, "</s>"
    ),
}


def tokenizer_of(style: Style) -> Any:
    """Every byte is a token, and so is each special one."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made: Any = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(style.special))
    if style.adds_bos and style.bos:
        made.post_processor = processors.TemplateProcessing(
            single=f"{style.bos} $A", special_tokens=[(style.bos, made.token_to_id(style.bos))]
        )
    return made


def save(style: Style, folder: Path) -> Path:
    """`folder` with tokenizer.json and tokenizer_config.json as a model has them."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer_of(style).save(str(folder / "tokenizer.json"))
    said = {"bos_token": style.bos, "eos_token": style.eos, "chat_template": style.template}
    config = {"tokenizer_class": "PreTrainedTokenizerFast"} | {key: value for key, value in said.items() if value}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
