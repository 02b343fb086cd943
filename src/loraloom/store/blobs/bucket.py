"""A bucket of an S3-compatible store through boto3, whose mistakes are told in the words of this program."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from loraloom.spec.errors import LoomError
from loraloom.store.blobs.uploads import lost

_GONE = ("404", "NoSuchKey", "NotFound")
_HINT = "Check LORALOOM_BLOBS, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION."


class Bucket:
    """The objects of a bucket whose names begin with `prefix`; every `name` here is without it."""

    def __init__(self, client: Any, name: str, prefix: str = "") -> None:
        self.client, self.name, self._prefix = client, name, prefix.strip("/")

    def at(self, name: str) -> str:
        """The object's whole name."""
        return f"{self._prefix}/{name}" if self._prefix else name

    def plain(self, key: str) -> str:
        """The name of an object that the store calls `key`."""
        return key.removeprefix(f"{self._prefix}/") if self._prefix else key

    def call(self, what: str, name: str | None = None, **more: Any) -> dict[str, Any]:
        """One of boto3's calls, on the object `name` or on the bucket.

        Raises FileNotFoundError for an object that is not there, LoomError `upload_not_found`, `blobs_unreachable`.
        """
        if name is not None:
            more["Key"] = self.at(name)
        with told(self.name):
            return cast("dict[str, Any]", getattr(self.client, what)(Bucket=self.name, **more))

    def pages(self, what: str, prefix: str, kind: str) -> Iterator[tuple[dict[str, Any], datetime]]:
        """What a paged list holds under `kind`, each entry with the store's own time."""
        pages = iter(self.client.get_paginator(what).paginate(Bucket=self.name, Prefix=self.at(prefix)))
        while True:
            with told(self.name):
                page = next(pages, None)
            if page is None:
                return
            for entry in page.get(kind, []):
                yield entry, served_at(page)

    def head(self, name: str) -> dict[str, Any] | None:
        """What is known of an object; None: it is not there."""
        try:
            return self.call("head_object", name)
        except FileNotFoundError:
            return None

    def remove(self, names: list[str]) -> None:
        """Delete objects; those that are gone are no error."""
        for at in range(0, len(names), 1000):
            some = [{"Key": self.at(name)} for name in names[at : at + 1000]]
            reply = self.call("delete_objects", Delete={"Objects": some, "Quiet": True})
            for error in reply.get("Errors", []):
                raise unreachable(self.name, f"{error.get('Code')}: {error.get('Message')}")

    def sign(self, what: str, name: str, seconds: int, **more: Any) -> str:
        """An address that carries out one call, for `seconds`, without credentials."""
        params = {"Bucket": self.name, "Key": self.at(name), **more}
        with told(self.name):
            return cast("str", self.client.generate_presigned_url(what, Params=params, ExpiresIn=seconds))


def served_at(reply: dict[str, Any]) -> datetime:
    """When the store answered, by its own clock, as the times of its objects are."""
    said = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)


@contextmanager
def told(bucket: str) -> Generator[None]:
    """Errors of boto3 become ours."""
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import RetriesExceededError

    try:
        yield
    except ClientError as error:
        said = cast("dict[str, Any]", error.response).get("Error", {})
        code = str(said.get("Code", ""))
        if code in _GONE:
            raise FileNotFoundError("there is no such blob") from error
        if code == "NoSuchUpload":
            raise lost() from error
        raise unreachable(bucket, f"{code}: {said.get('Message', '')}".rstrip(": ")) from error
    except (BotoCoreError, RetriesExceededError) as error:
        raise unreachable(bucket, str(error)) from error


def unreachable(bucket: str, why: str) -> LoomError:
    """The bucket cannot be used now."""
    return LoomError("blobs_unreachable", f"The bucket {bucket!r} cannot be used: {why.rstrip('.')}.", _HINT)


def connect(name: str, prefix: str) -> Bucket:
    """The bucket, by the usual AWS_* variables and files. Raises LoomError `blobs_unreachable`, `extra_missing`."""
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError:
        raise LoomError(
            "extra_missing", "Files in S3 need the extra `s3`.", "Install it: pip install 'loraloom[s3]'."
        ) from None
    own = bool(os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL_S3"))
    common: dict[str, Any] = {
        "signature_version": "s3v4",
        "connect_timeout": 5,
        "read_timeout": 60,
        "s3": {"addressing_style": "path" if own else "auto"},  # stores of one's own seldom have a name for each bucket
        "request_checksum_calculation": "when_required",  # older stores know only Content-MD5, which we send
        "response_checksum_validation": "when_required",
    }
    region = os.environ.get("AWS_REGION") or None
    with told(name):
        session = cast("Any", Session(region_name=region))
        hasty = session.client("s3", config=Config(**common, retries={"mode": "standard", "total_max_attempts": 2}))
        try:
            Bucket(hasty, name).call("head_bucket")
        except FileNotFoundError:
            raise unreachable(name, "there is no such bucket") from None
        client = session.client(
            "s3",
            config=Config(**common, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=32),
        )
    return Bucket(client, name, prefix)
