"""Asset checks: one per rule, in Swedish, tried slice by slice, naming files and never a value."""

import dagster as dg
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.slices import WAVES, range_tags, survey_waves
from expectations.parameters import survey_parameters
from expectations.run import RuleOutcome
from expectations.suite import SUITES, Rule, load_suite
from pipelines.checks import build_checks, result, slice_by_slice, suite_checks
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
    files = pl.DataFrame({"delivery_id": ["a", "b", "b"], "source_file": ["täby.sav", "nacka.csv", "nacka.csv"]})
    made.warehouse.replace(TableName("raw", "survey_deliveries"), files, None)
    return made


def evaluate(store: Store, frame: pl.DataFrame | None, tags: dict[str, str] | None = None) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the checks of the survey table alone; evaluation by rule."""
    if frame is not None:
        store.warehouse.replace(TableName(*TABLE.split("/")), frame, None)

    @dg.asset(key=KEY, partitions_def=survey_waves, backfill_policy=dg.BackfillPolicy.single_run())
    def written() -> None:
        """Stands for the table."""

    checks = suite_checks(TABLE, survey_parameters, "wave", WAVES, blocking=False)
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
    specs = [spec for checks in build_checks() for spec in checks.check_specs if spec.name != "register_nivahopp"]
    rules = [rule.id for path in SUITES.glob("*.yml") for rule in load_suite(path.stem.replace("__", "/")).rules]
    assert sorted(spec.name for spec in specs) == sorted(rules)
    for spec in specs:
        assert " Om den inte håller: " in spec.description
        assert spec.metadata["allvar"] in {"stoppande", "varning"}


def test_only_critical_rules_of_the_release_block():
    blocking = {spec.name for checks in build_checks() for spec in checks.check_specs if spec.blocking}
    tables = ("index_results", "indicator_results", "series_breaks")
    release = {rule.id for table in tables for rule in load_suite(f"release/{table}").rules if rule.severity == "critical"}
    assert blocking == release | {"register_nivahopp"}
    mixed = suite_checks(TABLE, survey_parameters, "wave", WAVES, blocking=True).check_specs
    assert {spec.name for spec in mixed if spec.blocking} == {r.id for r in load_suite(TABLE).rules if r.severity == "critical"}
    assert not all(spec.blocking for spec in mixed)


def test_a_large_table_is_tried_a_slice_at_a_time():
    """Only one slice is read before its rules are tried; a rule holds when it holds in all of them."""
    suite, filled = load_suite(TABLE), survey_parameters(load_catalogue())
    wanted = {rule.id for rule in suite.rules if rule.severity == "critical"}
    slices = iter([(2022, rows(("a", 2022)).with_columns(sex=pl.lit("Flicka"))), (2024, rows(("b", 2024)))])
    found = {outcome.check_name: outcome for outcome in slice_by_slice(suite, slices, filled, wanted)}
    assert set(found) == wanted
    assert [name for name, outcome in found.items() if not outcome.passed] == ["kon_kant"]
    assert "för 2022." in found["kon_kant"].description


def test_good_rows_pass_every_check(store):
    found = evaluate(store, rows(("a", 2022), ("b", 2024)))
    assert set(found) == {rule.id for rule in load_suite(TABLE).rules}
    assert all(e.passed for e in found.values())
    unique = found["elev_unik"]
    assert unique.severity == dg.AssetCheckSeverity.ERROR
    assert unique.description == "Regeln håller. Varje elev förekommer en gång."
    assert {k: v.value for k, v in unique.metadata.items()} == {
        "regel": "Varje elev förekommer en gång.",
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
        "Regeln håller inte för nacka.csv (2024). Årskursen är åk 9 eller gy 2. Rätta årskursen i leveransen."
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
    if frame is None:
        assert not any(e.passed for e in found.values()), "a rule that could not be tried has not passed"
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


def test_parameters_are_filled_from_the_catalogue():
    assert set(survey_parameters(load_catalogue())) >= {"municipalities", "waves", "codes", "choice_items", "count_items"}
