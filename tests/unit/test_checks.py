"""Asset checks: one per rule, in Swedish, tried slice by slice, naming files and never a value."""

from dataclasses import replace

import dagster as dg
import polars as pl
import pytest

from assets.slices import WAVES, range_tags, survey_waves
from expectations.run import RuleOutcome
from expectations.suite import Rule, load_suite, suite_tables
from pipelines.checks import ONE_SLICE_AT_A_TIME, build_checks, result, suite_checks, together
from pipelines.definitions import build_definitions
from pipelines.psychometric_checks import psychometric_checks
from pipelines.resources import Store
from pipelines.warehouse import TableName
from tests.support.survey_rows import survey

TABLE = "harmonised/survey_responses"
KEY = dg.AssetKey(TABLE.split("/"))
RULE = Rule(
    id="regel",
    severity="critical",
    expectation="ExpectTableRowCountToBeBetween",
    text_sv="Det finns rader.",
    why_sv="Utan rader inga resultat.",
    remedy_sv="Lägg in en fil.",
)


def rows(*deliveries: tuple[str, int]) -> pl.DataFrame:
    """Two good pupils per delivery and wave."""
    parts = [
        survey().with_columns(
            delivery_id=pl.lit(name),
            wave=pl.lit(wave, pl.Int32),
            respondent_key=pl.format("{}-{}-{}", pl.lit(name), pl.lit(wave), "sex"),
        )
        for name, wave in deliveries
    ]
    return pl.concat(parts)


@pytest.fixture
def store(tmp_path):
    """A data folder with the names of two files."""
    made = Store(data_dir=str(tmp_path))
    names = {"delivery_id": ["a", "b"] * 2, "source_file": ["täby.sav", "nacka.csv"] * 2}
    files = pl.DataFrame(names | {"wave": [2022, 2022, 2024, 2024]}, schema_overrides={"wave": pl.Int32})
    made.warehouse.replace(TableName("raw", "survey_deliveries"), files, None)
    return made


def evaluate(store: Store, frame: pl.DataFrame | None, tags: dict[str, str] | None = None) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the checks of the survey table alone; evaluation by rule."""
    if frame is not None:
        store.warehouse.replace(TableName(*TABLE.split("/")), frame, None)

    @dg.asset(key=KEY, partitions_def=survey_waves, backfill_policy=dg.BackfillPolicy.single_run())
    def written() -> None:
        """Stands for the table."""

    checks = suite_checks(TABLE, WAVES, blocking=False)
    defs = dg.Definitions(
        assets=[written],
        asset_checks=[checks],
        jobs=[dg.define_asset_job("j", selection=dg.AssetSelection.assets(KEY))],
        resources={"store": store, "io_manager": dg.mem_io_manager},
        executor=dg.in_process_executor,
    )
    span = tags or range_tags(str(WAVES[0]), str(WAVES[-1]))
    with dg.DagsterInstance.ephemeral() as instance:
        done = defs.resolve_job_def("j").execute_in_process(instance=instance, tags=span)
    return {e.check_name: e for e in done.get_asset_check_evaluations()}


def test_every_rule_of_every_suite_is_a_check():
    measured = {spec.name for spec in psychometric_checks().check_specs}
    own = {"register_nivahopp", "svarsandel_over_100"} | measured  # checks with code of their own
    specs = [spec for checks in build_checks() for spec in checks.check_specs if spec.name not in own]
    rules = [rule.id for table in suite_tables() for rule in load_suite(table).rules]
    assert sorted(spec.name for spec in specs) == sorted(rules)
    for spec in specs:
        assert " Varför: " in spec.description
        assert " Om den inte håller: " in spec.description
        assert spec.metadata["allvar"] in {"stoppande", "varning", "upplysning"}
        assert spec.metadata["varför"]


def test_every_table_of_the_layers_before_release_has_rules():
    graph = build_definitions().resolve_asset_graph()
    tables = {"/".join(key.path) for key in graph.get_all_asset_keys() if key.path[0] in {"raw", "harmonised", "validated"}}
    assert len(tables) >= 13
    assert tables <= set(suite_tables())


def test_only_critical_rules_of_the_release_block():
    blocking = {spec.name for checks in build_checks() for spec in checks.check_specs if spec.blocking}
    tables = [table for table in suite_tables() if table.startswith("release/")]
    release = {rule.id for table in tables for rule in load_suite(table).rules if rule.severity == "critical"}
    assert blocking == release | {"register_nivahopp"}
    mixed = suite_checks(TABLE, WAVES, blocking=True).check_specs
    assert {spec.name for spec in mixed if spec.blocking} == {r.id for r in load_suite(TABLE).rules if r.severity == "critical"}
    assert not all(spec.blocking for spec in mixed)


def test_a_table_tried_a_slice_at_a_time_holds_where_every_slice_does():
    good, bad = RuleOutcome(RULE, "holds", 2, 1), RuleOutcome(RULE, "broken", 3, 1, ("sex",), None)
    both = together([([2022], bad), ([2024], good)])
    assert (both.status, both.rows, both.units) == ("broken", 5, {(2022,): ("sex",)})
    assert "för 2022." in result(both, KEY, ["2022"]).description
    assert together([([2022], good), ([2024], good)]).holds
    assert set(ONE_SLICE_AT_A_TIME) <= set(suite_tables())


def test_good_rows_pass_every_check(store):
    found = evaluate(store, rows(("a", 2022), ("b", 2024)))
    assert set(found) == {rule.id for rule in load_suite(TABLE).rules}
    assert {name for name, e in found.items() if not e.passed} == set()
    unique = found["elev_unik"]
    assert unique.severity == dg.AssetCheckSeverity.ERROR
    assert unique.description == "Regeln håller. Varje elev förekommer en gång."
    assert {k: v.value for k, v in unique.metadata.items()} == {
        "regel": "Varje elev förekommer en gång.",
        "varför": "En elev som räknas två gånger gör andelarna fel och osäkerheten för liten.",
        "allvar": "stoppande",
        "gör så här": "Kontrollera om samma fil lagts in två gånger.",
        "utfall": "Regeln håller",
        "rader prövade": 4,
        "kolumner prövade": 1,
        "kolumner som bröt": "inga",
    }


def test_a_broken_rule_names_the_file_and_wave_and_no_value(store):
    canary = "KANARIE-7391"
    frame = rows(("a", 2022), ("a", 2024), ("b", 2024))
    bad = pl.when((pl.col("delivery_id") == "b") & (pl.col("sex") == "girl")).then(pl.lit(canary))
    found = evaluate(store, frame.with_columns(grade=bad.otherwise(pl.col("grade")), school_name=pl.lit(canary)))
    broken = {name: e for name, e in found.items() if not e.passed}
    assert set(broken) == {"arskurs_kand"}
    assert broken["arskurs_kand"].description == (
        "Regeln håller inte för nacka.csv (2024). Årskursen är en av enkätens. Rätta årskursen i leveransen."
    )
    assert broken["arskurs_kand"].metadata["kolumner som bröt"].value == "grade"
    assert canary not in repr(found)


def test_a_run_of_one_wave_tries_that_wave_only(store):
    frame = rows(("a", 2022), ("b", 2024))
    frame = frame.with_columns(grade=pl.when(pl.col("wave") == 2022).then(pl.lit("x")).otherwise(pl.col("grade")))
    assert not evaluate(store, frame)["arskurs_kand"].passed
    later = evaluate(store, None, range_tags("2024", "2024"))["arskurs_kand"]
    assert later.passed
    assert later.metadata["rader prövade"].value == 2


@pytest.mark.parametrize("frame", [None, rows(("a", 2024)).clear()], ids=["unwritten", "empty"])
def test_no_rows_is_a_broken_rule_and_not_silence(store, frame):
    found = evaluate(store, frame)
    assert not found["rader_finns"].passed
    assert found["rader_finns"].description.startswith("Regeln håller inte. Leveransen har minst en elev")
    assert {name for name, e in found.items() if e.passed} == set(), "a rule that could not be tried has not passed"
    if frame is None:
        assert found["elev_unik"].metadata["utfall"].value == "Regeln kunde inte prövas"


def test_many_places_are_counted_and_not_listed():
    shown = result(RuleOutcome(RULE, "broken", 7, 1), KEY, [f"fil{n}.sav (2024)" for n in range(8)])
    assert shown.description == (
        "Regeln håller inte för fil0.sav (2024), fil1.sav (2024), fil2.sav (2024), fil3.sav (2024), "
        "fil4.sav (2024) och 3 till. Det finns rader. Lägg in en fil."
    )
    assert shown.passed is False
    warning = RULE.model_copy(update={"severity": "warning"})
    assert result(RuleOutcome(warning, "broken", 7, 1), KEY, []).severity == dg.AssetCheckSeverity.WARN


def test_an_info_finding_is_seen_and_does_not_alarm():
    info = RULE.model_copy(update={"severity": "info"})
    noted = result(RuleOutcome(info, "broken", 7, 1), KEY, ["täby.sav (2024)"])
    assert noted.passed is True
    assert noted.severity == dg.AssetCheckSeverity.WARN
    assert noted.description == "Att titta på: det här gäller inte för täby.sav (2024). Det finns rader. Lägg in en fil."
    assert noted.metadata["utfall"] == dg.TextMetadataValue("Att titta på")
    crashed = result(RuleOutcome(info, "not_evaluated", 7, 1, units=None, why_not="error"), KEY, [])
    assert crashed.passed is False, "a rule that crashed is never silent"


def test_a_rule_whose_list_is_empty_is_red(store, monkeypatch):
    from assets.catalogue.load import load_catalogue

    nowhere = replace(load_catalogue(), municipalities=())
    monkeypatch.setattr("pipelines.checks.load_catalogue", lambda: nowhere)
    found = evaluate(store, rows(("a", 2024)))
    assert {name for name, e in found.items() if not e.passed} == {"kommun_kand", "kommun_giltig_aret"}
    assert found["kommun_kand"].description.startswith("Regeln kunde inte prövas.")


def test_one_sex_only_is_judged_per_delivery_and_the_file_is_named(store):
    many = pl.concat([rows(("a", 2024), ("b", 2024))] * 6)
    many = many.with_columns(respondent_key=pl.format("{}-{}", "delivery_id", pl.int_range(pl.len())))
    found = evaluate(store, many.filter((pl.col("delivery_id") == "a") | (pl.col("sex") == "girl")))
    few = evaluate(store, many.filter((pl.col("delivery_id") == "a") | (pl.col("sex") == "girl")).group_by("delivery_id").head(4))
    assert few["kon_inte_bara_ett"].passed, "too few pupils to say"
    assert not evaluate(store, pl.concat([many] * 2).with_columns(
        respondent_key=pl.format("{}-{}", "delivery_id", pl.int_range(pl.len()))
    ).filter((pl.col("delivery_id") == "a") | (pl.col("sex") == "girl")))["kon_inte_bara_ett"].passed  # fmt: skip
    assert found["kon_inte_bara_ett"].passed
