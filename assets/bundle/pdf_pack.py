"""The same PDF with its small objects packed: object streams and a cross-reference stream (ISO 32000-1, 7.5.7 and 7.5.8). Pure.

Typst writes every element of the tags as plain text, some ten thousand of them: two thirds of a tagged report. PDF/UA-1 allows
object streams as it is built on ISO 32000-1. Nothing but the packing changes: the objects keep their numbers and their text.
"""

from __future__ import annotations

import re
import zlib

TOGETHER = 200
"""Objects per stream: a reader unpacks a stream whole to get at one of them."""
STREAM_END = b"endstream"
_HEAD, _TAIL = re.compile(rb"(\d+) 0 obj"), b"endobj"
_TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*\Z", re.DOTALL)
_SIZE = re.compile(rb"/Size \d+")


def packed_pdf(raw: bytes) -> bytes:
    """The document smaller, and the same every time.

    Args:
        raw: a PDF in one revision with a cross-reference table, as Typst writes it.

    Raises:
        ValueError: the document is built in another way.
    """
    trailer = _TRAILER.search(raw)
    if trailer is None or b"/Encrypt" in trailer[1]:
        raise ValueError("no plain trailer")
    objects = _objects(raw, int(trailer[2]), trailer.start())
    streams = {number: body for number, body in objects.items() if body.endswith(STREAM_END)}
    small = [(number, body) for number, body in objects.items() if number not in streams]
    out = bytearray(raw[: raw.index(b" 0 obj")].rpartition(b"\n")[0] + b"\n")
    places: dict[int, tuple[int, int, int]] = {}
    for number, body in streams.items():
        places[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    free = max(objects) + 1
    for start in range(0, len(small), TOGETHER):
        chosen = small[start : start + TOGETHER]
        places |= {number: (2, free, place) for place, (number, _) in enumerate(chosen)}
        places[free] = (1, len(out), 0)
        out += b"%d 0 obj\n%b\nendobj\n" % (free, _object_stream(chosen))
        free += 1
    table = len(out)
    places[free] = (1, table, 0)
    rest = _SIZE.sub(b"", trailer[1])
    out += b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (free, _cross_references(places, rest), table)
    return bytes(out)


def _objects(raw: bytes, start: int, end: int) -> dict[int, bytes]:
    """Number -> text between `obj` and `endobj`, found by the cross-reference table between `start` and `end`."""
    head, first, *entries = raw[start:end].splitlines()
    if head != b"xref" or first != b"0 %d" % len(entries):
        raise ValueError("no plain cross-reference table")
    offsets = sorted(int(entry[:10]) for entry in entries if entry[17:18] == b"n")
    found = {}
    for begin, after in zip(offsets, [*offsets[1:], start], strict=True):
        head, body = _HEAD.match(raw, begin, after), raw[begin:after].rstrip()
        if head is None or not body.endswith(_TAIL):
            raise ValueError("an object isn't where the cross-reference table says")
        found[int(head[1])] = body[head.end() - begin : -len(_TAIL)].strip()
    return dict(sorted(found.items()))


def _object_stream(objects: list[tuple[int, bytes]]) -> bytes:
    places, length = [], 0
    for number, body in objects:
        places.append(b"%d %d" % (number, length))
        length += len(body) + 1
    head = b" ".join(places) + b"\n"
    content = zlib.compress(head + b"\n".join(body for _, body in objects), 9)
    told = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>" % (len(objects), len(head), len(content))
    return told + b"\nstream\n" + content + b"\nendstream"


def _cross_references(places: dict[int, tuple[int, int, int]], rest: bytes) -> bytes:
    """Where every object lies: kind, offset or stream, place in the stream. A number that isn't used is free."""
    rows = [places.get(number, (0, 0, 65535 if number == 0 else 0)) for number in range(max(places) + 1)]
    content = zlib.compress(b"".join(a.to_bytes(1, "big") + b.to_bytes(4, "big") + c.to_bytes(2, "big") for a, b, c in rows), 9)
    told = b"<</Type/XRef/Size %d/W[1 4 2]%b/Filter/FlateDecode/Length %d>>" % (len(rows), rest, len(content))
    return told + b"\nstream\n" + content + b"\nendstream"
