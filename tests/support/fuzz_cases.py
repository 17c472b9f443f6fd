"""The corpus: at least sixty bad files and some good ones, each with the one sentence that it must lead to (`CASES`)."""

from __future__ import annotations

import struct

import polars as pl

from tests.support.fuzz_corpus import (
    AGAIN,
    AR,
    BOMB,
    BOOK,
    BROKEN_BOOK,
    CATALOGUE,
    CUT_SPSS,
    CUT_STATA,
    HEADER,
    HIDDEN,
    KOMMUN,
    NO_CELLS,
    NO_SPSS,
    NO_STATA,
    PUPILS,
    RENAME,
    SECRET,
    SHIFTED,
    SPLIT,
    TABLE,
    TWICE,
    UNKNOWN,
    WIDTH,
    Case,
    answers,
    changed,
    declarable,
    dta,
    encoding,
    labels,
    link,
    missing,
    no_place,
    no_year,
    numbers,
    other_format,
    patched,
    pupils,
    put,
    sav,
    sav_with_wild_label,
    sheets,
    stata_letter,
    text,
    unknown,
    without,
    zip_of,
)

EMPTY = f"väntade en fil med svar, fick en tom fil. {AGAIN}"
SHORT = (
    f"väntade {WIDTH} kolumner på varje rad, fick 1 rad med färre kolumner. Filen är troligen avbruten; exportera den på nytt."
)
_LONG = f"väntade {WIDTH} kolumner på varje rad, fick {{}} med fler kolumner. {SHIFTED}"
_MIXED = text().encode() + text(changed("Klass", "9Å"))[-900:].encode("cp1252")
_SWAPPED = labels() | {
    "F55e": {4: "Stämmer mycket dåligt", 3: "Stämmer ganska dåligt", 2: "Stämmer ganska bra", 1: "Stämmer mycket bra"}
}
_QUOTED = text(changed("Klass", 'rad 1\nrad 2; "citat", slut'))
_DATED = numbers().with_columns(pl.lit("2024-03-01").str.to_date().alias("ar"))

TEXT_CASES = (
    Case("tom.csv", put(b""), EMPTY),
    Case("bara_bom.csv", put(b"\xef\xbb\xbf"), EMPTY),
    Case("bara_nollor.csv", put(b"\0" * 5000), EMPTY),
    Case("bara_radbrytningar.csv", put("\r\n" * 40), EMPTY),
    Case(
        "bara_rubrik.csv",
        put(text([])),
        "väntade rader med svar under rubrikraden, fick inga rader. Exportera filen på nytt med svaren.",
    ),
    Case("utan_rubrik.csv", put(text(header=[])), UNKNOWN),
    Case("rubrik_for_langt_ner.csv", put("titel\r\n" * 20 + text()), UNKNOWN),
    Case("budget.csv", put("Konto;Ansvar;Utfall\n4001;Skola;100\n"), UNKNOWN),
    Case("gemena_namn.csv", put(text(header=[h.lower() for h in HEADER])), UNKNOWN),
    Case("lodstreck.csv", put(text(delimiter="|")), UNKNOWN),
    Case("blanksteg.csv", put(text().replace(";", " ")), UNKNOWN),
    Case("utf16.csv", put(text(), "utf-16"), encoding("UTF-16 eller binärt innehåll")),
    Case("utf16_utan_bom.csv", put(text(), "utf-16-le"), encoding("UTF-16 eller binärt innehåll")),
    Case("nolla_langt_in.csv", put(text().encode() + b"\0"), encoding("UTF-16 eller binärt innehåll")),
    Case(
        "trasiga_tecken.csv",
        put(text().encode("cp1252").replace(b"Flicka", b"Fl\x81cka")),
        encoding("bytes som inte hör hemma i UTF-8 eller Windows-1252"),
    ),
    Case("mac.csv", put(text(), "mac-roman"), encoding("bytes som inte hör hemma i UTF-8 eller Windows-1252")),
    Case("blandad_kodning.csv", put(_MIXED), encoding("en blandning av UTF-8 och Windows-1252")),
    Case(
        "omkodad_igen.csv",
        put(text().encode().decode("cp1252", "replace").replace("\ufffd", "…")),
        encoding("text där å, ä och ö har kodats om två gånger"),
    ),
    Case("bom.csv", put(text(), "utf-8-sig")),
    Case("dubbel_bom.csv", put("\ufeff" + text(), "utf-8-sig")),
    Case("windows.csv", put(text(), "cp1252")),
    Case("tabb.txt", put(text(delimiter="\t"))),
    Case("komma.csv", put(text(delimiter=","))),
    Case("komma_i_etikett.csv", put(text(delimiter=",").replace(SECRET, "9A, natur", 1)), _LONG.format("1 rad")),
    Case("semikolon_i_etikett.csv", put(text(changed("Klass", "9A; natur")))),
    Case("radbrytning_i_citat.csv", put(_QUOTED)),
    Case("oppet_citat.csv", put(text(changed("Klass", "9A")).replace("9A", '"9A', 1)), SHORT),
    Case(
        "oppet_citat_stort.csv",
        put(text(pupils() * 120).replace(SECRET, f'"{SECRET}', 1)),
        NO_CELLS,
    ),
    Case("halv_rad.csv", put(text()[:-40]), SHORT),
    Case(
        "halva_rader.csv", put(text([row[: WIDTH // 2] for row in pupils()])), SHORT.replace("1 rad med", f"{PUPILS} rader med")
    ),
    Case("forskjuten_rad.csv", put(text([["", *pupils()[0]], *pupils()[1:]])), _LONG.format("1 rad")),
    Case(
        "forskjuten_rubrik.csv",
        put(text(header=HEADER[:-1])),
        _LONG.replace(str(WIDTH), str(WIDTH - 1)).format(f"{PUPILS} rader"),
    ),
    Case("forskjutna_kolumner.csv", put(text([[row[-1], *row[:-1]] for row in pupils()])), no_year(rows=f"{PUPILS} rader")),
    Case(
        "dubbla_rubriker.csv",
        put(text(header=[*HEADER[:-1], HEADER[-2]])),
        TWICE,
    ),
    Case("tva_exporter_efter_varandra.csv", put(text() + text()), no_year()),
    Case("summarad.csv", put(text([*pupils(), ["Totalt", *[""] * (WIDTH - 1)]])), no_year()),
    Case("ar_saknas.csv", answers("ar", "", 3), no_year(rows="3 rader")),
    Case("ar_med_fem_siffror.csv", answers("ar", "20244"), no_year()),
    Case("ar_med_tva_siffror.csv", answers("ar", "24", PUPILS), no_year(rows=f"{PUPILS} rader")),
    Case("datum_som_ar.csv", answers("ar", "2024-03-01"), no_year()),
    Case(
        "okand_vag.csv",
        answers("ar", "2023", PUPILS),
        "väntade svar från något av mättillfällena 2016, 2018, 2020, 2022, 2024, fick bara 2023. "
        "Är mättillfället nytt läggs året till i katalogens kalender (calendar.yml); lägg sedan filen i inkorgen igen.",
    ),
    Case("okand_kommun.csv", answers("Skolkommun", "77"), no_place("kolumnen Skolkommun: okänd kod 77 på 1 rad")),
    Case("scb_kod_i_annat_lan.csv", answers("Skolkommun", "1480", 2), no_place("kolumnen Skolkommun: okänd kod 1480 på 2 rader")),
    Case("kommun_felstavad.csv", answers("Skolkommun", "Tääby"), no_place("kolumnen Skolkommun: 1 okänd etikett på 1 rad")),
    Case(
        "okand_arskurs.csv", answers("Arskurs", "Nian", PUPILS), no_place(f"kolumnen Arskurs: 1 okänd etikett på {PUPILS} rader")
    ),
    Case("kon_som_m_och_f.csv", answers("F2", "M"), no_place("kolumnen F2: 1 okänd etikett på 1 rad")),
    Case("kon_utan_etikett.csv", answers("F2", "1", 2), no_place("kolumnen F2: okänd kod 1 på 2 rader")),
    Case("negativ_kod.csv", answers("F55e", "-1"), unknown("kolumnen F55e: okänd kod -1 på 1 rad")),
    Case("kod_utanfor.csv", answers("F55e", "7"), unknown("kolumnen F55e: okänd kod 7 på 1 rad")),
    Case("gammal_bortfallskod.csv", answers("F55e", "99", 2), unknown("kolumnen F55e: okänd kod 99 på 2 rader")),
    Case("halv_kod.csv", answers("F55e", "2,5"), unknown("kolumnen F55e: 1 okänd etikett på 1 rad")),
    Case("datum_som_kod.csv", answers("F55e", "02-jan"), unknown("kolumnen F55e: 1 okänd etikett på 1 rad")),
    Case("exponent_som_kod.csv", answers("F55e", "1E+00"), unknown("kolumnen F55e: 1 okänd etikett på 1 rad")),
    Case("formel_som_svar.csv", answers("F55e", "=1+0"), unknown("kolumnen F55e: 1 okänd etikett på 1 rad")),
    Case("decimalkomma.csv", answers("F55e", "3,0", PUPILS)),
    Case("decimalpunkt.csv", answers("F55e", "3.0", PUPILS)),
    Case(
        "bada_decimaltecknen.csv",
        put(text([[*row[:-2], "1,0", "1.0"] for row in pupils()])),
        notes=("både decimalkomma och decimalpunkt förekommer; kontrollera exporten.",),
    ),
    Case(
        "formelinjektion.csv",
        answers("Klass", '=HYPERLINK("http://exempel.se";"klicka")', 2),
        notes=("2 celler börjar som en formel och lagras som vanlig text.",),
    ),
    Case(
        "kommando_i_cell.csv",
        answers("Skolnamn", "@SUM(1+1)*cmd|' /C calc'!A0"),
        notes=("1 cell börjar som en formel och lagras som vanlig text.",),
    ),
    Case("html_i_cell.csv", answers("Skolnamn", "<script>alert(1)</script>")),
    Case("utan_arskurs.csv", put(without("Arskurs")), missing("årskurs (Arskurs eller ARSKURS)")),
    Case("utan_kommun.csv", put(without("Skolkommun")), declarable("skolkommun (Skolkommun)", "utan_kommun.csv", KOMMUN)),
    Case("utan_ar.csv", put(without("ar")), declarable("år (ar)", "utan_ar.csv", AR)),
)

NAME_CASES = (
    Case(
        "rad\nbrytning.csv",
        put(text()),
        f"väntade ett filnamn med högst 120 synliga tecken, fick ett namn med styrtecken eller osynliga tecken. {RENAME}",
        shown="rad_brytning.csv",
    ),
    Case(
        "svar\u202evsc.exe.csv",
        put(text()),
        f"väntade ett filnamn med högst 120 synliga tecken, fick ett namn med styrtecken eller osynliga tecken. {RENAME}",
        shown="svar_vsc.exe.csv",
    ),
    Case(
        f"{'a' * 150}.csv",
        put(text()),
        f"väntade ett filnamn med högst 120 synliga tecken, fick 154 tecken. {RENAME}",
        shown=f"{'a' * 80}…{'a' * 26}.csv",
    ),
    Case(
        "lank.csv", link, "väntade en fil, fick en länk till en annan plats. Lägg själva filen i inkorgen i stället för länken."
    ),
    Case("svar..%2f..%2fetc%2fpasswd.csv", put(text())),
    Case("svar..\\..\\windows.csv", put(text())),
    Case("-rf.csv", put(text())),
    Case("$(reboot);`id`.csv", put(text())),
    Case("<img src=x onerror=alert(1)>.csv", put(text())),
    Case(
        "gammal.xls",
        put(b"\xd0\xcf\x11\xe0"),
        other_format(".xls"),
    ),
    Case(
        "svar",
        put(text()),
        other_format("utan ändelse"),
    ),
)

_ZEROS = b"\0" * 40_000_000
_OTHER = [HEADER[:9], pupils()[0][:9]]

WORKBOOK_CASES = (
    Case("bra.xlsx", sheets(("Svar", TABLE, False))),
    Case("text.xlsx", put(text()), BROKEN_BOOK),
    Case("avklippt.xlsx", patched(sheets(("Svar", TABLE, False)), keep=0.6), BROKEN_BOOK),
    Case("annat_arkiv.xlsx", zip_of(("brev.txt", b"hej")), BROKEN_BOOK),
    Case(
        "losenord.xlsx",
        put(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        BROKEN_BOOK.replace(
            "en fil som Excel-läsaren inte kan öppna", "en lösenordsskyddad arbetsbok eller en äldre Excel-fil (.xls)"
        ),
    ),
    Case("bomb.xlsx", zip_of(("xl/worksheets/sheet1.xml", _ZEROS)), BOMB),
    Case("bomb_som_ljuger.xlsx", zip_of(("xl/worksheets/sheet1.xml", _ZEROS), lie=1000), BOMB),
    Case(
        "tusen_delar.xlsx",
        zip_of(*((f"xl/worksheets/sheet{n}.xml", b"<x/>") for n in range(1000))),
        f"väntade högst 400 delar i arbetsboken, fick 1000 delar. {SPLIT}",
    ),
    Case(
        "langt_ut.xlsx",
        sheets(("Svar", TABLE, False), far=True),
        f"väntade högst 400000 rader, fick 1048576 rader. {SPLIT}",
    ),
    Case(
        "sammanfogade_svar.xlsx",
        sheets(("Svar", TABLE, False), merge="B3:B5"),
        ", bladet Svar: väntade ett svar i varje cell, fick 1 område med sammanfogade celler bland svaren. "
        "Dela upp de sammanfogade cellerna i Excel, fyll i värdet på varje rad och lägg filen i inkorgen igen.",
    ),
    Case("sammanfogad_titel.xlsx", sheets(("Svar", [["Enkäten 2024"], [], *TABLE], False), merge="A1:D1")),
    Case(
        "dolt_blad.xlsx", sheets(("Svar", TABLE, False), ("Gamla", TABLE, True)), notes=("bladet Gamla är dolt och lästes inte.",)
    ),
    Case(
        "bara_dolt.xlsx",
        sheets(("Läs mig", [["Hej"]], False), ("Svar", TABLE, True)),
        HIDDEN,
    ),
    Case(
        "tva_blad.xlsx",
        sheets(("Vår", TABLE, False), ("Höst", TABLE, False)),
        notes=("2 blad med samma kolumner lästes efter varandra.",),
        rows=2 * PUPILS,
    ),
    Case(
        "andra_kolumner.xlsx",
        sheets(("Svar", TABLE, False), ("Bilaga", _OTHER, False)),
        notes=("bladet Bilaga har andra kolumner och lästes inte.",),
    ),
    Case("tomma_blad.xlsx", sheets(("Blad1", [], False), ("Blad2", [], False)), UNKNOWN),
    Case(
        "bara_rubrik.xlsx",
        sheets(("Svar", [HEADER], False)),
        "väntade rader med svar under rubrikraden, fick inga rader. Exportera filen på nytt med svaren.",
    ),
    Case("tal_som_text.xlsx", sheets(("Svar", [HEADER, *changed("F55e", "1,0", PUPILS)], False))),
    Case(
        "felvarde.xlsx",
        sheets(("Svar", [HEADER, *changed("F55e", "#SAKNAS!")], False)),
        unknown("kolumnen F55e: 1 okänd etikett på 1 rad"),
    ),
)

SPSS_CASES = (
    Case("bra.sav", sav()),
    Case("bra.zsav", sav(compress=True)),
    Case(
        "text.sav",
        put(text()),
        NO_SPSS,
    ),
    Case("avklippt.sav", patched(sav(), keep=0.7), CUT_SPSS),
    Case("skrap.sav", put(b"$FL2" + bytes(range(256)) * 8), CUT_SPSS),
    Case("tio_gigabyte_rader.sav", patched(sav(), (80, struct.pack("<i", 150_000_000))), CUT_SPSS),
    Case("tio_gigabyte_kolumner.sav", patched(sav(), (68, struct.pack("<i", 2**31 - 1))), CUT_SPSS),
    Case("tio_gigabyte.zsav", patched(sav(compress=True), (80, struct.pack("<i", 2**31 - 1))), CUT_SPSS),
    Case("vild_etikett.sav", sav_with_wild_label, CUT_SPSS),
    Case("inga_rader.sav", sav(numbers().clear()), f"väntade svar på minst en rad, fick inga rader. {AGAIN}"),
    Case("okand_kod.sav", sav(numbers().with_columns(F55e=pl.lit(7))), unknown(f"kolumnen F55e: okänd kod 7 på {PUPILS} rader")),
    Case("omkastade_etiketter.sav", sav(meant=_SWAPPED), unknown(f"kolumnen F55e: okänd kod 1 på {PUPILS} rader")),
    Case("omkastat_kon.sav", sav(meant=labels() | {"F2": {1: "Flicka", 2: "Pojke"}})),
    Case(
        "utan_etiketter.sav",
        sav(meant={}),
        no_place(f"kolumnen Arskurs: okänd kod 9 på {PUPILS} rader; kolumnen F2: okända koder 1, 2 på {PUPILS} rader"),
    ),
    Case("datum_som_ar.sav", sav(_DATED), no_year(rows=f"{PUPILS} rader")),
    Case(
        "annan_fraga.sav",
        sav(column_labels={"F90": CATALOGUE.survey.by_key["F91"].label_sv}),
        f"väntade frågorna ur kodboken {BOOK.id}, fick andra frågor enligt filens egna texter i kolumnerna F90. "
        "Ange rätt kodbok i en sidofil eller gör en egen med jobbet propose_codebook (eller did kodbok).",
    ),
)


STATA_CASES = (
    Case("bra.dta", dta()),
    Case("bokstav_med_etikett.dta", stata_letter(label=True)),
    Case("bokstav_utan_etikett.dta", stata_letter(label=False), unknown("kolumnen F55e: okänd kod .a på 1 rad")),
    Case(
        "text.dta",
        put(text()),
        NO_STATA,
    ),
    Case("avklippt.dta", patched(dta(), keep=0.6), CUT_STATA),
    Case("tio_gigabyte.dta", patched(dta(version=14), (82, struct.pack("<Q", 2**34))), CUT_STATA),
    Case("gammal_stata.dta", put(b"\x72\x02\x01\x00" + struct.pack("<Hi", 60_000, 2**31 - 1) + b"\0" * 200), CUT_STATA),
)

CASES = (*TEXT_CASES, *NAME_CASES, *WORKBOOK_CASES, *SPSS_CASES, *STATA_CASES)
