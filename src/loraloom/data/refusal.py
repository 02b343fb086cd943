"""Why one file is not taken: passed around inside `data`, and turned into a note of the report."""

from __future__ import annotations

from loraloom.spec.dataset import FileNote, SkipReason


class Refused(Exception):
    """This file is not taken. `message` says why and what to do. Never leaves `loraloom.data`."""

    def __init__(self, reason: SkipReason, message: str) -> None:
        super().__init__(message)
        self.reason: SkipReason = reason
        self.message = message

    def note(self, name: str) -> FileNote:
        """The line of the report for the file labelled `name`."""
        return FileNote(file=name, reason=self.reason, message=self.message)
