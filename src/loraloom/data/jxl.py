"""The size of a JPEG XL picture from its header (ISO/IEC 18181-1, D.3), because its decoder allocates before it is asked."""

from __future__ import annotations

_CODESTREAM = b"\xff\x0a"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_WIDTHS = (9, 13, 18, 30)


def jxl_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None when there is no header to read them from."""
    stream = data if data.startswith(_CODESTREAM) else _inside_boxes(data)
    if not stream.startswith(_CODESTREAM) or len(stream) < 12:
        return None
    bits = int.from_bytes(stream[2:12], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    small = take(1)

    def side() -> int:
        return (take(5) + 1) * 8 if small else take(_WIDTHS[take(2)]) + 1

    height = side()
    ratio = take(3)
    if ratio == 0:
        return side(), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _inside_boxes(data: bytes) -> bytes:
    """The beginning of the codestream inside the container's boxes (`jxlc`, or the first part in `jxlp`)."""
    position = 0
    while position + 8 <= len(data):
        size, kind, start = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8], 8
        if size == 1:
            size, start = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        if kind in (b"jxlc", b"jxlp"):
            begin = position + start + (4 if kind == b"jxlp" else 0)
            return data[begin : begin + 16]
        if size < 8:
            break
        position += size
    return b""
