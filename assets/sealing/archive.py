"""The zip of a sealed bundle: one way to write it, and a reader that accepts nothing else.

A zip can say two things at once: names in the central directory that differ from those before the content, data before, between
and after, a second directory. Programs choose differently among them, so a receiver could see other files than those that were
checked. This writer leaves nothing open (ASCII names, fixed dates, no comments, no extra fields, records end to end), and the
reader rebuilds the directory from the records and compares it byte for byte. Format: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
NEEDED, MADE_BY, NO_FLAGS = 20, (3 << 8) | 20, 0
FIRST_DAY, MIDNIGHT = 33, 0
"""1 January 1980, the first day that a zip can say."""
PLAIN_FILE = 0o644 << 16
STORED, DEFLATED = 0, 8
MOST_FILES, LARGEST_FILE, LARGEST_SUM, LARGEST_ARCHIVE = 5_000, 300_000_000, 1_000_000_000, 1_000_000_000
SEGMENT = re.compile(r"[0-9A-Za-z_()+,=@%&'!#$^~\[\]{}-][ 0-9A-Za-z_()+,=@%&'!#$^~\[\]{}.-]*")
LONGEST = 240
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
"""Names that Windows takes for devices, whatever their ending."""

INSTEAD = "Packa upp det i en tom mapp och kontrollera mappen för att se om filerna är som de var."


class ArchiveFault(Exception):
    """The archive isn't one that this program has written. The message is a Swedish sentence for the receiver."""


@dataclass(frozen=True)
class Entry:
    """A file in an archive: its name, its content and where its record begins."""

    name: str
    content: bytes
    start: int


def record(name: str, content: bytes, *, packed: bool = True) -> bytes:
    """The local record of one file: header, name, content. `packed`: deflate it."""
    body = content
    if packed:
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = packer.compress(content) + packer.flush()
    encoded = name.encode("ascii")
    header = LOCAL.pack(
        LOCAL_MARK, NEEDED, NO_FLAGS, DEFLATED if packed else STORED, MIDNIGHT, FIRST_DAY,
        zlib.crc32(content), len(body), len(content), len(encoded), 0,
    )  # fmt: skip
    return header + encoded + body


def finish(records: bytes) -> bytes:
    """An archive of records laid end to end: the records, the directory that they give, and the end mark."""
    directory, count = bytearray(), 0
    for start, head, name in _walk(records):
        directory += CENTRAL.pack(
            CENTRAL_MARK, MADE_BY, head[1], head[2], head[3], head[4], head[5], head[6], head[7], head[8], head[9],
            0, 0, 0, 0, PLAIN_FILE, start,
        ) + name  # fmt: skip
        count += 1
    end = END.pack(END_MARK, 0, 0, count, count, len(directory), len(records), 0)
    return records + bytes(directory) + end


def read_archive(data: bytes) -> list[Entry]:
    """The files of an archive that `finish` has made, in order.

    Raises:
        ArchiveFault: anything else, said in one sentence.
    """
    if len(data) < END.size or len(data) > LARGEST_ARCHIVE:
        raise ArchiveFault("Filen är inte ett paket: den är för liten eller för stor.")
    mark, *numbers = END.unpack(data[-END.size :])
    records_end = numbers[5]
    if mark != END_MARK or records_end > len(data):
        raise ArchiveFault("Filen är inte ett zip-arkiv, är inte hel, eller har fått något tillagt på slutet.")
    records = data[:records_end]
    entries = [_entry(records, start, head, name) for start, head, name in _bounded(_walk(records))]
    if finish(records) != data:
        raise ArchiveFault("Arkivet är ändrat eller ompackat: innehållsförteckningen stämmer inte med filerna i det. " + INSTEAD)
    folded = [entry.name.casefold() for entry in entries]
    if len(set(folded)) != len(folded):
        raise ArchiveFault("Arkivet har två filer med samma namn.")
    return entries


def fault_of_name(name: str) -> str | None:
    """Why a name can't be trusted on every computer, or None: no way out of the folder, nothing that systems read differently."""
    parts = name.split("/")
    devices = any(part.split(".")[0].upper() in DEVICES for part in parts)
    if devices or len(name) > LONGEST or any(not SEGMENT.fullmatch(part) or part[-1] in " ." for part in parts):
        return "Arkivet har ett filnamn som kan hamna utanför mappen eller läsas olika av olika datorer."
    return None


Head = tuple[bytes, int, int, int, int, int, int, int, int, int, int]


def _walk(records: bytes) -> Iterable[tuple[int, Head, bytes]]:
    """Start, header and name of each record; they have to fill the bytes exactly."""
    place = 0
    while place < len(records):
        if place + LOCAL.size > len(records):
            raise ArchiveFault("Arkivet är inte helt, eller har något mellan filerna.")
        head: Head = LOCAL.unpack_from(records, place)
        plain = head[1:3] == (NEEDED, NO_FLAGS) and head[3] in (STORED, DEFLATED) and head[4:6] == (MIDNIGHT, FIRST_DAY)
        if head[0] != LOCAL_MARK or not plain or head[10]:
            raise ArchiveFault(f"Arkivet är ompackat, eller har något före eller mellan filerna. {INSTEAD}")
        after = place + LOCAL.size + head[9]
        if after + head[7] > len(records):
            raise ArchiveFault("Arkivet är inte helt: en fil slutar mitt i.")
        yield place, head, records[place + LOCAL.size : after]
        place = after + head[7]


def _bounded(found: Iterable[tuple[int, Head, bytes]]) -> Iterable[tuple[int, Head, bytes]]:
    """The records as long as they keep within the limits; nothing is unpacked before its declared size has been counted."""
    total = 0
    for count, one in enumerate(found, start=1):
        total += one[1][8]
        if count > MOST_FILES or one[1][8] > LARGEST_FILE or total > LARGEST_SUM:
            raise ArchiveFault("Arkivet packar upp till mer än ett paket kan innehålla.")
        yield one


def _entry(records: bytes, start: int, head: Head, raw: bytes) -> Entry:
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError:
        name = ""
    if fault := fault_of_name(name):
        raise ArchiveFault(fault)
    first = start + LOCAL.size + head[9]
    content = records[first : first + head[7]]
    if head[3] == DEFLATED:
        content = _unpacked(content, head[8])
    if len(content) != head[8] or zlib.crc32(content) != head[6]:
        raise ArchiveFault(f"Filen {name} i arkivet är skadad.")
    return Entry(name, content, start)


def _unpacked(body: bytes, size: int) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(body, size + 1)
    except zlib.error:
        raise ArchiveFault("En fil i arkivet är skadad och går inte att packa upp.") from None
    if not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise ArchiveFault("En fil i arkivet är en annan storlek än arkivet säger.")
    return content
