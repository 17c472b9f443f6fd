"""The asset check on response rates: more answers than pupils is an error signal that a steward has to follow up."""

import dagster as dg

from assets.asset_keys import asset_key
from assets.catalogue.active import PROFILE
from assets.methods.school_types import over_100_places
from assets.texts import op_text, plain_text, ui_texts
from pipelines.resources import Store
from pipelines.warehouse import TableName

NAME = "svarsandel_over_100"
TABLE = asset_key("release", "response_by_school_type")
GRADES = {g.key: g.label_sv for g in PROFILE.grades}
TYPES = {"municipal": "kommunala skolor", "independent": "fristående skolor", "other": "övriga skolor", "all": "alla skolor"}
REMEDY = (
    "Kontrollera att skolkommunen är rätt i leveransen, att inga svar kommit med två gånger och att Skolverkets fil gäller rätt "
    "läsår. Rätta filen och lägg den i inkorgen igen."
)
SHOWN = 10


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            NAME,
            asset=TABLE,
            additional_deps=[asset_key("release", "response_rates")],
            blocking=False,
            description=ui_texts()["checks"][NAME],
        )
    ],
    name="release__response_by_school_type_svarsandel_over_100",
    description=op_text("kontroller"),
)
def response_over_100(store: Store) -> dg.AssetCheckResult:
    """Name municipality, grade, wave and type of school where the answers are more than the register's pupils."""
    tables = [store.warehouse.read(TableName("release", name)) for name in ("response_rates", "response_by_school_type")]
    places = [f"{area}, {GRADES[grade]}, {wave} ({TYPES[kind]})" for area, wave, grade, kind in over_100_places(*tables)]
    more = f" och {len(places) - SHOWN} till" if len(places) > SHOWN else ""
    text = (
        f"Fler svar än elever i registret: {'; '.join(places[:SHOWN])}{more}. {REMEDY}" if places else plain_text("checks", NAME)
    )
    return dg.AssetCheckResult(
        asset_key=TABLE,
        check_name=NAME,
        passed=not places,
        severity=dg.AssetCheckSeverity.WARN,
        description=text,
        metadata={"platser": len(places)},
    )
