"""What should have come: sentences for late deliveries and old registers, warnings that stop nothing, and schedules."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest

from assets.asset_keys import asset_key
from assets.catalogue.freshness_models import FreshnessFile
from assets.catalogue.load import load_catalogue
from pipelines import freshness
from pipelines.freshness import deliveries_in_time, kolla_farskhet, late_deliveries, load_freshness, old_registers
from pipelines.mail import Mail
from pipelines.paths import Paths
from pipelines.register_refresh import hamta_register, yearly_registers
from pipelines.resources import Store
from tests.support.recorded_server import recorded_server

EXPECTED = FreshnessFile.model_validate(
    {"deliveries": [{"wave": 2024, "due": "2024-12-31"}], "registers": [{"source": "kolada", "title_sv": "Kolada", "months": 14}]}
)


def mail(store: Store) -> Mail:
    """E-mail as the installation's settings say: off."""
    return Mail(data_dir=store.data_dir)


NAMES = {"0127": "Botkyrka", "0136": "Haninge"}


def test_the_catalogue_expects_waves_that_exist():
    waves = set(load_catalogue().calendar.survey_waves)
    assert {one.wave for one in load_freshness().deliveries} <= waves


def test_a_delivery_is_late_the_day_after_its_date_and_not_before():
    assert late_deliveries(EXPECTED, {("0127", 2024)}, NAMES, date(2024, 12, 31)) == []
    (told,) = late_deliveries(EXPECTED, {("0127", 2024), ("0136", 2022)}, NAMES, date(2025, 1, 1))
    assert told.startswith("Mättillfälle 2024: 1 kommun saknar godkänd leverans, som skulle ha")
    assert "senast 31\N{NO-BREAK SPACE}december\N{NO-BREAK SPACE}2024: Haninge." in told
    assert late_deliveries(EXPECTED, {("0127", 2024), ("0136", 2024)}, NAMES, date(2030, 1, 1)) == []


def test_many_late_municipalities_are_counted():
    names = {f"{code:04}": f"K{code:02}" for code in range(13)}
    (told,) = late_deliveries(EXPECTED, set(), names, date(2025, 1, 1))
    assert "13 kommuner" in told
    assert "K09 och 3 till" in told


@pytest.mark.parametrize(("today", "old"), [(date(2025, 3, 29), False), (date(2025, 3, 30), True), (date(2030, 1, 1), True)])
def test_a_register_is_old_after_so_many_whole_months(tmp_path, today, old):
    paths = Paths(tmp_path)
    assert old_registers(EXPECTED, paths, today) == [], "never fetched is not old"
    paths.make()
    (paths.registers / "kolada_2020-01-01_data_raw.parquet").touch()
    (paths.registers / "kolada_2024-01-30_data_raw.parquet").touch()
    told = old_registers(EXPECTED, paths, today)
    assert bool(told) == old
    assert not old or ("30\N{NO-BREAK SPACE}januari\N{NO-BREAK SPACE}2024" in told[0] and "använder internet" in told[0])


def test_the_job_warns_on_the_inbox_and_leaves_a_notice_and_is_green(tmp_path, monkeypatch):
    monkeypatch.setattr(freshness, "_today", lambda: date(2026, 11, 23))
    store = Store(data_dir=str(tmp_path))
    store.paths.make()
    (store.paths.registers / "kolada_2024-01-30_data_raw.parquet").touch()
    with dg.DagsterInstance.ephemeral() as instance:
        run = kolla_farskhet.execute_in_process(instance=instance, resources={"store": store, "mail": mail(store)})
    assert run.success
    found = {one.check_name: (one.passed, one.severity, one.asset_key) for one in run.get_asset_check_evaluations()}
    warn = dg.AssetCheckSeverity.WARN
    assert found == {
        "leverans_i_tid": (False, warn, asset_key("inbox", "survey_files")),
        "register_nog_nya": (False, warn, asset_key("inbox", "register_files")),
    }
    (notice,) = store.paths.notices.iterdir()
    assert notice.name.endswith("-farskhet.txt")
    assert "26 kommuner" in notice.read_text(encoding="utf-8")


def test_what_has_come_is_no_news(tmp_path, monkeypatch):
    monkeypatch.setattr(freshness, "_today", lambda: date(2024, 1, 1))
    store = Store(data_dir=str(tmp_path))
    assert deliveries_in_time(store).passed
    assert kolla_farskhet.execute_in_process(resources={"store": store, "mail": mail(store)}).success
    assert not store.paths.notices.exists()


def test_nothing_goes_out_on_the_network_by_itself():
    assert yearly_registers.default_status == dg.DefaultScheduleStatus.STOPPED
    assert "Avstängt från början" in yearly_registers.description
    assert "internet" in yearly_registers.description


def test_a_register_is_fetched_into_the_inbox_from_the_page(tmp_path):
    store = Store(data_dir=str(tmp_path))
    with recorded_server() as (url, _):
        config = {"kalla": "kolada", "adress": f"{url}/v3"}
        run = hamta_register.execute_in_process(run_config=config, resources={"store": store}, raise_on_error=False)
        wrong = {"kalla": "scb", "adress": f"{url}/fel"}
        failed = hamta_register.execute_in_process(run_config=wrong, resources={"store": store}, raise_on_error=False)
    (event,) = [e for e in failed.all_events if e.is_step_failure]
    assert "ingen tidigare årgång i inkorgen" in event.step_failure_data.user_failure_data.description
    (fetched,) = store.paths.registers.glob("*.parquet")
    assert run.success
    assert fetched.name.startswith("kolada_")
