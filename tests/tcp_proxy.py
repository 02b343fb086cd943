"""A wire that can be cut: a TCP proxy on loopback that passes on, stalls, slows down, loses answers or is away."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from typing import Literal

Mode = Literal["pass", "cut", "stall", "slow", "deaf"]
SLOW_SECONDS, SLOW_BYTES = 0.2, 32 * 1024
"""A slow wire passes on so many bytes in so many seconds."""
RESET = struct.pack("ii", 1, 0)
PART = re.compile(
    rb"^PUT (\S*?([0-9a-f]{64})\S*) HTTP.*?^content-length: (\d+)", re.IGNORECASE | re.MULTILINE | re.DOTALL
)
NUMBER = re.compile(rb"(?:/|partNumber=)(\d+)(?:$|[?&])")
BEARER = re.compile(rb"^authorization: Bearer (loomrun_\S+)", re.IGNORECASE | re.MULTILINE)
EVENT = re.compile(rb'\\"seq\\":(\d+),')


class Counts:
    """What passed over one or more wires, and what of it more than once. Told from requests as they go by."""

    def __init__(self) -> None:
        self._parts: set[tuple[bytes, int]] = set()
        self._events: set[tuple[bytes, int]] = set()
        self.bytes_up = self.bytes_down = 0
        self.parts = self.parts_again = self.part_bytes = self.part_bytes_again = 0
        self.events = self.events_again = 0

    def look(self, data: bytes, bearer: bytes) -> bytes:
        """Take in a piece of what a client says; `bearer` is the newest token of that connection, as is the answer."""
        self.bytes_up += len(data)
        if found := BEARER.search(data):
            bearer = found[1]
        for path, sha256, length in PART.findall(data):
            if b"/young/" in path:  # a mark without bytes
                continue
            number = NUMBER.search(path.rpartition(sha256)[2])
            self._part((sha256, int(number[1]) if number else 0), int(length))
        for seq in EVENT.findall(data):
            self.events += 1
            self.events_again += (bearer, int(seq)) in self._events
            self._events.add((bearer, int(seq)))
        return bearer

    def _part(self, part: tuple[bytes, int], length: int) -> None:
        self.parts, self.part_bytes = self.parts + 1, self.part_bytes + length
        if part in self._parts:
            self.parts_again, self.part_bytes_again = self.parts_again + 1, self.part_bytes_again + length
        self._parts.add(part)


class Proxy:
    """Passes connections to `port` on to `target`. Modes: `pass`; `cut` (connections are reset, new ones too); `stall` (they
    stand, nothing passes); `slow`; `deaf` (requests arrive, connections are reset when the answer comes)."""

    def __init__(self, target: int, counts: Counts | None = None) -> None:
        self.target, self.mode = target, "pass"
        self.counts = counts or Counts()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._ready = threading.Event()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"

    def set(self, mode: Mode) -> None:
        """Change the mode, for connections that are there too."""
        self.mode = mode
        if mode == "cut":
            self._loop.call_soon_threadsafe(self._reset_all)

    def stop(self) -> None:
        """Close everything."""
        self._loop.call_soon_threadsafe(self._reset_all)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self._ready.set()
        self._loop.run_forever()
        self._server.close()

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "cut":
            _reset(writer)
            return
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, far}
        try:
            up = asyncio.create_task(self._pump(reader, far, up=True))
            down = asyncio.create_task(self._pump(far_reader, writer, up=False))
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            for task in (up, down):
                task.cancel()
        finally:
            self._open -= {writer, far}
            for one in (writer, far):
                with contextlib.suppress(OSError, RuntimeError):
                    one.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        bearer = b""
        with contextlib.suppress(OSError):
            while data := await reader.read(SLOW_BYTES):
                while self.mode == "stall":
                    await asyncio.sleep(0.05)
                if self.mode == "deaf" and not up:
                    self._reset_all()
                    return
                if self.mode == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                if up:
                    bearer = self.counts.look(data, bearer)
                else:
                    self.counts.bytes_down += len(data)
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as when the other machine has forgotten the connection."""
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with contextlib.suppress(OSError, RuntimeError):
        writer.transport.abort()
