"""How the data is sliced: survey waves, register years, municipality x wave. All of it comes from the catalogue."""

import warnings
from collections.abc import Sequence

import dagster as dg

from assets.catalogue.load import load_catalogue

# Backfill policies and multi-partition mappings are beta in Dagster 1.13; all use of them is in this module.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

_catalogue = load_catalogue()

WAVES: tuple[int, ...] = _catalogue.calendar.survey_waves
YEARS: tuple[int, ...] = _catalogue.calendar.register_years
MUNICIPALITIES: tuple[str, ...] = tuple(sorted(_catalogue.municipality_by_code))

survey_waves = dg.StaticPartitionsDefinition([str(w) for w in WAVES])
register_years = dg.StaticPartitionsDefinition([str(y) for y in YEARS])
# Dimension names are ordered alphabetically in a key: "0115|2024".
bundles = dg.MultiPartitionsDefinition({"kommun": dg.StaticPartitionsDefinition(list(MUNICIPALITIES)), "vag": survey_waves})

ONE_RUN = dg.BackfillPolicy.single_run()


def int_keys(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, everything: Sequence[int]) -> list[int]:
    """The partitions of a run as numbers; a run without partitions means all of them."""
    if not context.has_partition_key and not context.has_partition_key_range:
        return list(everything)
    return sorted(int(k) for k in context.partition_keys)


def bundle_keys(context: dg.AssetExecutionContext) -> list[tuple[str, int]]:
    """(municipality code, wave) of each bundle in the run."""
    return sorted((k.keys_by_dimension["kommun"], int(k.keys_by_dimension["vag"])) for k in map(_multi, context.partition_keys))


def _multi(key: str) -> dg.MultiPartitionKey:
    return key if isinstance(key, dg.MultiPartitionKey) else bundles.get_partition_key_from_str(key)


def range_tags(first: str, last: str) -> dict[str, str]:
    """Tags that make one run cover a range of partitions."""
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def bundle_range(wave: int, municipalities: tuple[str, str] | None = None) -> dict[str, str]:
    """The municipalities from the first to the last code (all when none are given) in one wave."""
    first, last = municipalities or (MUNICIPALITIES[0], MUNICIPALITIES[-1])
    return range_tags(f"{first}|{wave}", f"{last}|{wave}")
