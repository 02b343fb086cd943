"""What is said of uploads in parts that go wrong, and the name of an upload to a folder."""

from __future__ import annotations

from loraloom.spec.errors import LoomError
from loraloom.store.blobs.contract import check


def read_size(key: str, upload_id: str) -> int:
    """Bytes of the file, from the id of an upload to a folder (`<key>-<size>`). Raises LoomError `upload_not_found`."""
    name, _, size = upload_id.partition("-")
    if name != check(key) or not (size.isascii() and size.isdigit() and len(size) < 16):
        raise lost()
    return int(size)


def lost() -> LoomError:
    """There is no such upload."""
    return LoomError("upload_not_found", "There is no such upload any more.", "Begin it again.")


def missing(number: int) -> LoomError:
    """A part was never received."""
    return LoomError("upload_not_found", f"Part {number} of the upload is not there.", "Send it, then complete again.")


def refuse(number: int) -> LoomError:
    """A part that no upload of this file has."""
    return LoomError(
        "upload_refused", f"Part {number} of the upload does not have the length that was agreed.", "Begin it again."
    )


def mismatch(key: str) -> LoomError:
    """What arrived is not what was sent."""
    return LoomError(
        "checksum_mismatch", f"The file {key[:12]} arrived with other bytes than were sent.", "Upload it again."
    )


def plain(etag: str) -> str:
    """An ETag as S3 and the uploader may both write it: without quotes, in small letters."""
    return etag.strip().strip('"').lower()
