"""What a person may do to many pictures of a data set at once: the same models in the API and in the history."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Tag = Annotated[str, Field(min_length=1, max_length=500)]
Tags = Annotated[list[Tag], Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Replace(_Edit):
    """Find and replace: plain text, a whole tag, or a regular expression with groups as `\\1`."""

    do: Literal["replace"] = "replace"
    find: Words
    put: str = Field("", max_length=2000)
    regex: bool = False
    case: bool = Field(False, description="Whether upper and lower case are told apart.")
    whole_tag: bool = False


class Prefix(_Edit):
    """Text before the caption, unless it begins with it."""

    do: Literal["prefix"] = "prefix"
    text: Words


class Suffix(_Edit):
    """Text after the caption, unless it ends with it."""

    do: Literal["suffix"] = "suffix"
    text: Words


class Trigger(_Edit):
    """The trigger word as the first tag; where it stands elsewhere it is moved there."""

    do: Literal["trigger"] = "trigger"
    text: Tag


class AddTags(_Edit):
    """Tags that are not there yet."""

    do: Literal["add_tags"] = "add_tags"
    tags: Tags
    at: Literal["start", "end"] = "end"


class RemoveTags(_Edit):
    """Tags that go."""

    do: Literal["remove_tags"] = "remove_tags"
    tags: Tags


class RenameTag(_Edit):
    """One tag by another; merged with it where both stand."""

    do: Literal["rename_tag"] = "rename_tag"
    old: Tag
    new: Tag


class SortTags(_Edit):
    """Tags in order of the alphabet."""

    do: Literal["sort_tags"] = "sort_tags"


class DedupeTags(_Edit):
    """Of equal tags the first stays."""

    do: Literal["dedupe_tags"] = "dedupe_tags"


class FullWidth(_Edit):
    """Full-width commas become plain ones, as trainers split tags by those."""

    do: Literal["full_width"] = "full_width"


class SetCaption(_Edit):
    """One caption for all of them."""

    do: Literal["set"] = "set"
    caption: str = Field(max_length=20_000)


class HoldOut(_Edit):
    """Pictures for validation alone, or for training again."""

    do: Literal["hold_out"] = "hold_out"
    on: bool


class Repeats(_Edit):
    """How often a picture counts in an epoch."""

    do: Literal["repeats"] = "repeats"
    times: int = Field(ge=1, le=1000)


class Remove(_Edit):
    """Out of the set, until they are brought back."""

    do: Literal["remove"] = "remove"


class BringBack(_Edit):
    """Removed pictures back into the set."""

    do: Literal["bring_back"] = "bring_back"


CaptionEdit = (
    Replace
    | Prefix
    | Suffix
    | Trigger
    | AddTags
    | RemoveTags
    | RenameTag
    | SortTags
    | DedupeTags
    | FullWidth
    | SetCaption
)
"""What changes captions, and nothing else."""
Edit = Annotated[CaptionEdit | HoldOut | Repeats | Remove | BringBack, Field(discriminator="do")]
