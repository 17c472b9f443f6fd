"""Which pupils are behind a published number, as far as files and choices tell. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import polars as pl

from assets.methods.disclosure_policy import DisclosurePolicy, load_policy
from assets.methods.score_scale import policy_for
from assets.release_register.types import Inputs

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue

STATE = ("deliveries", "screen", "cutoff_set", "definitions")
"""What the population and the counting of an area x wave depend on; equal states mean the same pupils counted alike."""
SHOWN: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(("count_step", "share_step", "mean_decimals"), pl.Int64) | {
    "noisy": pl.Boolean
}
"""How a release's numbers are rounded, null when not known, and whether they have noise."""
REGISTERS = "*"
"""Area of the registers in `release.provenance`: open data, no pupils' answers."""


def release_inputs(
    provenance: pl.DataFrame,
    county: str,
    screen: Mapping[int, bool],
    cutoff_set: str,
    definitions: str,
    policy: DisclosurePolicy | None = None,
) -> Inputs:
    """The inputs of a release from its provenance.

    Args:
        provenance: `release.provenance`. county: its code, whose deliveries are all of a wave; empty where there is none.
        screen: wave -> whether flagged answers are left out (`removal` of `release.screen_sensitivity`).
        definitions: from `definitions_hash`. policy: by which the cells are rounded and hidden.
    """
    if not provenance.width:  # a survey without such a table: nothing is known of its files
        provenance = pl.DataFrame(schema={"area_code": pl.String, "wave": pl.Int32, "source_sha256": pl.String})
    own = provenance.filter(pl.col("area_code") != REGISTERS).select("area_code", "wave", "source_sha256")
    whole = own.with_columns(area_code=pl.lit(county)) if county else own.clear()
    hashes: dict[str, set[str]] = {}
    for area, wave, digest in pl.concat([own, whole]).iter_rows():
        hashes.setdefault(f"{area}|{wave}", set()).add(digest)
    return Inputs(
        deliveries={key: _together(found) for key, found in sorted(hashes.items())},
        screen={str(wave): "removed" if removed else "kept" for wave, removed in sorted(screen.items())},
        cutoff_set=cutoff_set,
        definitions=definitions,
        numbers={edition: asdict(policy.numbers(edition)) for edition in policy.editions} if policy else {},
        noise=dict.fromkeys(policy.cell_key.tables, policy.cell_key.max_noise) if policy else {},
    )


def _together(hashes: set[str]) -> str:
    found = sorted(hashes)
    return found[0] if len(found) == 1 else hashlib.sha256("\n".join(found).encode()).hexdigest()


def definitions_hash(definitions: Mapping[str, object]) -> str:
    """SHA-256 of what decides how pupils are counted (indices, questions, factors, districts), given as plain data."""
    return hashlib.sha256(json.dumps(definitions, sort_keys=True, default=str).encode()).hexdigest()


def inputs_of(told: pl.DataFrame, screen: Mapping[int, bool], catalogue: Catalogue) -> Inputs:
    """Inputs of a release from its provenance and whether each wave leaves out what the screen flags."""
    county = catalogue.profile.county.code if catalogue.profile.county else ""
    counted: dict[str, object] = {
        name: getattr(catalogue, name).model_dump(mode="json") for name in ("index_file", "indicator_file", "factors")
    }
    counted["districts"] = [one.model_dump(mode="json") for one in catalogue.districts]
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    return release_inputs(told, county, screen, catalogue.cutoffs.id, definitions_hash(counted), policy)


def state_of(inputs: Inputs, area_code: str, wave: int) -> tuple[str, str, str, str]:
    """The state (`STATE`) of an area x wave; a district's deliveries are its municipality's."""
    delivered = inputs.deliveries.get(f"{area_code.split('-', maxsplit=1)[0]}|{wave}", "")
    return delivered, inputs.screen.get(str(wave), ""), inputs.cutoff_set, inputs.definitions


def with_state(cells: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """Cells of an area and a wave with the columns of `STATE` and `SHOWN`; others (forms, measurement) are left out."""
    placed = cells.filter(pl.col("area_code").is_not_null() & pl.col("wave").is_not_null())
    places = placed.select("area_code", "wave").unique().sort("area_code", "wave")
    rows = [(area, wave, *state_of(inputs, area, wave)) for area, wave in places.iter_rows()]
    kinds = {"area_code": pl.String, "wave": pl.Int32} | dict.fromkeys(STATE, pl.String)
    states = pl.DataFrame(rows, schema=kinds, orient="row")
    names = [name for name in SHOWN if name != "noisy"]
    told = [(edition, *(numbers[name] for name in names)) for edition, numbers in sorted(inputs.numbers.items())]
    steps = pl.DataFrame(told, {"edition": pl.String} | {name: SHOWN[name] for name in names}, orient="row")
    stated = placed.join(states, on=["area_code", "wave"], how="left", maintain_order="left")
    return stated.join(steps, on="edition", how="left", maintain_order="left").with_columns(
        noisy=pl.col("table_name").is_in(list(inputs.noise))
    )


def same_pupils(earlier: Inputs, current: Inputs) -> frozenset[tuple[str, int]]:
    """(area code, wave) whose deliveries, choices and definitions are the same in both."""
    found = set()
    for key in earlier.deliveries.keys() & current.deliveries.keys():
        area, wave = key.split("|")
        if state_of(earlier, area, int(wave)) == state_of(current, area, int(wave)):
            found.add((area, int(wave)))
    return frozenset(found)
