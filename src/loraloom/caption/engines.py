"""The engine that a job asks for, loaded; each lives in a file of its own and is imported only when it is wanted."""

from __future__ import annotations

from loraloom.caption.engine import Engine
from loraloom.spec.captioning import CaptionerJob, CaptionJob, ClipJob, PhotoJob, TaggerJob, VlmJob
from loraloom.spec.engines import ENGINES


def load(job: CaptionJob) -> Engine:
    """Raises LoomError: `extra_missing`, `caption_model_not_found`, `caption_model_unusable`, `pickle_refused`,
    `device_unavailable`, `config_invalid`."""
    ENGINES[job.engine].require()
    match job:
        case ClipJob():
            from loraloom.caption.clip import load_clip

            return load_clip(job)
        case TaggerJob():
            from loraloom.caption.tagger import load_tagger

            return load_tagger(job)
        case CaptionerJob():
            from loraloom.caption.captioner import load_captioner

            return load_captioner(job)
        case VlmJob():
            from loraloom.caption.vlm import Vlm

            return Vlm(job)
        case PhotoJob():
            from loraloom.caption.photo import load_photo

            return load_photo(job)
