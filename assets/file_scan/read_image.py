"""PNG and JPEG: what is written beside the picture, and bytes after its end."""

from __future__ import annotations

import struct
import zlib

from assets.file_scan.contents import Contents

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
PICTURE_CHUNKS = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "pHYs", "bKGD", "sBIT", "acTL", "fcTL", "fdAT"}
MOST_TEXT = 1_000_000


def read_png(name: str, raw: bytes, found: Contents) -> None:
    """Text chunks (tEXt, zTXt, iTXt), EXIF, times and unknown chunks. PNG 1.2 specification, chapter 11."""
    place = len(PNG)
    if not raw.startswith(PNG):
        found.fault(name, "hela filen", "corrupt")
        return
    while place + 12 <= len(raw):
        size, kind = struct.unpack(">I4s", raw[place : place + 8])
        label, body = kind.decode("latin-1"), raw[place + 8 : place + 8 + size]
        place += 12 + size
        if label not in PICTURE_CHUNKS:
            found.text(name, f"metadata {label}", _chunk_text(label, body), "metadata", hidden=True)
            if label not in ("tEXt", "iTXt", "zTXt", "tIME"):
                found.fault(name, f"metadata {label}", "picture_metadata")
        if label == "IEND":
            if place < len(raw):
                _trailing(name, raw[place:], found)
            return
    found.fault(name, "hela filen", "corrupt")


def _chunk_text(label: str, body: bytes) -> str:
    key, _, rest = body.partition(b"\0")
    if label == "zTXt":
        rest = _unpacked(rest[1:])
    elif label == "iTXt" and len(rest) > 2:
        packed, rest = rest[0], rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        rest = _unpacked(rest) if packed else rest
    return f"{key.decode('latin-1')}: {rest.decode('utf-8', 'replace')}"


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, MOST_TEXT)
    except zlib.error:
        return b""


def read_jpeg(name: str, raw: bytes, found: Contents) -> None:
    """Comments, EXIF, XMP and other application segments. ITU-T T.81, annex B."""
    place = 2
    if not raw.startswith(JPEG):
        found.fault(name, "hela filen", "corrupt")
        return
    while place + 4 <= len(raw) and raw[place] == 0xFF and raw[place + 1] != 0xDA:
        marker, size = raw[place + 1], int.from_bytes(raw[place + 2 : place + 4], "big")
        body = raw[place + 4 : place + 2 + size]
        if marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE):
            found.fault(name, f"segment {marker:02X}", "picture_metadata")
            found.text(name, f"segment {marker:02X}", body.decode("utf-8", "replace"), "metadata", hidden=True)
        place += 2 + size
    end = raw.rfind(b"\xff\xd9")
    if end < 0:
        found.fault(name, "hela filen", "corrupt")
    elif end + 2 < len(raw):
        _trailing(name, raw[end + 2 :], found)


def _trailing(name: str, raw: bytes, found: Contents) -> None:
    found.fault(name, "efter bildens slut", "trailing_bytes")
    found.text(name, "efter bildens slut", raw[:MOST_TEXT].decode("utf-8", "replace"), "metadata", hidden=True)
