"""Queries on data sets and their pictures. A list costs the same few queries however many pictures there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store import examples
from loraloom.store.tables import Artifact, Dataset, Drawing, Image, Problem, Run, User

COVERS = 4


@dataclass
class Summary:
    """What a list says of one data set: how many pictures, how many with a caption, how many texts and drafts among them,
    bytes, problems, first pictures."""

    images: int = 0
    captioned: int = 0
    examples: int = 0
    drafts: int = 0
    bytes: int = 0
    problems: int = 0
    covers: list[str] = field(default_factory=list[str])


def get_dataset(session: Session, dataset_id: str) -> Dataset:
    """The data set. Raises LoomError `dataset_not_found`."""
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise LoomError(
            "dataset_not_found", "There is no such data set.", "It may have been deleted; look at the list."
        )
    return dataset


def own_dataset(session: Session, dataset_id: str, user: User) -> Dataset:
    """The data set, if `user` may change it. Raises LoomError `dataset_not_found`, `not_allowed`."""
    dataset = get_dataset(session, dataset_id)
    if dataset.user_id != user.id and not user.admin:
        raise LoomError("not_allowed", "This data set belongs to somebody else.", "Make one of your own.")
    return dataset


def get_image(session: Session, image_id: str) -> Image:
    """The picture. Raises LoomError `image_not_found`."""
    image = session.get(Image, image_id)
    if image is None:
        raise LoomError(
            "image_not_found", "There is no such picture.", "It may have been deleted; load the page again."
        )
    return image


def images_of(session: Session, dataset_id: str) -> list[Image]:
    """Every picture of the data set that was not removed, the oldest first."""
    return list(session.scalars(matching(dataset_id, None).order_by(Image.id)))


def matching(dataset_id: str, search: str | None, removed: bool = False) -> Select[Image]:
    """The pictures of the data set (or those removed from it) whose name or caption holds `search`."""
    found = select(Image).where(Image.dataset_id == dataset_id, Image.removed.is_(removed))
    if search:
        found = found.where(
            Image.name.icontains(search, autoescape=True) | Image.caption.icontains(search, autoescape=True)
        )
    return found


def summaries(session: Session, ids: Collection[str]) -> dict[str, Summary]:
    """What there is to say of each data set of `ids`, in four queries."""
    found = {dataset_id: Summary() for dataset_id in ids}
    counts = (
        select(Image.dataset_id, func.count(), func.count(func.nullif(Image.caption, "")), func.sum(Image.bytes))
        .where(Image.dataset_id.in_(ids), Image.removed.is_(False))
        .group_by(Image.dataset_id)
    )
    for dataset_id, images, captioned, size in session.execute(counts):
        found[dataset_id] = Summary(images, captioned, bytes=int(size))
    for dataset_id, (count, drafts, letters) in examples.counts(session, ids).items():
        said = found[dataset_id]
        said.examples, said.drafts, said.bytes = count, drafts, said.bytes + letters
    problems = select(Problem.dataset_id, func.count()).where(Problem.dataset_id.in_(ids)).group_by(Problem.dataset_id)
    for dataset_id, count in session.execute(problems):
        found[dataset_id].problems = count
    place = func.row_number().over(partition_by=Image.dataset_id, order_by=Image.id).label("place")
    ranked = (
        select(Image.dataset_id, Image.id, place).where(Image.dataset_id.in_(ids), Image.removed.is_(False)).subquery()
    )
    firsts = select(ranked.c.dataset_id, ranked.c.id).where(ranked.c.place <= COVERS).order_by(ranked.c.id)
    for dataset_id, image_id in session.execute(firsts):
        found[dataset_id].covers.append(image_id)
    return found


def check_free(session: Session, dataset_id: str) -> None:
    """Raises LoomError `in_use` while a run that has not copied the data set yet waits for it."""
    waits = select(Run.name).where(Run.dataset_id == dataset_id, Run.state.in_(("queued", "preparing"))).limit(1)
    name = session.scalar(waits)
    if name is not None:
        raise LoomError(
            "in_use", f"The run {name!r} still needs this data set.", "Wait until it runs, or cancel it first."
        )


def unused(session: Session, blobs: Collection[str]) -> set[str]:
    """Those of `blobs` that no picture names, as itself or as its mask, no drawing and no file of a run."""
    keys = sorted(set(blobs))
    used: set[str] = set()
    for column in (Image.blob, Image.mask, Drawing.blob, Artifact.sha256):
        for at in range(0, len(keys), 500):
            used.update(filter(None, session.scalars(select(column).where(column.in_(keys[at : at + 500])).distinct())))
    return set(keys) - used


def add_image(session: Session, image: Image) -> tuple[Image, bool]:
    """Add `image`, under another name when its own is taken; or the picture with the same pixels that is there already.

    The second value says whether it is new; one that was removed comes back and counts as new. Callers hold a lock: nobody
    else adds meanwhile.
    """
    same = select(Image).where(Image.dataset_id == image.dataset_id, Image.blob == image.blob)
    there = session.scalar(same)
    if there is not None:
        was_removed, there.removed = there.removed, False
        return there, was_removed
    image.name = _free_name(session, image.dataset_id, image.name)
    session.add(image)
    session.flush()
    return image, True


def _free_name(session: Session, dataset_id: str, name: str) -> str:
    head, dot, extension = name.rpartition(".")
    stem, end = (head, dot + extension) if dot and "/" not in extension else (name, "")
    tried, number = name, 1
    while session.scalar(select(Image.id).where(Image.dataset_id == dataset_id, Image.name == tried)) is not None:
        number += 1
        tried = f"{stem} ({number}){end}"
    return tried


def named_like(session: Session, dataset_id: str, stem: str) -> Sequence[Image]:
    """Pictures whose name is `stem` and an extension, whatever the case."""
    begins = Image.name.istartswith(f"{stem}.", autoescape=True)
    return session.scalars(matching(dataset_id, None).where(begins).order_by(Image.id)).all()


def names_of(session: Session, dataset_id: str) -> list[str]:
    """Every picture's name."""
    return list(session.scalars(matching(dataset_id, None).with_only_columns(Image.name).order_by(Image.id)))


def by_name(session: Session, dataset_id: str, name: str) -> Image | None:
    """The picture of this name."""
    return session.scalar(matching(dataset_id, None).where(Image.name == name))


def add_problems(session: Session, dataset_id: str, rows: Iterable[tuple[str, str, str]]) -> None:
    """Note (file, reason, message) of files that were refused or odd. What was said of a file before is said anew."""
    rows = list(rows)
    for file in {file for file, _, _ in rows}:
        session.execute(delete(Problem).where(Problem.dataset_id == dataset_id, Problem.file == file))
    session.add_all(Problem(dataset_id=dataset_id, file=f, reason=r, message=m) for f, r, m in rows)


def solve(session: Session, dataset_id: str, file: str, reason: str) -> None:
    """Forget a problem that is none any more."""
    session.execute(
        delete(Problem).where(Problem.dataset_id == dataset_id, Problem.file == file, Problem.reason == reason)
    )


def solve_all(session: Session, dataset_id: str, files: Collection[str]) -> None:
    """Forget what was said of `files`: they were taken now."""
    session.execute(delete(Problem).where(Problem.dataset_id == dataset_id, Problem.file.in_(files)))
