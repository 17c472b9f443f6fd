"""What whole pupils and our own floors tell of hidden numbers, and what it costs to protect against it (ADR 0065).

    python -m benchmarks.whole_pupils --home DATA [--waves 2024]

Hides the index tables of a finished run anew, without and with the policy's `whole_numbers`, attacks both with the audit's attack
`whole`, and prints per edition and measure how many numbers are hidden and how many of them are too narrow; and the cpu of each.
`DATA` is only read. Repairs and earlier releases play no part.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from assets.audit.whole import run_whole, whole_attacks
from assets.catalogue.load import load_catalogue
from assets.cutoff_guard import released_editions
from assets.methods.bands import FOCUS_BAND
from assets.methods.disclosure import load_policy, protect
from assets.methods.editions import HIDDEN, allowed_areas, quiet_reasons
from assets.methods.publish import enrolled_pupils
from assets.methods.score_scale import policy_for
from assets.release import REGISTER_VALUES
from assets.release_audit import audit_rules
from assets.release_utility import suppressor_inputs
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

TELLING = ("n_respondents", "n_scored", "share_unscored", "share_band1", "share_band2", "share_band3")


def main(arguments: Sequence[str] | None = None) -> None:
    """Hide, attack and count."""
    parser = argparse.ArgumentParser(description="Whole pupils: what they tell, and what protecting against it costs")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--waves", type=int, nargs="*", default=[2016, 2018, 2020, 2022, 2024])
    chosen = parser.parse_args(arguments)
    catalogue, warehouse = load_catalogue(), Warehouse(Paths(chosen.home).warehouse, read_only=True)
    enrolled = enrolled_pupils(warehouse.read(REGISTER_VALUES), catalogue.profile)
    rates = warehouse.read(TableName("release", "response_rates"))  # of these only the register's pupils are read
    rules = replace(audit_rules(catalogue), whole=True)
    disclosure = policy_for(catalogue.disclosure, catalogue.index_file)
    focus = {index.key: FOCUS_BAND[index.kind] for index in catalogue.indices}
    counted: Counter[tuple[str, str, str, bool]] = Counter()
    spent: Counter[str] = Counter()
    for wave in chosen.waves:
        inputs = suppressor_inputs(warehouse, catalogue, wave)[0]
        for whole in (False, True):
            policy, parts, within = load_policy({**disclosure, "whole_numbers": whole}), [], None
            begun = time.process_time()
            for edition in released_editions(catalogue):
                tables = (allowed_areas(table, policy, edition) for table in inputs)
                safe = protect(*tables, policy, edition, focus, None, within, enrolled)
                parts.append(safe.results if within is None else quiet_reasons(safe.results))
                within = within or safe.pattern
            hidden_at = time.process_time()
            rows = pl.concat(parts)
            cells = pl.concat(
                run_whole(task).cells for task in whole_attacks({"index_results": rows, "response_rates": rates}, rules)
            )
            spent[f"hiding, whole_numbers {whole}"] += hidden_at - begun
            spent[f"attack, whole_numbers {whole}"] += time.process_time() - hidden_at
            for what, found in (
                ("hidden", rows.filter(pl.col("measure").is_in(TELLING), pl.col("reason").is_in(HIDDEN))),
                ("narrow", cells.filter(pl.col("verdict") != "wide")),
            ):
                for edition, measure, n in found.group_by("edition", "measure").len().iter_rows():
                    counted[edition, measure, what, whole] += n
    for edition, measure in sorted({key[:2] for key in counted}):
        told = (f"{what} {counted[edition, measure, what, False]:>5} -> {counted[edition, measure, what, True]:>5}"
                for what in ("hidden", "narrow"))  # fmt: skip
        sys.stdout.write(f"{edition:<7} {measure:<15} {'  '.join(told)}\n")
    for name, seconds in spent.items():
        sys.stdout.write(f"{name:<30} {seconds:6.1f} cpu s\n")


if __name__ == "__main__":
    main()
