"""Reads single questions, trends, accumulated factors and register values back out of finished files.

As in `published_numbers`, a reader takes the bytes of one file and knows only headers, labels and the codes they stand for. A
register value is compared as a number with the decimals that its measure is shown with, whether or not a unit stands beside it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatch

from tests.support.published_numbers import COUNTY, GRADES, SEXES, Found, ReadTable, World, _Tables, add, plain, shown, value_of

ALL_GRADES = {**GRADES, "Årskurs 9": "ak9", "Gymnasiets år 2": "gy2"}
KINDS = {"index": "index", "enskild fråga": "indicator", "0–100-index": "scale"}
UNITS = {"procentenheter": "points", "skalpoäng 0–100": "points", "logiter": "logit"}
EVERYONE = "Alla"
Pairs = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Register:
    """A register measure: its source and key, and the decimals it is shown with."""

    source: str
    key: str
    decimals: int


@dataclass(frozen=True)
class SeriesWorld:
    """`series`: title -> (kind, id, measure). `counts`: (what is counted, group) -> (count, measure). `registers`: by title."""

    base: World
    series: Mapping[str, tuple[str, str, str]]
    counts: Mapping[tuple[str, str], tuple[str, str]]
    registers: Mapping[str, Register]

    def value(self, title: str, grade: str, *, area: str = "", sex: str = "all", wave: int = 0, of: str = "") -> str:
        """Id of a question's or scale's number; `of`: `diff_` or `sex_gap_` for a difference."""
        _, key, measure = self.series[title]
        return f"{wave or self.base.wave}/{area or self.base.area_code}/{grade}/{sex}/{key}/{of}{measure}"

    def change(self, title: str, grade: str) -> str:
        """Id of the change since the wave before, of everyone in the area."""
        index = self.base.indices.get(title)
        kind, key, measure = ("index", index, "share_focus") if index else self.series[title]
        return f"{self.base.wave}/{self.base.area_code}/{grade}/all/{kind}/{key}/{measure}/change"

    def count(self, counted: str, group: str, grade: str, *, area: str = "", sex: str = "all") -> str:
        """Id of a share of accumulated factors."""
        key, measure = self.counts[counted, group]
        return f"{self.base.wave}/{area or self.base.area_code}/{grade}/{sex}/{key}/{measure}"

    def register(self, title: str, year: str) -> str:
        """Id of the area's register value."""
        known = self.registers[title]
        return f"{year}/{self.base.area_code}/all/{known.source}/{known.key}"


def decimal(value: float, places: int) -> str:
    """`1 142`, `31,1`: written here anew, not borrowed from the product. Halves away from zero, as in a spreadsheet."""
    near = Decimal(repr(abs(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return ("\u2212" if value < 0 and near else "") + f"{near:,}".replace(",", " ").replace(".", ",")


def bare(text: str) -> str:
    """A register's number without its unit and without a mark that stands beside it."""
    number = re.match(r"\u2212?\d[\d ]*(?:,\d+)?", plain(text))
    return number.group().strip() if number else value_of(text)


def _questions(name: str, table: ReadTable, world: SeriesWorld) -> Pairs:
    own = table.header[2]
    for row in table.records():
        title, grade = row["Fråga"], ALL_GRADES[row["Årskurs"]]
        yield world.value(title, grade), value_of(row[own])
        yield world.value(title, grade, area=COUNTY), value_of(row["Länet"])
        yield world.value(title, grade, of="diff_"), value_of(row["Skillnad mot länet"])
        for word, sex in (("Flickor", "girl"), ("Pojkar", "boy")):
            area = "" if word in row else COUNTY
            yield world.value(title, grade, sex=sex, area=area), value_of(row.get(word) or row[f"{word}, länet"])
        yield world.change(title, grade), value_of(row["Sedan förra"])


def _shares(name: str, table: ReadTable, world: SeriesWorld) -> Pairs:
    for row in table.records():
        for column, area in world.base.shares(table.header):
            place = {"area": area, "wave": int(row.get("År", world.base.wave))}
            yield world.value(row["Fråga"], ALL_GRADES[row["Årskurs"]], **place), value_of(row[column])


def _changes(name: str, table: ReadTable, world: SeriesWorld) -> Pairs:
    for row in table.records():
        yield world.change(row["Faktor"], ALL_GRADES[row["Årskurs"]]), value_of(row["Förändring"])


def _counted(name: str, table: ReadTable, world: SeriesWorld) -> Pairs:
    grade = name.rsplit("_", 1)[1]
    for row in table.records():
        where = (row["Räknas"], row["Antal faktorer"], grade)
        for column, area in world.base.shares(table.header):
            yield world.count(*where, area=area), value_of(row[column])
        for word, sex in (("Flickor", "girl"), ("Pojkar", "boy")):
            if f"{word}, andel" in row:
                yield world.count(*where, sex=sex), value_of(row[f"{word}, andel"])


def _measures(name: str, table: ReadTable, world: SeriesWorld) -> Pairs:
    for row in table.records():
        yield world.register(row["Mått"], row["År"]), bare(row[table.header[3]])


def _years(name: str, table: ReadTable, world: SeriesWorld) -> Pairs:
    for row in table.records() if table.header[0] == "År" else ():
        for title in table.header[1:]:
            yield world.register(title, row["År"]), bare(row[title])


TABLES: Mapping[str, Callable[[str, ReadTable, SeriesWorld], Pairs]] = {
    "fragor-*": _questions,
    "fragor_*": _shares,
    "serier_*": _shares,
    "utveckling-*": _changes,
    "samlade_*": _counted,
    "kolada_*": _measures,
    "register-*": _years,
}


def from_tables(tables: Iterable[ReadTable], world: SeriesWorld) -> Found:
    """Numbers of the tables whose meaning is known, by the table's id."""
    found: Found = {}
    for table in tables:
        name = table.name.removesuffix("-tabell")
        for pattern, reader in TABLES.items():
            if fnmatch(name, pattern):
                add(found, reader(name, table, world))
    return found


def read_html(raw: bytes, world: SeriesWorld) -> Found:
    """The report's tables."""
    parser = _Tables()
    parser.feed(raw.decode("utf-8"))
    return from_tables(parser.tables, world)


def read_records(name: str, rows: Iterable[Mapping[str, object]], world: SeriesWorld) -> Found:
    """Rows of a table with Swedish headers, from the CSV file or the sheet; the mark where there is no number."""
    found: Found = {}
    for row in rows:
        if name == "register_values":
            if (place := _of_register(row, world)) and (value := _number(row["Värde"])) is not None:
                found[place[0]] = decimal(value, place[1])
            continue
        where = f"{row['Mättillfälle']}/{row['Områdeskod']}/{GRADES[str(row['Årskurs'])]}/{SEXES[str(row['Kön'])]}"
        if name == "enskilda_fragor":
            unit, measure = ("percent", "share") if row["Enhet"] == "procent" else ("count", "mean")
            place = f"{where}/{row['Fråga-id']}"
            found[f"{place}/{measure}"] = _told(row, "Värde", unit, "Märke")
            for header, of in (("Skillnad mot länet", "diff_"), ("Flickor minus pojkar", "sex_gap_")):
                if told := _told(row, header, "points", f"{header}, märke"):
                    found[f"{place}/{of}{measure}"] = told
        elif name == "utveckling":
            of = {"medelvärde": "mean", "andel": "share"}.get(str(row["Mått"]), "share_focus")
            unit = UNITS[str(row["Förändringens enhet"])]
            place = f"{where}/{KINDS[str(row['Serietyp'])]}/{row['Serie-id']}/{of}/change"
            if (value := _number(row["Förändring"])) is not None:
                found[place] = shown(value, unit) if unit == "points" else decimal(value, 2)
        else:
            key, measure = world.counts[str(row["Räknas"]), str(row["Antal faktorer"])]
            found[f"{where}/{key}/{measure}"] = _told(row, "Andel, procent", "percent", "Märke")
    return found


def _of_register(row: Mapping[str, object], world: SeriesWorld) -> tuple[str, int] | None:
    known = world.registers.get(str(row["Mått"]))
    if known is None or row["Kön"] != EVERYONE or row["År"] in (None, ""):
        return None
    return f"{row['År']}/{row['Områdeskod']}/all/{known.source}/{known.key}", known.decimals


def _number(value: object) -> float | None:
    """A number of a cell or a CSV field; None for a mark or nothing."""
    if isinstance(value, (int, float)):
        return float(value)
    text = str(value or "")
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def _told(row: Mapping[str, object], header: str, unit: str, mark: str) -> str:
    value = _number(row[header])
    return shown(value, unit) if value is not None else str(row[header] or row[mark] or "")


def read_csv(raw: bytes, name: str, world: SeriesWorld) -> Found:
    """`4_tabeller/<name>.csv`; the register table has codes instead of Swedish headers."""
    rows: list[dict[str, str]] = list(csv.DictReader(io.StringIO(raw.decode("utf-8"))))
    if name == "register_values":
        titles = {(known.source, known.key): title for title, known in world.registers.items()}
        swedish = {"Värde": "value", "År": "year", "Områdeskod": "area_code"}
        renamed = (
            {
                "Mått": titles.get((row["source"], row["indicator_key"]), ""),
                "Kön": EVERYONE if row["sex"] == "all" else row["sex"],
                **{header: row[column] for header, column in swedish.items()},
            }
            for row in rows
        )
        return read_records(name, renamed, world)
    return read_records(name, rows, world)


SHEETS = {"Enskilda frågor": "enskilda_fragor", "Utveckling": "utveckling", "Samlade faktorer": "samlade_faktorer"}
SHEETS |= {"Register": "register_values"}


def read_xlsx(raw: bytes, world: SeriesWorld) -> Found:
    """The sheets of the same tables."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True)
    found: Found = {}
    for sheet in (name for name in SHEETS if name in book.sheetnames):
        rows = list(book[sheet].iter_rows(values_only=True))
        start = next(place for place, row in enumerate(rows) if row[0] == "Område")
        header = [str(name) for name in rows[start]]
        found |= read_records(SHEETS[sheet], (dict(zip(header, row, strict=False)) for row in rows[start + 1 :]), world)
    return found


def read_pptx(raw: bytes, world: SeriesWorld) -> Found:
    """The chart of accumulated factors and the table of register values."""
    from pptx import Presentation

    found: Found = {}
    for slide in Presentation(io.BytesIO(raw)).slides:
        for shape in slide.shapes:
            if shape.has_table:
                rows = [[plain(cell.text) for cell in row.cells] for row in shape.table.rows]
                if rows[0][:2] == ["Mått", "År"]:
                    told = ((re.sub(r" \([^()]*\)$", "", title), year, value) for title, year, value, *_ in rows[1:])
                    add(found, ((world.register(title, year), bare(value)) for title, year, value in told))
            elif shape.has_chart and (name := shape.name.split()[-1]).startswith("samlade_"):
                add(found, _native_counts(name, shape.chart.plots[0], world))
    return found


def _native_counts(name: str, plot: object, world: SeriesWorld) -> Pairs:
    labels = [plain(re.split(r"[\n\v]| \[", str(category))[0]).split(": ") for category in plot.categories]  # type: ignore[attr-defined]
    for series in plot.series:  # type: ignore[attr-defined]
        area = COUNTY if series.name == world.base.county_name else ""
        for (counted, group), value in zip(labels, series.values, strict=True):
            if value is not None:
                yield world.count(counted, group, name.rsplit("_", 1)[1], area=area), shown(value, "percent")


def read_pdf(raw: bytes, world: SeriesWorld) -> Found:
    """The extracted text of a PDF."""
    import pypdf

    return read_text("\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(raw)).pages), world)


INTERVAL, CHANGE = r"\(\d+(?:– ?\d+)?\)", r"\([+\u2212]?\d+ till [+\u2212]?\d+\)"
SIGNED, BARS = r"[+\u2212]?\d+", r"\d+(?:–\d+)? %"
COUNTED = r"(?:\d{1,3}(?: \d{3})*|\[c\])"


def read_text(text: str, world: SeriesWorld) -> Found:
    """Rows of tables in running text: of questions, of changes, and behind the charts."""
    flat = plain(text)
    found: Found = {}
    add(found, _question_lines(flat, world))
    changes = re.compile(rf"({_one_of(world.base.indices)}) (Åk 9|Gy 2) (?:19|20)\d\d ({SIGNED}) {CHANGE}")
    add(found, ((world.change(title, ALL_GRADES[grade]), change) for title, grade, change in changes.findall(flat)))
    registers = _one_of(title for title, known in world.registers.items() if known.decimals)
    values = re.compile(rf"({registers}) (?:procent|per [\w ]*?|antal [\w ]*?)? ?((?:19|20)\d\d) (\d+,\d+)")
    add(found, ((world.register(title, year), value) for title, year, value in values.findall(flat)))
    add(found, _chart_lines(flat, world))
    return found


def _question_lines(flat: str, world: SeriesWorld) -> Pairs:
    number, cell = r"\d+(?: %)?", r"(?:\d+(?: %)?|\[[a-zåäö]\])"
    line = re.compile(
        rf"({_one_of(world.series)}) (Åk 9|Gy 2) ({number}) {INTERVAL} {cell} {cell} ({number}) {INTERVAL} ({SIGNED}) {CHANGE}"
        rf"(?: [a-zåäö ]{{3,40}}? ({SIGNED}) sedan (?:19|20)\d\d)?"
    )
    for title, told, own, county, difference, change in line.findall(flat):
        grade = ALL_GRADES[told]
        yield world.value(title, grade), own
        yield world.value(title, grade, area=COUNTY), county
        yield world.value(title, grade, of="diff_"), difference
        yield world.change(title, grade), change


def _chart_lines(flat: str, world: SeriesWorld) -> Pairs:
    shares = re.compile(
        rf"({_one_of(world.series)}) (Årskurs 9|Gymnasiets år 2) (?:((?:19|20)\d\d) )?(\d+ %) {BARS} "
        rf"(?:{COUNTED} )?(\d+ %) {BARS}"
    )
    for title, grade, year, own, county in shares.findall(flat):
        wave = int(year or world.base.wave)
        yield world.value(title, ALL_GRADES[grade], wave=wave), own
        yield world.value(title, ALL_GRADES[grade], wave=wave, area=COUNTY), county
    words = [_one_of({place[at] for place in world.counts}) for at in (0, 1)]
    counted = re.compile(rf"({words[0]}) ({words[1]}) (\d+ %) {BARS} {COUNTED} (\d+ %) {BARS}")
    for part in re.split(r"Tabell \d+:", flat):
        caption = part.partition("Räknas")[0]
        grade = next((code for word, code in ALL_GRADES.items() if word in caption), "")
        for what, group, own, county in counted.findall(part) if grade else ():
            yield world.count(what, group, grade), own
            yield world.count(what, group, grade, area=COUNTY), county


def _one_of(words: Iterable[str]) -> str:
    """Longest first, so that a title isn't taken for the beginning of another."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or "(?!)"


def read_series(files: Mapping[str, bytes], world: SeriesWorld) -> dict[str, Found]:
    """File -> its numbers, for every file that a reader knows and that the bundle has."""
    found = {"1_rapport/rapport.html": read_html(files["1_rapport/rapport.html"], world)}
    found["1_rapport/rapport.pdf"] = read_pdf(files["1_rapport/rapport.pdf"], world)
    found["4_tabeller/tabeller.xlsx"] = read_xlsx(files["4_tabeller/tabeller.xlsx"], world)
    for path, raw in files.items():
        name = path.rpartition("/")[2].removesuffix(".csv")
        if path.endswith(".pptx"):
            found[path] = read_pptx(raw, world)
        elif path.startswith("2_diagram/") and path.endswith(".csv"):
            rows = [tuple(map(plain, row)) for row in csv.reader(io.StringIO(raw.decode("utf-8")))]
            found[path] = from_tables([ReadTable(name, rows[0], tuple(rows[1:]))], world) if len(rows) > 1 else {}
        elif path.startswith("4_tabeller/") and name in SHEETS.values():
            found[path] = read_csv(raw, name, world)
    return found
