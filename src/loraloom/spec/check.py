"""From a plain mapping to a frozen `Run`, or to every fault of it at once, each with its key and what to do."""

from __future__ import annotations

import difflib
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from loraloom.spec.errors import LoomError, Problem
from loraloom.spec.run import FAMILIES, RUN, Family, Run

Config = dict[str, Any]


def read(config: Config) -> Run:
    """Validate `config`. Raises LoomError `config_invalid` whose `problems` name every key that is wrong."""
    problems = find_problems(config)
    if problems:
        raise refusal(problems)
    return RUN.validate_python({"family": "sd1"} | config)


def refusal(problems: list[Problem]) -> LoomError:
    """The error that names all of `problems`, for whoever found them."""
    lines = [f"{p.key}: {p.message}" + (f" ({p.hint})" if p.hint else "") for p in problems]
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    return LoomError(
        "config_invalid",
        f"The config has {count}:\n  " + "\n  ".join(lines),
        "Correct these keys; `loraloom config schema` lists all of them.",
        tuple(problems),
    )


def find_problems(config: Config) -> list[Problem]:
    """Every fault of `config`. Keys that are wrong are taken out and the rest is checked again, so that rules that
    span several keys are reported in the same go."""
    family = config.get("family", "sd1")
    problems: list[Problem] = []
    if not isinstance(family, str) or family not in FAMILIES:
        problems.append(_family_problem(family))
        family = "sd1"
    rest = _copy(config) | {"family": family}
    seen: set[tuple[str, str]] = set()
    for _ in range(20):
        try:
            RUN.validate_python(rest)
            break
        except ValidationError as error:
            fresh = 0
            for fault in error.errors(include_url=False):
                path = tuple(p for p in fault["loc"][1:])
                problem = _problem(path, fault, family)
                if fault["type"] == "value_error" and _follows(problem, problems):
                    continue
                if (problem.key, problem.message) not in seen:
                    seen.add((problem.key, problem.message))
                    problems.append(problem)
                    fresh += 1
                _take_out(rest, path, fault["type"])
            if not fresh:
                break
    return problems


def _follows(rule: Problem, problems: list[Problem]) -> bool:
    """Whether `rule`, which spans the keys of a group, is broken only because one of those keys was wrong by itself."""
    inside = [p for p in problems if p.key.startswith(rule.key + ".")]
    return any(key in rule.message for p in inside for key in (p.key.split(".")[-1], _meant(p)))


def _meant(problem: Problem) -> str:
    """The last part of the key that the hint suggests; something that no message holds if it suggests none."""
    suggestion = problem.hint.partition("did you mean '")[2].partition("'")[0]
    return suggestion.split(".")[-1] or "\0"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in cast(Config, value).items()}
    return value


def _take_out(config: Config, path: tuple[Any, ...], kind: str) -> None:
    if not path or kind in ("missing", "value_error"):
        return
    inside: Any = config
    for key in path[:-1]:
        inside = cast(Config, inside).get(key) if isinstance(inside, dict) else None
    if isinstance(inside, dict):
        cast(Config, inside).pop(path[-1], None)
    elif len(path) > 1:
        _take_out(config, path[:-1], kind)


def fields_at(path: tuple[Any, ...], family: Family = "sd1") -> dict[str, Any]:
    """The field infos of the group at `path` (empty path: the run itself); empty where there is no such group."""
    model: Any = FAMILIES[family]
    for key in path:
        info = model.model_fields.get(key) if isinstance(model, type) and issubclass(model, BaseModel) else None
        if info is None:
            return {}
        model = info.annotation
    return dict(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else {}


def all_keys(family: Family = "sd1") -> list[str]:
    """Every key a config may have, dotted."""

    def walk(path: tuple[str, ...]) -> list[str]:
        found: list[str] = []
        for name in fields_at(path, family):
            deeper = walk((*path, name))
            found += deeper or [".".join((*path, name))]
        return found

    return walk(())


def _family_problem(value: Any) -> Problem:
    known = ", ".join(get_args(Family))
    near = difflib.get_close_matches(str(value).lower(), list(FAMILIES), 1, 0.4)
    return Problem(
        key="family",
        value=value,
        message=f"{value!r} is not a family",
        hint=f"did you mean {near[0]!r}?" if near else f"one of {known}",
        kind="literal_error",
        limits={"expected": known},
    )


def _problem(path: tuple[Any, ...], fault: Any, family: Family) -> Problem:
    key = ".".join(str(p) for p in path) or "config"
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    numbers = {name: limit for name, limit in context.items() if isinstance(limit, int | float | str)}
    if kind == "extra_forbidden":
        return Problem(key=key, value=value, message="is not a known key", hint=_nearest(path, family), kind=kind)
    if kind == "missing":
        return Problem(key=key, message="is missing", hint=_help_for(path, family), kind=kind)
    if kind == "value_error":
        return Problem(
            key=key, message=str(context.get("error", fault["msg"])), hint=_help_for(path, family), kind=kind
        )
    if kind == "literal_error":
        near = difflib.get_close_matches(str(value), _choices(str(context["expected"])), 1, 0.5)
        return Problem(
            key=key,
            value=value,
            message=f"{value!r} is not a choice",
            hint=(f"did you mean {near[0]!r}? " if near else "") + f"one of {context['expected']}",
            kind=kind,
            limits=numbers,
        )
    message = fault["msg"][:1].lower() + fault["msg"][1:]
    return Problem(
        key=key, value=value, message=f"{value!r}: {message}", hint=_help_for(path, family), kind=kind, limits=numbers
    )


def _choices(expected: str) -> list[str]:
    return [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]


def _help_for(path: tuple[Any, ...], family: Family) -> str:
    if not path:
        return ""
    info = fields_at(path[:-1], family).get(path[-1])
    return info.description or "" if info is not None else ""


def _nearest(path: tuple[Any, ...], family: Family) -> str:
    """The key that was probably meant: first among the siblings, then anywhere."""
    name = str(path[-1])
    siblings = difflib.get_close_matches(name, list(fields_at(path[:-1], family)), 1, 0.6)
    if siblings:
        return f"did you mean {'.'.join((*map(str, path[:-1]), siblings[0]))!r}?"
    by_leaf = {key.rsplit(".", 1)[-1]: key for key in all_keys(family)}
    elsewhere = difflib.get_close_matches(name, list(by_leaf), 1, 0.6)
    if elsewhere:
        return f"did you mean {by_leaf[elsewhere[0]]!r}?"
    return "remove it; known here: " + ", ".join(fields_at(path[:-1], family) or fields_at((), family))
