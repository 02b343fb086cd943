"""From what an engine found to the caption that is stored: template, then what is there already, then the trigger word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from loraloom.data.captions import PLACEHOLDER, alternatives, with_trigger
from loraloom.spec.caption import CaptionRules
from loraloom.spec.captioning import CaptionJob
from loraloom.spec.errors import LoomError

_FIELD = re.compile(r"\{([^{}]*)\}")
_COMMAS = re.compile(r"[,，、]")
_MARK = "\x00"


def fill(template: str, caption: str, groups: Mapping[str, Sequence[str]] | None = None) -> str:
    """`template` with {caption}, {labels} and the {groups} in place, without holes; {trigger} becomes `[trigger]`.

    Empty when nothing was found, whatever the template says. Raises LoomError `config_invalid` for an unknown field.
    """
    check_template(template, groups or {})
    words = {name: ", ".join(labels) for name, labels in (groups or {}).items()}
    words |= {"caption": caption, "labels": caption, "trigger": PLACEHOLDER}
    if not any(words[name].strip() for name in words if name != "trigger"):
        return ""
    if template == "{caption}":
        return caption.strip()
    return _tidy(_FIELD.sub(lambda field: words[field[1].strip()], template))


def check_template(template: str, groups: Mapping[str, object]) -> None:
    """Raises LoomError `config_invalid` when `template` has a field that nothing can fill."""
    known = ["caption", "labels", "trigger", *groups]
    for name in _FIELD.findall(template):
        if name.strip() not in known:
            hint = "Fields are " + ", ".join(f"{{{field}}}" for field in dict.fromkeys(known)) + "."
            raise LoomError("config_invalid", f"template: nothing is called {{{name}}}.", hint)


def compose(existing: str | None, made: str, job: CaptionJob) -> str | None:
    """The caption to store for a picture that has `existing` (lines are alternatives), where `made` was found and filled
    into the template; None: leave it as it is. Made twice it changes nothing."""
    made, there = made.strip(), (existing or "").strip()
    if not made or (there and job.existing == "keep"):
        return None
    if not there or job.existing == "replace":
        text = _called(made, job.trigger)
    else:
        lines = [line.strip() for line in there.splitlines() if line.strip()]
        text = "\n".join(_called(_joined(line, made, job.existing == "append"), job.trigger) for line in lines)
    return None if text == (existing or "") else text


def _joined(there: str, made: str, behind: bool) -> str:
    """Both texts, without those tags of `made` that are there."""
    tags = {_plain(tag) for tag in _COMMAS.split(there)}
    found = _COMMAS.split(made)
    kept = [tag.strip() for tag in found if _plain(tag) not in tags]
    if not kept:
        return there
    new = made if len(kept) == len(found) else ", ".join(kept)  # whole: with its own commas
    first, second = (there, new) if behind else (new, there)
    return f"{first} {second}" if first[-1] in ".!?。！？" else f"{first.rstrip(',， ')}, {second}"


def _plain(tag: str) -> str:
    return " ".join(tag.casefold().split()).rstrip(".。")


def _called(text: str, trigger: str) -> str:
    """`text` with the trigger word once: it stays where it is, stands for the first `[trigger]`, or goes to the front."""
    if not trigger:
        return text  # a `[trigger]` that is there is filled by the training
    rules = CaptionRules(trigger=trigger)
    bare = with_trigger(text, CaptionRules())
    if alternatives((bare,), rules)[0] == bare:
        return bare
    marked = with_trigger(text.replace(PLACEHOLDER, _MARK, 1), CaptionRules())
    return marked.replace(_MARK, trigger) if _MARK in marked else alternatives((marked,), rules)[0]


def _tidy(text: str) -> str:
    """Without what empty fields leave: doubled blanks, empty tags, blanks before a comma."""
    text = " ".join(text.split())
    text = re.sub(r"(\s*[,，]\s*)(?=[,，.。]|$)", "", text)
    text = re.sub(r"\s+([,，.。])", r"\1", text)
    return text.strip(" ,，")
