"""Blobs in a real S3 server beside blobs in a folder: the same answers, and what only a bucket does."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs, FolderBlobs, link_or_copy, open_blobs, s3, s3_sweep
from loraloom.store.blobs.contract import PART_BYTES
from loraloom.store.blobs.names import BLOBS, GOING, YOUNG
from tests.s3_server import environment, free_port, make_bucket, s3_server

KEY = hashlib.sha256(b"hello").hexdigest()
OLD = 2.1
"""Seconds after which something is older than one second, by a clock that tells whole ones."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> s3.S3Blobs:
    """Blobs in an empty bucket."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    name = f"loom-{random.SystemRandom().getrandbits(60):x}"
    make_bucket(server, name)
    made = open_blobs(f"s3://{name}/team/blobs", tmp_path / "home")
    assert isinstance(made, s3.S3Blobs)
    return made


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        made = open_blobs(None, tmp_path / "home")
        assert isinstance(made, FolderBlobs)
        return made
    return request.getfixturevalue("bucket")


def put(url: str, data: bytes) -> str:
    """Plain HTTP, as a worker sends a part; the ETag that was answered."""
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=60)
    connection.request("PUT", f"{place.path}?{place.query}", body=data)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    assert reply.status == 200
    return reply.headers["ETag"]


def get(url: str) -> tuple[int, bytes]:
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=60)
    connection.request("GET", f"{place.path}?{place.query}")
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


def made(seed: int, size: int) -> tuple[str, bytes]:
    data = random.Random(seed).randbytes(size)
    return hashlib.sha256(data).hexdigest(), data


def age(blobs: Blobs, *keys: str) -> None:
    """Let the blobs be older than a second."""
    if isinstance(blobs, FolderBlobs):
        for key in keys:
            os.utime(blobs.path(key), (0, 0))
    else:
        time.sleep(OLD)


# What both can do


def test_put_twice(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello")
    assert not blobs.has(KEY) and not blobs.renew(KEY)
    assert blobs.put(b"hello") == blobs.put(tmp_path / "file") == KEY
    assert blobs.has(KEY) and blobs.renew(KEY) and blobs.size(KEY) == 5
    assert list(blobs.keys()) == [KEY] and blobs.total() == (5, 1)
    with blobs.open(KEY) as file:
        assert file.read() == b"hello"
    link_or_copy(blobs.path(KEY), tmp_path / "linked")
    assert (tmp_path / "linked").read_bytes() == b"hello"


@pytest.mark.parametrize("key", ["", "../x", KEY[:-1], KEY.upper(), KEY + "\n", "/etc/passwd"])
def test_only_keys_are_taken(blobs: Blobs, key: str) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: blobs.has(key),
        lambda: blobs.path(key),
        lambda: blobs.size(key),
        lambda: blobs.open(key),
        lambda: blobs.delete(key),
        lambda: blobs.renew(key),
        lambda: blobs.begin(key, 5),
        lambda: blobs.take_part(key, "x", 1, b""),
        lambda: blobs.complete(key, "x", []),
        lambda: blobs.thumbnail(key),
        lambda: blobs.keep_thumbnail(key, b"small"),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="not a key"):
            call()


def test_delete(blobs: Blobs) -> None:
    blobs.put(b"hello")
    blobs.keep_thumbnail(KEY, b"small")
    blobs.delete(KEY)
    blobs.delete(KEY)
    assert not blobs.has(KEY) and blobs.thumbnail(KEY) is None and list(blobs.keys()) == []
    for call in (blobs.open, blobs.size):
        with pytest.raises(FileNotFoundError):
            call(KEY)


def test_thumbnails(blobs: Blobs) -> None:
    assert blobs.thumbnail(KEY) is None
    blobs.keep_thumbnail(KEY, b"small")
    blobs.keep_thumbnail(KEY, b"other")
    assert blobs.thumbnail(KEY) == b"small" and list(blobs.keys()) == []


@pytest.mark.parametrize("size", [0, 1, PART_BYTES + 1])
def test_parts_through_the_server(blobs: Blobs, size: int) -> None:
    key, data = made(size, size)
    parts = blobs.begin(key, size)
    assert parts is not None
    pieces = [data[at : at + parts.part_bytes] for at in range(0, size, parts.part_bytes)] or [b""]
    etags = [blobs.take_part(key, parts.upload_id, number, piece) for number, piece in enumerate(pieces, 1)]
    assert etags == [hashlib.md5(piece).hexdigest() for piece in pieces]
    assert not blobs.has(key)
    blobs.complete(key, parts.upload_id, etags)
    blobs.complete(key, parts.upload_id, etags)
    assert blobs.path(key).read_bytes() == data and blobs.begin(key, size) is None


def test_wrong_etags_are_refused(blobs: Blobs) -> None:
    parts = blobs.begin(KEY, 5)
    assert parts is not None
    blobs.take_part(KEY, parts.upload_id, 1, b"jello")
    with pytest.raises(LoomError) as told:
        blobs.complete(KEY, parts.upload_id, [hashlib.md5(b"hello").hexdigest()])
    assert told.value.code == "checksum_mismatch"
    with pytest.raises(LoomError) as told:
        blobs.complete(KEY, parts.upload_id, [hashlib.md5(b"hello").hexdigest()])
    assert told.value.code == "upload_not_found" and not blobs.has(KEY)


def test_a_part_that_is_missing(blobs: Blobs) -> None:
    parts = blobs.begin(KEY, 5)
    assert parts is not None
    etag = hashlib.md5(b"hello").hexdigest()
    with pytest.raises(LoomError) as told:
        blobs.complete(KEY, parts.upload_id, [etag])
    assert told.value.code == "upload_not_found"
    assert blobs.begin(KEY, 5) is not None and blobs.take_part(KEY, parts.upload_id, 1, b"hello") == etag
    blobs.complete(KEY, parts.upload_id, [etag])
    assert blobs.has(KEY)


def test_garbage(blobs: Blobs) -> None:
    old, used, again, renewed = (blobs.put(data) for data in (b"old", b"used", b"again", b"renewed"))
    blobs.keep_thumbnail(old, b"small")
    age(blobs, old, used, again, renewed)
    blobs.put(b"again")
    blobs.renew(renewed)
    young = blobs.put(b"young")
    assert list(blobs.garbage({used}, 1.0)) == [old]
    assert blobs.sweep({used}, 1.0) >= len(b"old")
    assert set(blobs.keys()) == {used, again, renewed, young} and blobs.thumbnail(old) is None
    assert blobs.path(again).read_bytes() == b"again"
    age(blobs, *blobs.keys())
    blobs.sweep({used}, 1.0)
    assert list(blobs.keys()) == [used]


# What only a bucket does


def test_up_and_down_by_addresses(bucket: s3.S3Blobs) -> None:
    key, data = made(1, PART_BYTES + 12345)
    parts = bucket.begin(key, len(data))
    assert parts is not None and len(parts.urls) == 2
    etags = [put(url, data[n * parts.part_bytes : (n + 1) * parts.part_bytes]) for n, url in enumerate(parts.urls)]
    bucket.complete(key, parts.upload_id, etags)
    link = bucket.link(key, 60)
    assert link is not None and get(link) == (200, data)
    assert bucket.path(key).read_bytes() == data and bucket.begin(key, len(data)) is None


def test_goes_on_after_a_part_that_broke_off(bucket: s3.S3Blobs) -> None:
    key, data = made(2, PART_BYTES + 2**20)
    parts = bucket.begin(key, len(data))
    assert parts is not None
    first = put(parts.urls[0], data[:PART_BYTES])
    place = urllib.parse.urlsplit(parts.urls[1])
    with socket.create_connection((place.hostname or "", place.port or 0)) as broken:
        head = f"PUT {place.path}?{place.query} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {2**20}\r\n\r\n"
        broken.sendall(head.encode() + data[PART_BYTES : PART_BYTES + 1000])
    with pytest.raises(LoomError) as told:
        bucket.complete(key, "never-begun", [first])
    assert told.value.code == "upload_not_found"
    again = bucket.begin(key, len(data))
    assert again is not None and again.upload_id == parts.upload_id
    bucket.complete(key, again.upload_id, [first, put(again.urls[1], data[PART_BYTES:])])
    assert hashlib.sha256(get(str(bucket.link(key, 60)))[1]).hexdigest() == key


def test_other_bytes_under_a_key_are_seen_and_healed(bucket: s3.S3Blobs) -> None:
    """Who sends parts to S3 directly could send anything: it shows when the file is fetched."""
    parts = bucket.begin(KEY, 5)
    assert parts is not None
    bucket.complete(KEY, parts.upload_id, [put(parts.urls[0], b"jello")])
    with pytest.raises(LoomError) as told:
        bucket.path(KEY)
    assert told.value.code == "checksum_mismatch" and not bucket.copies.folder.has(KEY)
    bucket.put(b"hello")
    bucket.copies.folder.delete(KEY)
    assert bucket.path(KEY).read_bytes() == b"hello"


def test_a_large_file_goes_in_parts(bucket: s3.S3Blobs, tmp_path: Path) -> None:
    key, data = made(3, PART_BYTES + 5)
    (tmp_path / "large").write_bytes(data)
    assert bucket.put(tmp_path / "large") == key
    bucket.copies.folder.delete(key)
    assert bucket.path(key).read_bytes() == data
    assert bucket.bucket.call("list_multipart_uploads").get("Uploads", []) == []


def test_many_ask_and_one_fetches(bucket: s3.S3Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bucket.put(b"x" * 100_000)
    bucket.copies.folder.delete(key)
    fetches, fetch = [], bucket._fetch
    monkeypatch.setattr(bucket, "_fetch", lambda *given: (fetches.append(1), time.sleep(0.1), fetch(*given)))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: bucket.path(key).read_bytes(), range(8)))
    assert found == [b"x" * 100_000] * 8 and fetches == [1]


def test_the_copies_are_bounded(bucket: s3.S3Blobs) -> None:
    bucket.copies.most_bytes = 250
    keys = [bucket.put(bytes([number]) * 100) for number in range(4)]
    for number, key in enumerate(keys):
        moment = time.time() - 7200 + number
        os.utime(bucket.copies.folder.path(key), (moment, moment))
    bucket.path(keys[0])
    bucket.copies.trim()
    assert [bucket.copies.folder.has(key) for key in keys] == [True, False, False, True]
    assert [bucket.path(key).read_bytes()[0] for key in keys] == [0, 1, 2, 3]


def test_thumbnails_are_shared(bucket: s3.S3Blobs) -> None:
    bucket.keep_thumbnail(KEY, b"small")
    bucket.copies.folder.delete(KEY)
    assert bucket.thumbnail(KEY) == b"small"
    bucket.bucket.remove([f"thumbnails/{KEY}"])
    assert bucket.thumbnail(KEY) == b"small", "from the copy on this machine"


@pytest.mark.parametrize("moment", ["copied", "deleted"])
def test_a_put_while_it_is_swept_stays(bucket: s3.S3Blobs, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each step of a deletion somebody puts the file again, and then names it."""
    bucket.put(b"hello")
    time.sleep(OLD)
    copy, remove, puts = s3_sweep._copy, bucket.bucket.remove, []

    def copy_then_put(*given: Any) -> bool:
        done = copy(*given)
        if moment == "copied" and not puts:
            puts.append(bucket.put(b"hello"))
        return done

    def remove_then_put(names: list[str]) -> None:
        remove(names)
        if moment == "deleted" and names and not puts:
            assert not bucket.has(KEY)
            puts.append(bucket.put(b"hello"))

    monkeypatch.setattr(s3_sweep, "_copy", copy_then_put)
    monkeypatch.setattr(bucket.bucket, "remove", remove_then_put)
    assert bucket.sweep((), 1.0) == 0
    assert puts == [KEY] and bucket.has(KEY)
    bucket.copies.folder.delete(KEY)
    assert bucket.path(KEY).read_bytes() == b"hello"
    assert list(bucket.bucket.pages("list_objects_v2", GOING, "Contents")) == []


def test_what_a_killed_sweep_had_taken_comes_back(bucket: s3.S3Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = bucket.put(b"kept"), bucket.put(b"gone")
    for key in (kept, gone):
        s3_sweep._copy(bucket.bucket, BLOBS + key, f"{GOING}{key}.12345678", 4)
    bucket.bucket.remove([BLOBS + kept, BLOBS + gone])
    time.sleep(OLD)
    assert bucket.sweep({kept}, 1.0) == 0 and not bucket.has(kept), "another sweep may be at work"
    monkeypatch.setattr(s3_sweep, "_STALLED", s3_sweep._STALLED * 0)
    assert bucket.sweep({kept}, 1.0) == 4
    assert list(bucket.keys()) == [kept]
    assert list(bucket.bucket.pages("list_objects_v2", GOING, "Contents")) == []


def test_uploads_that_do_not_go_on_are_given_up(bucket: s3.S3Blobs) -> None:
    """This server calls every upload old; one that was begun just now stays all the same."""
    assert bucket.begin(KEY, 5) is not None
    bucket.sweep((), 1.0)
    assert len(bucket.bucket.call("list_multipart_uploads").get("Uploads", [])) == 1
    time.sleep(OLD)
    bucket.sweep((), 1.0)
    assert bucket.bucket.call("list_multipart_uploads").get("Uploads", []) == []
    assert list(bucket.bucket.pages("list_objects_v2", YOUNG, "Contents")) == []


def test_a_link_ends(bucket: s3.S3Blobs) -> None:
    bucket.put(b"hello")
    link = str(bucket.link(KEY, 60))
    assert "X-Amz-Expires=60" in link and get(link) == (200, b"hello")
    assert "test" not in urllib.parse.parse_qs(urllib.parse.urlsplit(link).query).get("X-Amz-Signature", [""])[0]


@pytest.mark.parametrize("url", ["s3://", "s3://No_Bucket", "folder", "https://example.org/bucket"])
def test_what_names_no_bucket(url: str, tmp_path: Path) -> None:
    with pytest.raises(LoomError) as told:
        open_blobs(url, tmp_path)
    assert told.value.code == "blobs_unreachable" and "s3://bucket" in told.value.hint


def test_a_bucket_that_cannot_be_used(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LoomError) as told:
        open_blobs("s3://not-there", tmp_path)
    assert told.value.code == "blobs_unreachable" and "'not-there'" in told.value.message
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(LoomError) as told:
        open_blobs("s3://somewhere", tmp_path)
    assert told.value.code == "blobs_unreachable" and "AWS_ENDPOINT_URL" in told.value.hint
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(LoomError) as told:
        open_blobs("s3://somewhere", tmp_path)
    assert told.value.code == "blobs_unreachable" and "credentials" in told.value.message


def test_a_store_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as address:
        for name, value in environment(address).items():
            monkeypatch.setenv(name, value)
        make_bucket(address, "loom")
        blobs = open_blobs("s3://loom", tmp_path)
        key = blobs.put(b"hello")
    calls: list[Callable[[], Any]] = [lambda: blobs.has(key), lambda: list(blobs.keys())]
    for call in calls:
        with pytest.raises(LoomError) as told:
            call()
        assert told.value.code == "blobs_unreachable" and "'loom'" in told.value.message
    assert blobs.path(key).read_bytes() == b"hello", "the copy on this machine is there"
