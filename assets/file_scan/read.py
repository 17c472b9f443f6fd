"""Which reader reads what: by the file's ending and its first bytes, and recursively for files that lie in files."""

from __future__ import annotations

from functools import partial

from assets.file_scan.archives import archive_facts, entries
from assets.file_scan.contents import Contents, Limits
from assets.file_scan.read_html import read_page
from assets.file_scan.read_image import read_jpeg, read_png
from assets.file_scan.read_office import read_office
from assets.file_scan.read_pdf import read_pdf
from assets.file_scan.read_text import read_csv, read_json, read_plain

OFFICE = ("pptx", "docx", "xlsx")
PLAIN = ("txt", "md", "yml", "yaml")


def read_file(name: str, raw: bytes, found: Contents, limits: Limits) -> None:
    """Take in everything a file holds. An unknown kind of file is a finding, and so is one that can't be read.

    Args:
        name: path in the bundle; of a file in a file, the outer's name, ` ⟩ ` and its own.
    """
    if len(raw) > limits.max_entry_bytes or found.depth > limits.max_depth:
        found.fault(name, "hela filen", "too_large")
        return
    inner = partial(read_file, limits=limits)
    found.text(name, "filens namn", name.rpartition(" ⟩ ")[2], "name")
    ending = name.rpartition(".")[2].lower()
    found.depth += 1
    if ending in ("html", "htm", "svg"):
        read_page(name, raw, found, inner)
    elif ending == "csv":
        read_csv(name, raw, found)
    elif ending in ("json", "jsonld"):
        read_json(name, raw, found)
    elif ending in PLAIN:
        read_plain(name, raw, found)
    elif ending in OFFICE:
        read_office(name, raw, found, limits, inner)
    elif ending == "pdf":
        read_pdf(name, raw, found, inner)
    elif ending == "png":
        read_png(name, raw, found)
    elif ending in ("jpg", "jpeg"):
        read_jpeg(name, raw, found)
    elif ending == "zip":
        archive_facts(name, raw, found)
        found.fault(name, "hela filen", "embedded_file")
        for entry, content in entries(name, raw, found, limits).items():
            inner(f"{name} ⟩ {entry}", content, found)
    else:
        found.fault(name, "hela filen", "unknown_type")
    found.depth -= 1
