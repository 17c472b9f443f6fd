"""Facts for the Lägesöversikt in which every state occurs. Invented."""

from __future__ import annotations

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.overview.types import BundleFact, Facts, WaitingFile

WAVE = 2024
RELEASE = "r" * 64
STOPPED, REFUSED, MISSING, OLDER, HALF = "0127", "0160", "0186", "0125", "0182"


def mixed_facts() -> Facts:
    """All municipalities have delivered but one; one is stopped, one refused, one has an older release, one is half approved."""
    codes = [place.municipality_code for place in load_catalogue().municipalities]
    here = [code for code in codes if code not in (REFUSED, MISSING)]
    files = [(f"d{code}", WAVE, f"Fil {code}.sav", f"sha{code}", "", 1) for code in here]
    judged = [
        (
            f"d{code}",
            WAVE,
            code,
            f"Fil {code}.sav",
            code != STOPPED,
            int(code == STOPPED),
            "stoppad" if code == STOPPED else "godkänd",
        )
        for code in here
    ]
    broken = [(f"d{STOPPED}", WAVE, "harmonised/survey_responses", "en_regel", "critical", "broken", "F55e, F14")]
    good = [code for code in here if code != STOPPED]
    bundles = [BundleFact(code, WAVE, "intern", f"{code}_x_{WAVE}_v1.0_intern", RELEASE, 0, "WAITING_TWO") for code in good[:-1]]
    bundles = [_half(one) if one.area_code == HALF else one for one in bundles]
    return Facts(
        deliveries=_frame(files, ["delivery_id", "wave", "source_file", "source_sha256", "municipality_code", "received_ns"]),
        verdicts=_frame(
            judged, ["delivery_id", "wave", "municipality_code", "source_file", "promoted", "critical_broken", "status"]
        ),
        outcomes=_frame(broken, ["delivery_id", "wave", "table_name", "rule", "severity", "status", "columns_broken"]),
        indexed=frozenset((code, WAVE) for code in good),
        behind={(code, WAVE): frozenset({"annan" if code == OLDER else f"sha{code}"}) for code in good},
        release_id=RELEASE,
        bundles=tuple(bundles),
        files=(
            WaitingFile(
                "Täby 2024.csv", "Täby 2024.csv: väntade en hel fil, fick en halv.", "x", ((REFUSED, WAVE),), "file_name"
            ),
        ),
        forms={HALF: 3},
    )


def _half(one: BundleFact) -> BundleFact:
    return BundleFact(one.area_code, one.wave, one.edition, one.folder, one.release_id, 1, "WAITING_ONE")


def _frame(rows: list[tuple], columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")
