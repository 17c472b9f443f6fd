"""Reads published numbers back out of finished files: the HTML, the PDF, the slides, the workbook and the CSV themselves.

Every reader takes the bytes of one file and gives number id -> text as a reader of that file sees it (`15 %`, `+3`, `[c]`). It
knows nothing of how the file was made, only column headers, labels and the codes they stand for. A new format joins by one
line in `READERS`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from html.parser import HTMLParser

GRADES = {"Åk 9": "ak9", "Gy 2": "gy2", "årskurs 9": "ak9", "gymnasiets år 2": "gy2"}
SEXES = {"Flickor och pojkar": "all", "Flickor": "girl", "Pojkar": "boy"}
ANSWERS = {
    "enrolled": ("Elever i registret", ""), "respondents": ("Svar", "Svar (närmaste 5)"),
    "scored_any": ("Med minst ett index", "Med minst ett index (närmaste 5)"),
    "response_pct": ("Svarsfrekvens", "Svarsfrekvens, procent"),
    "respondents_least": ("Svar, minst", ""), "response_least_pct": ("Svarsfrekvens, procent, minst", ""),
}  # fmt: skip
AT_LEAST = {"respondents": "respondents_least", "response_pct": "response_least_pct"}
LEAST = "minst "
COUNTY = "01"
Found = dict[str, str]


@dataclass(frozen=True)
class World:
    """What a reader must know to name a number: the area, its wave, and the codes behind the labels."""

    area_code: str
    area_name: str
    county_name: str
    wave: int
    indices: Mapping[str, str]
    focus: Mapping[str, str]

    def key(self, label: str, grade: str, measure: str = "", *, sex: str = "all", area: str = "", wave: int | None = None) -> str:
        """Id of an index number; without a measure the share in the focus band."""
        index = self.indices[label]
        return f"{wave or self.wave}/{area or self.area_code}/{grade}/{sex}/{index}/{measure or self.focus[index]}"

    def shares(self, header: Sequence[str]) -> list[tuple[str, str]]:
        """Columns with the shares of the area, and any of the county. The city has a name of its own in the register."""
        names = {self.area_name: self.area_code, f"{self.area_name}s stad": self.area_code, self.county_name: COUNTY}
        found = [(column, names[column.removesuffix(", andel")]) for column in header if column.removesuffix(", andel") in names]
        if self.area_code not in {area for _, area in found}:  # the county's may all be hidden
            raise ValueError(f"the shares of the area are not among {list(header)}")
        return found


@dataclass(frozen=True)
class ReadTable:
    """A table as it stands in a file. `name`: its id or the chart's id."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def records(self) -> Iterator[dict[str, str]]:
        """Rows by header."""
        return (dict(zip(self.header, row, strict=True)) for row in self.rows if len(row) == len(self.header))


def plain(text: str) -> str:
    """Ordinary blanks, no soft hyphens."""
    return " ".join(text.replace("\u00ad", "").replace("\u00a0", " ").split())


def value_of(text: str) -> str:
    """`15 %` of `15 % (11–20 %)`, the mark of a reason in words, nothing of a cell without number."""
    cell = plain(text)
    if mark := re.search(r"\[[^\]]+\]", cell):
        return mark.group()
    number = re.match(r"[+\u2212]?\d[\d ]*(?:,\d+)?(?: ?%)?", cell)
    return number.group().strip() if number else ""


def shown(value: float, unit: str) -> str:
    """A stored number the Swedish way: written here anew, not borrowed from the product."""
    decimals = 2 if unit == "logit" else 0
    digits = f"{abs(value):,.{decimals}f}".replace(",", " ").replace(".", ",")
    sign = "\u2212" if value < 0 else "+" if value > 0 and unit in ("points", "procentenheter") else ""
    return f"{sign}{digits}" + (" %" if unit in ("percent", "procent") else "")


def from_tables(tables: Iterable[ReadTable], world: World) -> Found:
    """Numbers of the tables whose meaning is known, by the table's id."""
    found: Found = {}
    for table in tables:
        name = table.name.removesuffix("-tabell")
        for pattern, reader in TABLES.items():
            if fnmatch(name, pattern):
                add(found, reader(name, table, world))
    return found


def add(found: Found, numbers: Iterable[tuple[str, str]]) -> None:
    """Take in numbers; one that stands in the file already with another text keeps both, so that it can't pass unseen."""
    for key, text in numbers:
        if text and found.get(key, text) != text:
            found[key] = f"{found[key]} and {text}"
        elif text:
            found[key] = text


def _profile(name: str, table: ReadTable, world: World) -> Iterator[tuple[str, str]]:
    grade = name.rsplit("_", 1)[1]
    for row in table.records():
        for column, area in world.shares(table.header):
            yield world.key(row["Faktor"], grade, area=area), value_of(row[column])


def _difference(name: str, table: ReadTable, world: World) -> Iterator[tuple[str, str]]:
    for row in table.records():
        cell = row["Skillnad mot länet, procentenheter"]
        yield world.key(row["Faktor"], name.rsplit("_", 1)[1], "diff_share_focus"), value_of(cell)


def _sexes(name: str, table: ReadTable, world: World) -> Iterator[tuple[str, str]]:
    grade = name.rsplit("_", 1)[1]
    for row in table.records():
        for word, sex in (("Flickor", "girl"), ("Pojkar", "boy")):
            yield world.key(row["Faktor"], grade, sex=sex), value_of(row[f"{word}, andel"])
        if gap := row.get("Flickor minus pojkar, procentenheter"):
            yield world.key(row["Faktor"], grade, "sex_gap_share_focus"), value_of(gap)


def _trend(name: str, table: ReadTable, world: World) -> Iterator[tuple[str, str]]:
    index, grade = name.removeprefix("trend_").rsplit("_", 1)
    label = next(label for label, key in world.indices.items() if key == index)
    for row in table.records():
        for column, area in world.shares(table.header):
            yield world.key(label, grade, area=area, wave=int(row["År"])), value_of(row[column])


def _values(name: str, table: ReadTable, world: World) -> Iterator[tuple[str, str]]:
    for row in table.records():
        sex = SEXES[row["Grupp"]] if "Grupp" in row else "all"
        label, grade = row["Faktor"], GRADES[row["Årskurs"]]
        yield world.key(label, grade, sex=sex), value_of(row["Andel"])
        yield world.key(label, grade, sex=sex, area=COUNTY), value_of(row["Länet"])
        yield world.key(label, grade, "diff_share_focus", sex=sex), value_of(row["Skillnad mot länet"])


def _answers(name: str, table: ReadTable, world: World) -> Iterator[tuple[str, str]]:
    for row in table.records():
        for code, (header, _) in ANSWERS.items():
            text = value_of(row.get(header, ""))
            least = text.startswith(LEAST)
            if text.removeprefix(LEAST)[:1].isdigit():
                place = f"{row['Mättillfälle']}/{world.area_code}/{GRADES[row['Årskurs']]}/all/answers"
                yield f"{place}/{AT_LEAST[code] if least else code}", text.removeprefix(LEAST)


TABLES: Mapping[str, Callable[[str, ReadTable, World], Iterator[tuple[str, str]]]] = {
    "faktorprofil_*": _profile,
    "skillnadsdiagram_*": _difference,
    "konsskillnad_*": _sexes,
    "trend_*": _trend,
    "varden-*": _values,
    "svar": _answers,
}


class _Tables(HTMLParser):
    """Visible text of the tables with an id; pictures, scripts and what is hidden inside cells are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[ReadTable] = []
        self.name, self.silent = "", 0
        self.rows: list[list[str]] = []
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("svg", "script", "style"):
            self.silent += 1
        elif tag == "table":
            self.name, self.rows = dict(attrs).get("id") or "", []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("svg", "script", "style"):
            self.silent -= 1
        elif tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(plain("".join(self.cell)))
            self.cell = None
        elif tag == "table" and self.name and self.rows:
            self.tables.append(ReadTable(self.name, tuple(self.rows[0]), tuple(map(tuple, self.rows[1:]))))

    def handle_data(self, data: str) -> None:
        if self.cell is not None and not self.silent:
            self.cell.append(data)


def html_tables(raw: bytes) -> list[ReadTable]:
    """The page's tables as a reader sees them."""
    parser = _Tables()
    parser.feed(raw.decode("utf-8"))
    return parser.tables


def read_html(raw: bytes, world: World) -> Found:
    """The report's tables: those of the text and those behind the charts."""
    return from_tables(html_tables(raw), world)


def read_chart_csv(raw: bytes, world: World, name: str) -> Found:
    """`2_diagram/<chart>.csv`."""
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8"))))
    if len(rows) < 2:
        return {}
    return from_tables([ReadTable(name, tuple(rows[0]), tuple(map(tuple, rows[1:])))], world)


def read_csv(raw: bytes, world: World) -> Found:
    """`index_results.csv` and `response_rates.csv`: machine-readable numbers with codes."""
    found: Found = {}
    for row in csv.DictReader(io.StringIO(raw.decode("utf-8"))):
        place = f"{row['wave']}/{row['area_code']}/{row['grade']}"
        if "index_key" in row:
            key = f"{place}/{row['sex']}/{row['index_key']}/{row['measure']}"
            found[key] = shown(float(row["value"]), row["unit"]) if row["value"] else f"({row['reason']})"
        else:
            units = {code: "percent" if code.endswith("_pct") else "count" for code in ANSWERS}
            found |= {f"{place}/all/answers/{c}": shown(float(row[c]), unit) for c, unit in units.items() if row[c]}
    return found


def read_xlsx(raw: bytes, world: World) -> Found:
    """The sheets Index and Svar, by their Swedish headers; the id that stands in the row must say the same."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True)
    found: Found = {}
    for row in _sheet(book["Index"]):
        parts = str(row["Tal-id"]).split("/")
        told = [str(row["Mättillfälle"]), row["Områdeskod"], GRADES[str(row["Årskurs"])], SEXES[str(row["Kön"])], row["Index-id"]]
        if parts[:5] != told:
            raise ValueError(f"the id and the row disagree: {parts[:5]} and {told}")
        value = row["Värde"]
        found[str(row["Tal-id"])] = shown(value, str(row["Enhet"])) if isinstance(value, (int, float)) else str(value)
    for row in _sheet(book["Svar"]):
        place = f"{row['Mättillfälle']}/{row['Områdeskod']}/{GRADES[str(row['Årskurs'])]}/all/answers"
        for code, (short, header) in ANSWERS.items():
            value = row[header or short]
            if isinstance(value, (int, float)):
                found[f"{place}/{code}"] = shown(value, "percent" if code.endswith("_pct") else "count")
    return found


def _sheet(sheet: Iterable[Sequence[object]]) -> Iterator[dict[str, object]]:
    rows = [tuple(cell.value for cell in row) for row in sheet]  # type: ignore[attr-defined]
    start = next(place for place, row in enumerate(rows) if row[0] == "Område")
    return (dict(zip(map(str, rows[start]), row, strict=False)) for row in rows[start + 1 :])


def read_pdf(raw: bytes, world: World) -> Found:
    """The extracted text of a PDF."""
    import pypdf

    return read_text("\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(raw)).pages), world)


def read_text(text: str, world: World) -> Found:
    """Lines of the arenas' tables in running text: factor, grade, group, share, interval, count, the county, the difference."""
    labels = "|".join(re.escape(label) for label in world.indices)
    line = re.compile(
        rf"(?P<label>{labels}) (?P<grade>Åk 9|Gy 2) (?P<sex>Flickor och pojkar|Flickor|Pojkar) "
        r"(?P<own>\d+ %) \d+(?:–\d+)? % (?:(?:\d{1,3}(?: \d{3})*|\[c\]) )?(?P<county>\d+ %) (?P<diff>[+\u2212]?\d+) \("
    )
    found: Found = {}
    for match in line.finditer(plain(text)):
        label, grade, sex = match["label"], GRADES[match["grade"]], SEXES[match["sex"]]
        own, county = world.key(label, grade, sex=sex), world.key(label, grade, sex=sex, area=COUNTY)
        difference = world.key(label, grade, "diff_share_focus", sex=sex)
        add(found, [(own, match["own"]), (county, match["county"]), (difference, match["diff"])])
    return found


def read_pptx(raw: bytes, world: World) -> Found:
    """Native charts (by their shape's name and series) and tables of a presentation."""
    from pptx import Presentation

    found: Found = {}
    for slide in Presentation(io.BytesIO(raw)).slides:
        for shape in slide.shapes:
            if shape.has_table:
                rows = [tuple(plain(cell.text) for cell in row.cells) for row in shape.table.rows]
                if "Faktor" in rows[0]:
                    add(found, from_tables([ReadTable("varden-bild", rows[0], tuple(rows[1:]))], world).items())
            elif shape.has_chart:
                add(found, _native_chart(shape, world).items())
    return found


def _native_chart(shape: object, world: World) -> Found:
    name = shape.name.split()[-1]  # type: ignore[attr-defined]
    plot = shape.chart.plots[0]  # type: ignore[attr-defined]
    # PowerPoint keeps the line break inside a category; the label stands before it, or before its mark.
    labels = [plain(re.split(r"[\n\v]| \[", str(category))[0]) for category in plot.categories]
    unit = "points" if name.startswith("skillnadsdiagram") else "percent"
    columns = {}
    for series in plot.series:
        header = "Skillnad mot länet, procentenheter" if unit == "points" else f"{series.name}, andel"
        drawn = ["" if value is None else shown(value, unit) for value in series.values]
        before = columns.get(header, [""] * len(drawn))
        columns[header] = [new or old for new, old in zip(drawn, before, strict=True)]
    first = "År" if name.startswith("trend_") else "Faktor"
    table = ReadTable(name, (first, *columns), tuple(zip(labels, *columns.values(), strict=True)))
    return from_tables([table], world)


Reader = Callable[[bytes, World], Found]
READERS: Mapping[str, Reader] = {
    "1_rapport/rapport.html": read_html,
    "1_rapport/rapport.pdf": read_pdf,
    "3_presentation/*.pptx": read_pptx,
    "4_tabeller/index_results.csv": read_csv,
    "4_tabeller/response_rates.csv": read_csv,
    "4_tabeller/*.xlsx": read_xlsx,
}


def read_bundle(files: Mapping[str, bytes], world: World) -> dict[str, Found]:
    """File -> its numbers, for every file that a reader knows and that the bundle has."""
    found = {}
    for name, raw in files.items():
        for pattern, reader in READERS.items():
            if fnmatch(name, pattern):
                found[name] = reader(raw, world)
        if name.startswith("2_diagram/") and name.endswith(".csv"):
            found[name] = read_chart_csv(raw, world, name.removeprefix("2_diagram/").removesuffix(".csv"))
    return found


def disagreements(read: Mapping[str, Found], marks: Mapping[str, str]) -> list[str]:
    """Ids that two files give different texts for. `marks`: reason code -> mark, as CSV files hold codes."""
    problems = []
    first: dict[str, tuple[str, str]] = {}
    for name, numbers in sorted(read.items()):
        for key, text in numbers.items():
            told = marks.get(text[1:-1], text) if text.startswith("(") else text
            seen, where = first.setdefault(key, (told, name))
            if seen != told:
                problems.append(f"{key}: {where} and {name} differ")
    return problems
