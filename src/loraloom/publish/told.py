"""What a published card tells beside use and settings: evidence, samples, limits, hashes, changes, licences."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.publish.evidence import best_column
from loraloom.publish.grid import Grid
from loraloom.publish.markdown import one_line, quoted, table
from loraloom.publish.subject import Subject
from loraloom.spec.experiment import cells
from loraloom.spec.publication import Evidence, Publish

NO_LICENSE = "The author has not said. Ask before you use it for more than trying it out."
NO_DATA_LICENSE = "Where the training data came from and who may use it, the author has not said."
ANSWERS = 3


@dataclass(frozen=True)
class Told:
    """What is said of one version. `grid` lies beside the card as `grid_file`."""

    asked: Publish
    evidence: Evidence
    version: int
    license: str
    """The LoRA's, as asked or as its run says."""
    base_licence: str
    """A sentence."""
    grid: Grid | None = None
    grid_file: str = ""


def samples(subject: Subject, told: Told) -> str:
    """The grid with its prompts, or for texts a few answers."""
    if subject.kind == "texts":
        return _answers(subject)
    if told.grid is None or not told.grid_file:
        return ""
    lines = [f"{row}. {quoted(prompt)}" for row, prompt in enumerate(told.grid.prompts, 1)]
    heads = ", ".join("the base model alone" if head == "base" else f"strength {head}" for head in told.grid.heads)
    return "\n".join(
        ("## Samples", "", f"![samples]({told.grid_file})", "", f"From left to right: {heads}.", "", *lines)
    )


def trained_on(subject: Subject, told: Told) -> str:
    """Counts and what was said of the data; never what is in it."""
    thing = "texts" if subject.kind == "texts" else "pictures"
    known = told.evidence
    counts = [
        f"{known.images} {thing if known.images != 1 else thing[:-1]}" if known.images is not None else "",
        f"at {known.resolution} px" if known.resolution else "",
        f"for {known.steps} steps" if known.steps else "",
    ]
    said = " ".join(count for count in counts if count)
    first = f"It was trained on {said}." if known.images is not None else f"It was trained {said}." if said else ""
    return "\n\n".join(
        ("## What it was trained on", " ".join((first, told.asked.data_license.strip() or NO_DATA_LICENSE)).strip())
    )


def strength(told: Told) -> str:
    """The recommended strength and where it comes from; empty where nothing speaks for one."""
    found = told.evidence
    if found.strength_from == "usual":
        return ""
    votes = f"{found.votes} blind {'vote' if found.votes == 1 else 'votes'}"
    return (
        f"Recommended strength: **{found.strength:g}**, by {votes if found.strength_from == 'votes' else 'measures'}."
    )


def measured(told: Told) -> str:
    """What was measured of the recommended strength."""
    found = told.evidence
    rows = (
        ("Nearness to the prompt (CLIP; higher is nearer)", found.adherence),
        ("Distance from the look it was trained on (lower is nearer)", found.style),
        ("Diversity over seeds (0: always the same)", found.diversity),
        ("Likeness to the nearest training picture (1: a copy)", found.nearest),
        ("Change of prompts without the trigger (0: none)", found.leak),
        ("Perplexity of held-out texts (lower is better)", found.perplexity),
    )
    shown = [(name, f"{value:.3g}") for name, value in rows if value is not None]
    return f"## What was measured\n\n{table(shown)}" if shown else ""


def limits(told: Told) -> str:
    """What the numbers warn of."""
    lines = [f"- {limit}" for limit in told.evidence.limits]
    return "\n".join(("## Limits", "", *lines)) if lines else ""


def hash_table(file: str, told: Told) -> str:
    """Hashes, as others show them."""
    found = told.evidence.hashes
    rows = [("AutoV2", f"`{found.autov2}`"), ("SHA-256", f"`{found.sha256}`")]
    if found.sshs_model:
        rows += [("sshs_model_hash", f"`{found.sshs_model}`"), ("sshs_legacy_hash", f"`{found.sshs_legacy}`")]
    return f"## Hashes\n\nOf `{one_line(file)}`:\n\n{table(rows)}"


def changes(told: Told) -> str:
    """What is new since the version before."""
    said = told.asked.changes.strip()
    return f"## Version {told.version}\n\n{said}" if said else f"## Version {told.version}" if told.version > 1 else ""


def licence(told: Told) -> str:
    """The LoRA's licence and the base's."""
    return f"## Licence\n\n{told.license.strip() or NO_LICENSE}\n\n{told.base_licence}"


def _answers(subject: Subject) -> str:
    found = _of_experiment(subject) or [
        (sample.prompt, sample.text)
        for sample in subject.samples
        if sample.text and sample.step == max(other.step for other in subject.samples)
    ]
    lines = [f"{quoted(prompt)}\n\n{_quote(answer)}" for prompt, answer in found[:ANSWERS] if answer]
    return "\n\n".join(("## Samples", *lines)) if lines else ""


def _of_experiment(subject: Subject) -> list[tuple[str, str | None]]:
    best = best_column(subject.findings)
    if best is None:
        return []
    finding = best.finding
    mine = [cell for cell in cells(finding.experiment) if cell.column == best.number and cell.seed == 0]
    return [(finding.experiment.prompts[cell.prompt], finding.made.get(cell.number, (None, None))[1]) for cell in mine]


def _quote(text: str) -> str:
    """As a quotation, in which nothing is a heading, a picture or code of HTML."""
    return "\n".join(f">     {line}" for line in text.strip()[:1000].splitlines())
