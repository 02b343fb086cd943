"""The one error that users meet, and the table of its codes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

CODES: dict[str, int] = {
    "config_invalid": 422,
    "config_unreadable": 422,
    "dataset_not_found": 404,
    "dataset_empty": 422,
    "dataset_kind": 409,
    "dataset_unreadable": 422,
    "archive_refused": 422,
    "base_model_not_found": 404,
    "base_model_unknown": 422,
    "base_model_mismatch": 422,
    "base_not_prepared": 409,
    "weights_unreadable": 422,
    "pickle_refused": 422,
    "lora_unreadable": 422,
    "lora_mismatch": 422,
    "lora_not_found": 404,
    "lora_not_reproduced": 500,
    "preset_not_found": 404,
    "run_not_found": 404,
    "run_busy": 409,
    "checkpoint_unreadable": 422,
    "loss_not_finite": 422,
    "disk_full": 507,
    "not_writable": 403,
    "out_of_memory": 507,
    "device_unavailable": 422,
    "extra_missing": 501,
    "file_not_found": 404,
    "interrupted": 409,
    "child_died": 500,
    "internal": 500,
    "database_unusable": 500,
    "request_invalid": 422,
    "not_found": 404,
    "method_not_allowed": 405,
    "login_needed": 401,
    "login_failed": 401,
    "not_allowed": 403,
    "foreign_request": 403,
    "too_many_requests": 429,
    "too_large": 413,
    "name_taken": 409,
    "image_not_found": 404,
    "example_not_found": 404,
    "example_invalid": 422,
    "upload_not_found": 404,
    "upload_refused": 422,
    "upload_offset": 409,
    "upload_expired": 410,
    "upload_protocol": 412,
    "upload_content_type": 415,
    "checkpoint_not_found": 404,
    "run_not_ready": 409,
    "run_lost": 500,
    "run_hung": 500,
    "in_use": 409,
    "address_in_use": 409,
    "caption_model_not_found": 404,
    "caption_model_unusable": 422,
    "endpoint_unreachable": 502,
    "endpoint_refused": 502,
    "captions_failed": 422,
    "edit_conflict": 409,
    "pattern_invalid": 422,
    "change_not_found": 404,
    "drawing_not_found": 404,
    "publication_not_found": 404,
    "lora_untested": 409,
    "hub_refused": 502,
    "stale_lease": 409,
    "worker_not_found": 404,
    "worker_refused": 403,
    "checksum_mismatch": 422,
    "blobs_unreachable": 502,
    "no_such_device": 422,
    "quota_reached": 409,
    "time_limit": 409,
    "cluster_unreachable": 502,
    "cluster_refused": 502,
    "preempted": 409,
    "image_unavailable": 502,
}
"""Error code -> HTTP status. A code that is not listed here cannot be raised."""


class Problem(BaseModel):
    """One thing wrong with a config: which key, the value that stood there, what is wrong, what to do."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: Any = None
    message: str
    hint: str = ""
    kind: str = ""
    """What kind of fault, for translation: pydantic's type of error, or empty."""
    limits: dict[str, Any] = {}
    """The numbers in `message`, by pydantic's names."""


class LoomError(Exception):
    """What went wrong in the user's words, and what to do about it.

    `code` is a key of `CODES`; `problems` lists every fault of a config at once.
    """

    def __init__(self, code: str, message: str, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        if code not in CODES:
            raise ValueError(f"unknown error code {code!r}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.problems = problems

    @property
    def status(self) -> int:
        """HTTP status for this error."""
        return CODES[self.code]
