"""The file around the slides: an own plain template made in code, and bytes that are the same in every run.

python-pptx starts from its own 4:3 template with eleven layouts, a thumbnail, printer settings and an author. What isn't used is
taken away, the theme gets our colours and fonts, and the saved zip is written again with fixed dates, sorted names and fixed
`dcterms` times, also inside the workbooks of the charts.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

from assets.bundle.writer import ZIP_DATE
from assets.charts.theme import BLUE, COUNTY_GREY, INK, LINE_GREY, MUTED, ORANGE, OTHER_GREY

if TYPE_CHECKING:
    from pptx.presentation import Presentation

FONT = "Arial"
"""Liberation Sans, which the charts are drawn with, has the same widths and stands in for Arial where Arial isn't installed."""
LANGUAGE = "sv-SE"
BAND = 110_000
"""Height in EMU of the coloured band at the upper edge."""
_THEME_COLOURS = {
    "dk1": INK, "lt1": "#ffffff", "dk2": BLUE, "lt2": "#f2f2f2", "accent1": BLUE, "accent2": ORANGE, "accent3": COUNTY_GREY,
    "accent4": OTHER_GREY, "accent5": LINE_GREY, "accent6": MUTED, "hlink": BLUE, "folHlink": COUNTY_GREY,
}  # fmt: skip
_MASTER_TEXTS = {"title": "Rubrik", "ctrTitle": "Rubrik", "subTitle": "Underrubrik", "body": "Text", "ftr": "", "sldNum": ""}
_LAYOUT_NAMES = {"Title Slide": "Förstabild", "Title Only": "Rubrik och innehåll"}
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
_APP = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>Data i dialog'
    "</Application></Properties>"
)


def own_template(width: int, height: int, place: Callable[[Any], None]) -> Presentation:
    """An empty presentation with two layouts, our theme and nothing of python-pptx's own.

    Args:
        width, height: of a slide in EMU.
        place: puts one placeholder of the master or a layout where it belongs.
    """
    from pptx import Presentation as new_presentation

    made = new_presentation()
    made.slide_width, made.slide_height = width, height
    for layout in list(made.slide_layouts):
        if layout.name not in _LAYOUT_NAMES:
            made.slide_layouts.remove(layout)
    for master in (made.slide_master, *made.slide_layouts):
        _own_placeholders(master, place)
    for layout in made.slide_layouts:
        layout.name = _LAYOUT_NAMES[layout.name]
    _band(made.slide_master, width)
    _own_notes(made.notes_master)
    _drop(made.part.package, "thumbnail")
    _drop(made.part, "printerSettings")
    _own_theme(made)
    return made


def _own_placeholders(master: Any, place: Callable[[Any], None]) -> None:
    for shape in list(master.placeholders):
        kind = shape._element.ph.get("type", "body")
        if kind == "dt":
            shape._element.getparent().remove(shape._element)
            continue
        if kind in _MASTER_TEXTS and kind != "sldNum":
            shape.text_frame.text = _MASTER_TEXTS[kind]
        place(shape)


def _own_notes(master: Any) -> None:
    """The master of the notes pages: no date field, our words for where the notes go."""
    for shape in list(master.placeholders):
        kind = shape._element.ph.get("type", "body")
        if kind in ("dt", "hdr"):
            shape._element.getparent().remove(shape._element)
        elif kind == "body":
            shape.text_frame.text = "Anteckningar"


def _band(master: Any, width: int) -> None:
    """A blue band at the upper edge of every slide. It stands on the master, so screen readers don't meet it."""
    from pptx.oxml import parse_xml

    band = parse_xml(
        '<p:sp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><p:nvSpPr><p:cNvPr id="99" name="Band"/><p:cNvSpPr/>'
        f'<p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{BAND}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill><a:schemeClr val="accent1"/></a:solidFill><a:ln><a:noFill/>'
        "</a:ln></p:spPr></p:sp>"
    )
    master.shapes._spTree.insert(2, band)


def _drop(part: Any, what: str) -> None:
    """Take away what a part refers to by the end of the relation's type."""
    relations = part._rels
    for key in [key for key, found in relations.items() if found.reltype.endswith(f"/{what}")]:
        relations.pop(key)


def _own_theme(made: Presentation) -> None:
    theme = next(r.target_part for r in made.slide_master.part.rels.values() if r.reltype.endswith("/theme"))
    text = theme.blob.decode("utf-8")
    for name, colour in _THEME_COLOURS.items():
        text = re.sub(
            rf"<a:{name}>.*?</a:{name}>", f'<a:{name}><a:srgbClr val="{colour[1:]}"/></a:{name}>', text, flags=re.DOTALL
        )
    text = re.sub(r'(<a:(?:major|minor)Font>\s*<a:latin typeface=")[^"]*', rf"\g<1>{FONT}", text)
    theme._blob = text.replace('name="Office Theme"', 'name="Data i dialog"').encode("utf-8")


def same_bytes(blob: bytes, released: date) -> bytes:
    """A zip of XML written again so that two runs are identical: names sorted, no dates of the run, Swedish as language.

    Workbooks inside (`.xlsx`) are written again in the same way.
    """
    stamp = f"{released.isoformat()}T00:00:00Z".encode()
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(blob)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name.endswith(".xlsx"):
                content = same_bytes(content, released)
            elif name == "docProps/app.xml":
                content = _APP.encode("utf-8")
            elif name.endswith(".xml"):
                content = _TIMES.sub(rb"\g<1>" + stamp + rb"\g<3>", content).replace(
                    b'lang="en-US"', f'lang="{LANGUAGE}"'.encode()
                )
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return made.getvalue()
