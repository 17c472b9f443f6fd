"""Zip archives, plain ones and those that Office files are: entries within limits,
and what the archive says besides its files."""

from __future__ import annotations

import io
import zipfile

from assets.file_scan.contents import Contents, Limits
from assets.zip_faults import DIRECTORY_FAULTS, ENTRY_FAULTS

END, END_BYTES = b"PK\x05\x06", 22
"""The end of central directory record: its signature and its length without the comment (APPNOTE 6.3.10, 4.3.16)."""


def entries(name: str, raw: bytes, found: Contents, limits: Limits) -> dict[str, bytes]:
    """The archive's files by name; a finding and nothing for what is damaged, encrypted or larger than allowed.

    Args:
        name: the archive's name in findings.
    """
    archive = _opened(raw)
    if archive is None:
        found.fault(name, "hela filen", "corrupt")
        return {}
    listed = archive.infolist()
    packed = sum(entry.compress_size for entry in listed)
    unpacked = sum(entry.file_size for entry in listed)
    if len(listed) > limits.max_entries or unpacked > limits.max_bytes or unpacked > limits.max_ratio * max(packed, 1):
        found.fault(name, "hela arkivet", "too_large")
        return {}
    if len({entry.filename for entry in listed}) < len(listed):
        found.fault(name, "arkivets förteckning", "doubled_entry")
    content: dict[str, bytes] = {}
    for entry in listed:
        if entry.is_dir():
            continue
        if entry.flag_bits & 1 or entry.file_size > limits.max_entry_bytes:
            found.fault(name, f"posten {entry.filename}", "encrypted" if entry.flag_bits & 1 else "too_large")
            continue
        read = _unpacked(archive, entry)
        if read is None:
            found.fault(name, "hela filen", "corrupt")
            return {}
        content[entry.filename] = read
    return content


def _opened(raw: bytes) -> zipfile.ZipFile | None:
    """The archive with its directory read; None when it is damaged. Nothing of ours runs inside the `try`."""
    try:
        return zipfile.ZipFile(io.BytesIO(raw))
    except DIRECTORY_FAULTS:
        return None


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    try:
        return archive.read(entry)
    except ENTRY_FAULTS:
        return None


def archive_facts(name: str, raw: bytes, found: Contents) -> None:
    """Take in what the zip file tells beside its files: names, comments, extra fields, dates, and bytes before or after it."""
    archive = _opened(raw)
    if archive is None:
        found.fault(name, "hela filen", "corrupt")
        return
    listed = archive.infolist()
    found.text(name, "arkivets kommentar", archive.comment.decode("utf-8", "replace"), "metadata", hidden=True)
    first = min((entry.header_offset for entry in listed), default=0)
    told = len(archive.comment)
    for entry in listed:
        place = f"posten {entry.filename}"
        found.text(name, f"namnet på {place}", entry.filename, "name")
        found.text(name, f"kommentaren till {place}", entry.comment.decode("utf-8", "replace"), "metadata", hidden=True)
        if entry.extra:
            found.fault(name, place, "extra_field")
            found.text(name, f"extrafältet till {place}", entry.extra.decode("latin-1"), "metadata", hidden=True)
        if entry.filename.startswith("/") or ".." in entry.filename.split("/") or "\\" in entry.filename:
            found.fault(name, place, "entry_outside")
    if first or raw.rfind(END) + END_BYTES + told != len(raw):
        found.fault(name, "före eller efter arkivet", "trailing_bytes")
    if len({entry.date_time for entry in listed}) > 1:
        found.fault(name, "posternas datum", "entry_dates")
    if [entry.filename for entry in listed] != sorted(entry.filename for entry in listed):
        found.fault(name, "posternas ordning", "entry_order")
