"""What stands around the turns of a chat in a model's template, found by drawing it; and the same as an Ollama template."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.data.examples.words import Words
from loraloom.spec.errors import LoomError
from loraloom.spec.example import Example, Message, Role

SYSTEM, FIRST, ANSWER, SECOND = "loomsystemtext", "loomfirsttext", "loomanswertext", "loomsecondtext"
"""Texts that no template holds."""


@dataclass(frozen=True)
class Turns:
    """Texts around what is said. `inside`: the system prompt stands within the first question."""

    before_system: str
    after_system: str
    before_user: str
    after_user: str
    before_answer: str
    """What an answer begins with that the model says itself, such as a blank."""
    after_answer: str
    inside: bool
    default_system: str
    """What the template tells a model that was told nothing; empty where it says nothing of its own."""

    def draw(self, turns: tuple[tuple[Role, str], ...]) -> str:
        """A conversation that ends with a question, up to where the model answers."""
        told = dict(turns).get("system", self.default_system)
        system = f"{self.before_system}{told}{self.after_system}" if told else ""
        text = ""
        for role, content in turns:
            if role == "user":
                text += self.before_user + (system if self.inside and not text else "") + content + self.after_user
            elif role == "assistant":
                text += self.before_answer + content + self.after_answer
        return text if self.inside else system + text

    def to_ollama(self) -> str | None:
        """The template in Go's language, as Ollama fills it in for every turn; None where that cannot be said in it."""
        system = f"{{{{ if .System }}}}{self.before_system}{{{{ .System }}}}{self.after_system}{{{{ end }}}}"
        if self.inside:
            text = f"{self.before_user}{system}{{{{ .Prompt }}}}{self.after_user}"
        else:
            text = f"{system}{{{{ if .Prompt }}}}{self.before_user}{{{{ .Prompt }}}}{self.after_user}{{{{ end }}}}"
        said = (self.before_system, self.after_system, self.before_user, self.after_user, self.after_answer)
        if self.before_answer.strip() or any(mark in part for part in said for mark in ("{{", "}}", '"""')):
            return None
        return f"{text}{{{{ .Response }}}}{self.after_answer}"


def turns_of(words: Words) -> Turns | None:
    """The turns of a model's template; None where it does more than to put texts around what is said."""
    try:
        found = _find(words)
    except (LoomError, ValueError):
        return None
    tests: tuple[tuple[tuple[Role, str], ...], ...] = (
        (("user", "a"),),
        (("system", "b"), ("user", "a")),
        (("user", "a"), ("assistant", "c"), ("user", "d")),
        (("system", "b"), ("user", "a"), ("assistant", "c"), ("user", "d"), ("assistant", "e"), ("user", "f")),
    )
    same = all(found.draw(test) == _prompt(words, *test) for test in tests)
    return found if same else None


def _find(words: Words) -> Turns:
    """Raises ValueError where a text does not come back."""
    head, after_user = _prompt(words, ("user", FIRST)).split(FIRST)
    before_system, rest = _prompt(words, ("system", SYSTEM), ("user", FIRST)).split(SYSTEM)
    between = rest.split(FIRST)[0]
    conversation = _prompt(words, ("user", FIRST), ("assistant", ANSWER), ("user", SECOND))
    before, after = conversation.split(FIRST)[1].split(ANSWER)
    gap = after.split(SECOND)[0]  # the end of an answer and the beginning of a question
    if gap.endswith(head):
        before_user, after_answer, default = head, gap.removesuffix(head), ""
    else:
        after_answer = _whole(words).split(ANSWER)[1]
        before_user = gap.removeprefix(after_answer)
        default = head.removeprefix(before_system).removesuffix(between)
    inside = head == before_system
    return Turns(
        before_system="" if inside else before_system,
        after_system=between if inside else between.removesuffix(before_user),
        before_user=before_user,
        after_user=after_user,
        before_answer=before.removeprefix(after_user),
        after_answer=after_answer,
        inside=inside,
        default_system=default,
    )


def _prompt(words: Words, *turns: tuple[Role, str]) -> str:
    """Without the token that begins a text: the program that loads the model adds it."""
    text = words.prompt(tuple(Message(role=role, content=content) for role, content in turns))
    return text.removeprefix(words.tokens.get("bos_token", "")) if _begins(words) else text


def _begins(words: Words) -> bool:
    """Whether the token is one for beginnings, rather than one that templates use for turns too."""
    token = words.tokens.get("bos_token", "")
    return bool(token) and words.prompt((Message(role="user", content=FIRST),)).count(token) == 1


def _whole(words: Words) -> str:
    question, answer = Message(role="user", content=FIRST), Message(role="assistant", content=ANSWER)
    return words.render(Example(messages=(question, answer))).text
