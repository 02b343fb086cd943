"""A data set of pictures: where it lies, how pictures are prepared, and the report of what was taken or skipped."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.spec.knob import Group, knob

SkipReason = Literal[
    "not_a_picture",
    "truncated",
    "too_small",
    "too_large",
    "bomb",
    "duplicate",
    "unreadable",
    "unsupported",
    "unsafe_name",
    "empty_file",
    "mask",
    "cache",
    "hidden",
    "switched_off",
    "program",
    "pickle",
    "polyglot",
    "archive",
    "weights",
]
WarningReason = Literal[
    "empty_caption",
    "no_caption",
    "caption_encoding",
    "animated",
    "alpha",
    "colour_mode",
    "sixteen_bit",
    "exif_rotated",
    "mask_unreadable",
    "caption_without_picture",
    "metadata_row",
    "folder_name",
    "tail",
]


class Dataset(Group):
    """Where the pictures are and how they are prepared for training."""

    path: str = knob(..., "Folder or zip of pictures, with captions beside them or in a metadata file.", min_length=1)
    metadata_path: str | None = knob(
        None, "CSV, JSON or JSONL with captions; found by itself when it lies in the folder."
    )
    resolution: int = knob(
        512,
        "Side of the square whose area each picture is scaled to. `auto`: the base model's own, or what fits.",
        "pixels",
        ge=32,
        le=4096,
        multiple_of=8,
    )
    buckets: bool = knob(
        True, "Keep aspect ratios by sorting pictures into buckets; off: every picture is cropped square."
    )
    bucket_step: int = knob(
        64, "Sides of buckets are multiples of this; smaller crops less, more buckets.", "pixels", ge=8, multiple_of=8
    )
    max_aspect: float = knob(
        2.0, "Longest side over shortest side of a bucket; longer pictures are cropped.", ge=1, le=8
    )
    upscale: bool = knob(True, "Enlarge pictures smaller than their bucket; off: they are skipped as too small.")
    min_side: int = knob(16, "Pictures with a shorter side are skipped.", "pixels", ge=1)
    crop: Literal["center", "random"] = knob(
        "center", "Where a picture is cut to its bucket; random needs several cached variants."
    )
    crop_variants: int = knob(
        4, "How many random crops of a picture are cached when `crop` is random.", "crops", ge=1, le=64
    )
    flip: bool = knob(
        False, "Also train on mirrored pictures: doubles variety, wrong for text and asymmetric subjects."
    )
    repeats: int = knob(1, "How often each picture counts in an epoch (kohya folders set their own).", "times", ge=1)
    background: str = knob("white", "Colour put behind transparent pictures, a name or #rrggbb.")
    masks: bool = knob(True, "Use `<name>-masklabel.png` beside a picture as its loss mask.")


class FileNote(BaseModel):
    """Why one file was skipped, or what was noticed about one that was taken."""

    model_config = ConfigDict(frozen=True)

    file: str
    reason: SkipReason | WarningReason
    message: str


class Image(BaseModel):
    """One picture that was taken. `width` and `height` in pixels, after EXIF rotation."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Absolute path of the picture (inside the unpacked folder for a zip)."""
    name: str
    """Path relative to the data set, with forward slashes: a label, never used to open a file."""
    width: int
    height: int
    sha256: str
    """Hash of the file's bytes: the key of caches and the test for duplicates."""
    captions: tuple[str, ...] = ()
    """Alternatives as stored (before `CaptionRules`); empty means no caption."""
    repeats: int = 1
    held_out: bool = False
    """Kept for validation, whatever share the config holds out."""
    crop: tuple[float, float, float, float] | None = None
    """Left, top, width and height of the part to train on, as fractions of the upright picture."""
    mask: str | None = None
    """Absolute path of the mask, if there is one and masks are on."""
    mask_sha256: str | None = None
    """Hash of the mask file's bytes: a mask that was painted over is another mask."""


class Bucket(BaseModel):
    """Pictures trained at one size. Steps an epoch are ceil(sum of repeats / batch)."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    images: int
    samples: int
    """Pictures times repeats."""
    steps: int
    """Batches an epoch, before accumulation."""


class DatasetReport(BaseModel):
    """What `dataset check` prints and what a run starts from."""

    path: str
    images: list[Image] = Field(default_factory=list[Image])
    skipped: list[FileNote] = Field(default_factory=list[FileNote])
    warnings: list[FileNote] = Field(default_factory=list[FileNote])
    files: int = 0
    """Files met: images, skipped, attached, and captions whose picture is missing (a warning each). A folder that is not
    looked into counts as one."""
    attached: int = 0
    """Captions, masks and metadata files that belong to pictures."""


class Plan(BaseModel):
    """What one run will do with a data set, counted before it starts; the run does exactly this."""

    model_config = ConfigDict(frozen=True)

    images: tuple[Image, ...]
    """Pictures that are trained on; the sampler's indices point here."""
    held_out: tuple[Image, ...] = ()
    """Pictures kept for validation, never trained on."""
    sizes: dict[str, tuple[int, int]]
    """`Image.name` -> (width, height) in pixels, for both kinds."""
    buckets: tuple[Bucket, ...]
    """Buckets that hold training pictures, narrowest first."""
    samples: int
    """Training pictures times repeats: what one epoch shows."""
    batch_size: int
    accumulation: int
    flip: bool
    """Whether a picture is mirrored at every second step, by chance."""
    variants: int
    """Crops of each picture among which one is drawn; 1 when the crop is centred."""
    batches_per_epoch: int
    """Sum over buckets of ceil(samples / batch_size); the last batch of a bucket may be smaller."""
    steps_per_epoch: int
    """ceil(batches_per_epoch / accumulation)."""
    total_batches: int
    total_steps: int
    """Optimizer steps of the whole run: ceil(total_batches / accumulation), as accumulation runs on across epochs."""
    epochs: float
    """total_batches / batches_per_epoch: a whole number unless the length was given in steps."""

    @property
    def validation(self) -> tuple[str, ...]:
        """Names of the pictures held out."""
        return tuple(image.name for image in self.held_out)
