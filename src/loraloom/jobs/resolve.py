"""From what the user wrote to the frozen `Run`: import, preset, base model's defaults, and every problem at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loraloom import presets
from loraloom.jobs import environment, folder, merge
from loraloom.spec import check
from loraloom.spec.errors import LoomError, Problem
from loraloom.spec.importers import recognise
from loraloom.spec.importers.imported import Imported
from loraloom.spec.run import FAMILIES, NATIVE_RESOLUTION, RUN, Run

if TYPE_CHECKING:
    from loraloom.models.resolve import BaseModel

PATHS = (("dataset", "path"), ("dataset", "metadata_path"), ("tensorboard_dir",))


@dataclass(frozen=True)
class Resolved:
    """A config that is whole and can run on this machine."""

    run: Run
    source: str = "loraloom"
    """Whose config it was."""
    preset: str | None = None
    out: Path | None = None
    """Folder the config itself asks for."""
    notes: tuple[str, ...] = ()
    """What could not be carried over, and what was chosen for the user."""
    auto: frozenset[str] = frozenset()
    """Dotted keys that were left to Loom (`auto`), for `jobs.auto`; `run` has stand-ins there."""


def resolve(config: Mapping[str, Any], sets: Sequence[str] = (), name: str | None = None) -> Resolved:
    """Read `config`, with `sets` (`key=value`) laid over it; `name` names the run if nothing else does.

    Raises LoomError `config_invalid` with every problem of the config and of its surroundings.
    """
    imported = import_config(config)
    wanted = merge.over(imported.config, merge.settings(sets))
    problems: list[Problem] = []
    preset = wanted.pop("preset", None) or imported.preset
    usual = default_base(wanted | {"preset": preset})
    wanted = _with_preset(wanted, preset, problems)
    if name:
        wanted.setdefault("name", name)

    base = environment.base_of(wanted.setdefault("base_model", usual))
    known = None if isinstance(base, Problem) else base
    wanted, auto = _take_auto(wanted, wanted.get("family", known.family if known else None))
    if isinstance(base, Problem):
        problems.append(base)
    else:
        wanted = _with_base(wanted, base, problems)
        _check_preset(preset, wanted.get("family"), problems)
    problems += check.find_problems(wanted)
    problems += environment.find_problems(wanted, known)
    if problems:
        raise check.refusal([_as_written(problem, imported) for problem in _once(problems)])
    run = RUN.validate_python(_absolute(wanted))
    out = folder.absolute(imported.out) if imported.out else None
    return Resolved(run, imported.source, preset, out, imported.notes, auto)


def default_base(config: Mapping[str, Any]) -> str:
    """The base model of a `config` that names none: the embedded one of its family, or of its preset's."""
    family = config.get("family")
    if family is None and str(config.get("preset")) in presets.names():
        family = presets.read(str(config["preset"])).families[0]
    return check.fields_at((), family if family in FAMILIES else "sd1")["base_model"].default


def _take_auto(config: dict[str, Any], family: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """The config without the settings that say `auto`, and which those are. A batch stands in as one picture or text, the
    resolution as the base model's own."""
    found: set[str] = set()
    places: list[tuple[str, str, dict[str, Any]]] = [("training", "batch_size", {"batch_size": 1})]
    if family != "causal_lm":
        places.append(("dataset", "resolution", {}))
    for group, key, instead in places:
        place: Any = config.get(group)
        if isinstance(place, dict) and place.get(key) == "auto":  # pyright: ignore[reportUnknownMemberType]
            found.add(f"{group}.{key}")
            rest: dict[str, Any] = {name: value for name, value in place.items() if name != key}  # pyright: ignore[reportUnknownVariableType]
            config = config | {group: rest | instead}
    return config, frozenset(found)


def import_config(config: Mapping[str, Any]) -> Imported:
    """`config` in our own words, with what could not be carried over. Raises LoomError `config_invalid`."""
    importer = recognise(config)
    return importer.convert(config) if importer else Imported("loraloom", dict(config))


def _with_preset(config: dict[str, Any], name: Any, problems: list[Problem]) -> dict[str, Any]:
    if name is None:
        return config
    try:
        return merge.over(presets.read(str(name)).settings, config)
    except LoomError as error:
        problems.append(Problem(key="preset", value=name, message=error.message.rstrip("."), hint=error.hint))
        return config


def _check_preset(name: Any, family: Any, problems: list[Problem]) -> None:
    if name is None or str(name) not in presets.names():
        return
    fits = presets.read(str(name)).families
    if family in FAMILIES and family not in fits:
        message = f"the preset {name!r} is for {', '.join(fits)}; this run is of family {family}"
        problems.append(Problem(key="preset", value=name, message=message, hint="`loraloom presets` lists them all."))


def _with_base(config: dict[str, Any], base: BaseModel, problems: list[Problem]) -> dict[str, Any]:
    """What follows from the base model where the user left it open: the family and the resolution."""
    family = config.get("family", base.family)
    if family is None:
        message = f"what kind of model {base.name} is cannot be told before it is downloaded"
        hint = f"Add `family:` with one of {', '.join(FAMILIES)}."
        problems.append(Problem(key="family", message=message, hint=hint))
        return config
    dataset = config.get("dataset")
    resolution = base.resolution or NATIVE_RESOLUTION.get(family)
    if isinstance(dataset, dict) and resolution:
        config = config | {"dataset": {"resolution": resolution} | dataset}
    return {"family": family} | config


def _absolute(config: dict[str, Any]) -> dict[str, Any]:
    """Paths made absolute, so that the run can go on from anywhere. They were relative to the current folder."""
    config = merge.over({}, config)
    for *groups, leaf in PATHS:
        group: Any = config
        for key in groups:
            group = group.get(key, {})
        if isinstance(group.get(leaf), str):
            group[leaf] = str(folder.absolute(group[leaf]))
    base = config.get("base_model")
    if isinstance(base, str) and Path(base).expanduser().exists() and base != "thimble":
        config["base_model"] = str(folder.absolute(base))
    return config


def _as_written(problem: Problem, imported: Imported) -> Problem:
    """The problem under the key that the user wrote, when the config was a foreign one."""
    written = imported.origin.get(problem.key)
    return problem.model_copy(update={"key": written}) if written else problem


def _once(problems: list[Problem]) -> list[Problem]:
    """Without repetitions: the first word on a key about the same value stands."""
    kept: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        kept.setdefault((problem.key, problem.message), problem)
    return list(kept.values())
