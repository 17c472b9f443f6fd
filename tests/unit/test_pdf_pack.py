"""A packed PDF says what the document said: same objects, text, tags and pages, in fewer bytes."""

from __future__ import annotations

import io
import re
import zlib

import pypdf
import pytest

from assets.bundle.pdf import FONT_FOLDER, compiler
from assets.bundle.pdf_pack import TOGETHER, packed_pdf

SOURCE = b"""#set document(title: "Prov")
#set text(lang: "sv", font: "Liberation Sans")
= Rubrik med \xc3\xa5\xc3\xa4\xc3\xb6
#for n in range(120) [== Avsnitt #n
Text nummer #n. #link("https://example.org")[En l\xc3\xa4nk]

]
#table(columns: 2, table.header[A][B], ..range(40).map(n => [#n]))
"""


@pytest.fixture(scope="module")
def raw() -> bytes:
    made = compiler(FONT_FOLDER).compile(input={"main.typ": SOURCE}, format="pdf", sys_inputs=None, pdf_standards=["ua-1"])
    assert isinstance(made, bytes)
    return made


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content), strict=True)


def told(value: object) -> str:
    """An object's text; pypdf names the document it came from inside it."""
    return re.sub(r"(IndirectObject\(\d+, \d+), \d+\)", r"\1)", repr(value))


def test_every_object_is_the_same_one(raw):
    before, after = read(raw), read(packed_pdf(raw))
    count = int(before.trailer["/Size"])
    assert count > 2 * TOGETHER  # more than one object stream
    for number in range(1, count):
        one, other = (doc.get_object(pypdf.generic.IndirectObject(number, 0, doc)) for doc in (before, after))
        assert told(one) == told(other), number
        if isinstance(one, pypdf.generic.StreamObject):
            assert one.get_data() == other.get_data(), number
    assert [page.extract_text() for page in before.pages] == [page.extract_text() for page in after.pages]


def test_what_makes_it_accessible_is_still_there(raw):
    before, after = read(raw), read(packed_pdf(raw))
    for name in ("/Root", "/Info", "/ID"):
        assert told(before.trailer[name]) == told(after.trailer[name])
    root = after.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/ParentTree"]
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_it_is_smaller_and_the_same_every_time(raw):
    packed = packed_pdf(raw)
    assert packed == packed_pdf(raw)
    assert len(packed) < 0.6 * len(raw)
    assert len(zlib.compress(packed)) > 0.9 * len(packed)


@pytest.mark.parametrize("place", [b"trailer\n", b"xref\n0 ", b"1 0 obj", b"/Root"])
def test_a_document_built_in_another_way_is_refused(raw, place):
    other = {b"/Root": b"/Encrypt 5 0 R/Root"}.get(place, b"?" * len(place))
    at = raw.rindex(place) if place != b"1 0 obj" else raw.index(place)
    with pytest.raises(ValueError, match=r"plain|where"):
        packed_pdf(raw[:at] + other + raw[at + len(place) :])
