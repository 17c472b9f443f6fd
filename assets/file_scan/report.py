"""The scan for the steward: Swedish text and JSON with place and kind of what was found, never the value."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from assets.catalogue.scan_models import ScanRules
from assets.file_scan.scan import ScanReport

MOST_PLACES = 20
"""So many places of one kind in one file are written out; the rest are counted."""
WORDS = {"stop": "stoppar", "note": "att se över"}


def report_data(report: ScanReport) -> dict[str, Any]:
    """The report as plain data: the same every time for the same files."""
    return {
        "rules_version": report.rules_version,
        "passed": report.passed,
        "files": report.scanned,
        "released_cells": report.released_cells,
        "numbers": report.numbers,
        "traced": report.traced,
        "by_file": [{"file": f.file, "numbers": f.numbers, "traced": f.traced} for f in report.files],
        "findings": [
            {"file": f.file, "place": f.place, "rule": f.rule, "severity": f.severity, "count": f.count} for f in report.findings
        ],
    }


def report_json(report: ScanReport) -> bytes:
    """`report_data` as UTF-8 with a line feed last."""
    return (json.dumps(report_data(report), ensure_ascii=False, indent=1) + "\n").encode()


def report_markdown(report: ScanReport, rules: ScanRules, title: str) -> str:
    """What a steward reads: the outcome, then per file what was found and where.

    Args:
        title: the bundle's name.
    """
    verdict = "Inget hindrar förseglingen." if report.passed else "Paketet får inte förseglas."
    lines = [
        f"# Genomsökning av färdiga filer: {title}",
        "",
        f"{verdict} {_number(report.scanned)} filer är lästa. {_number(report.traced)} av {_number(report.numbers)} tal är "
        f"spårade till {_number(report.released_cells)} släppta celler.",
        "",
    ]
    for file, found in groupby(report.findings, key=lambda finding: finding.file):
        lines += [f"## {file}", ""]
        for rule, same in groupby(sorted(found, key=lambda f: (f.rule, f.place)), key=lambda finding: finding.rule):
            places = list(same)
            kind = rules.findings[rule]
            lines.append(f"- **{kind.text_sv}** ({WORDS[kind.severity]}, {_number(sum(p.count for p in places))})")
            lines += [f"  - {place.place}" for place in places[:MOST_PLACES]]
            if len(places) > MOST_PLACES:
                lines.append(f"  - och {_number(len(places) - MOST_PLACES)} platser till")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\u00a0")
