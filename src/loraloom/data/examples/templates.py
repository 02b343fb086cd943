"""Chat templates: how a conversation becomes one text. Jinja in a sandbox, with what transformers offers to templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

OPEN, CLOSE, MARK = "\ufdd0", "\ufdd1", "\ufdd2"
"""Characters that Unicode keeps free for use inside programs; `shapes.clean` takes them out of what is read."""
Turn = dict[str, Any]
Draw = Callable[[list[Turn], bool], str]
"""A conversation as text; with True the words follow that begin an answer."""

PLAIN = """\
{%- for message in messages %}
    {%- set content = (message['content'] or '') | trim %}
    {%- if message['role'] == 'system' %}
        {{- content + '\\n\\n' }}
    {%- elif message['role'] == 'user' %}
        {{- 'User: ' + content + '\\n' }}
    {%- elif message['role'] == 'tool' %}
        {{- 'Tool: ' + content + '\\n' }}
    {%- else %}
        {{- 'Assistant: ' + content }}
        {%- if message['tool_calls'] %}
            {{- ' ' if content else '' }}{{- message['tool_calls'] | tojson }}
        {%- endif %}
        {{- eos_token if eos_token is defined else '' }}{{- '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- 'Assistant:' }}
{%- endif %}
"""
"""What is used where the model brings no template: speakers by name, the end token after each answer."""


class _Generation(Extension):
    """`{% generation %}`: authors of templates mark what the model says; the marks come out around it."""

    tags = {"generation"}  # noqa: RUF012 (jinja2's own way to say it)

    def parse(self, parser: Parser) -> nodes.Node:
        """A call whose body is drawn and put between the marks."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Callable[[], str]) -> str:
        return OPEN + caller() + CLOSE


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **rest: Any) -> str:
    """Jinja's own filter escapes for HTML, which a model should not see."""
    known = {name: rest[name] for name in ("separators", "sort_keys") if name in rest}
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **known)


class _Namespace(Namespace):
    """Jinja's own, without names that begin with an underscore: templates come from strangers."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            raise SecurityError(f"a namespace holds no {name}")
        super().__setitem__(name, value)


def _namespace(*given: dict[str, Any], **named: Any) -> _Namespace:
    made = _Namespace()
    for some in (*given, named):
        for name, value in some.items():
            made[name] = value
    return made


def _dict(*given: Any, **named: Any) -> dict[str, Any]:
    return dict(*given, **named)


def _now(form: str) -> str:
    return datetime.now().strftime(form)


@lru_cache(1)
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    made.filters["tojson"] = _tojson
    cast("dict[str, Any]", made.globals).update(
        raise_exception=_refuse, strftime_now=_now, namespace=_namespace, dict=_dict
    )
    return made


def drawer(template: str, tokens: dict[str, str]) -> Draw:
    """What draws conversations by `template`; `tokens` are the special tokens it may name. Raises jinja2.TemplateError, and
    what is drawn may raise that or whatever a template can do wrong."""
    compiled = _environment().from_string(template)

    def draw(messages: list[Turn], answer: bool) -> str:
        return compiled.render(messages=messages, add_generation_prompt=answer, tools=None, documents=None, **tokens)

    return draw
