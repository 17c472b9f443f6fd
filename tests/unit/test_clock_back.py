"""A clock set back since the last run is told in one sentence, by the commands, the job and the page; it stops nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg
import pytest

from assets.ledger import store
from assets.ledger.types import DONE, Ending, Start
from pipelines.clock_back import ADJUSTED, clock_set_back
from pipelines.doctor import check_clock
from pipelines.doctor_job import undersok_datorn
from pipelines.paths import Paths
from pipelines.resources import Store

LAST = datetime.fromisoformat("2026-03-02T11:00:00+00:00")


@pytest.fixture
def paths(tmp_path, monkeypatch) -> Paths:
    """A data folder whose clock was right, then wrong, in two runs."""
    made = Paths(tmp_path)
    made.make()
    for number, at in enumerate((LAST, LAST.replace(year=2019))):
        monkeypatch.setattr(store, "_now", lambda at=at: at.isoformat(timespec="seconds"))
        store.begin(made, Start(f"{number}", "did kor", "", {}))
        store.finish(made, f"{number}", Ending(DONE), [])
    return made


def test_the_latest_time_of_any_run_is_what_counts(paths):
    assert clock_set_back(paths, LAST - ADJUSTED) is None
    assert str(clock_set_back(paths, LAST - timedelta(days=1))) == (
        "Datorns klocka: väntade en tid efter den senaste körningen, 2 mars 2026 kl. 12.00, fick 1 mars 2026 kl. 12.00. "
        "Ställ klockan rätt. Inget är borta och körningarnas ordning stämmer, men datum i det som skrivs nu blir fel: "
        "intyg, beslut och meddelanden."
    )
    assert clock_set_back(Paths(paths.root / "tom"), LAST) is None


def test_the_examination_tells_it_and_is_not_red_for_it(paths, monkeypatch):
    assert check_clock(paths.root)[0].mark == "ok"
    monkeypatch.setattr(store, "_now", lambda: (LAST + timedelta(days=36_500)).isoformat(timespec="seconds"))
    store.begin(paths, Start("sen", "did kor", "", {}))
    assert [one.mark for one in check_clock(paths.root)] == ["note"]
    result = undersok_datorn.execute_in_process(resources={"store": Store(data_dir=str(paths.root))})
    (output,) = [event for event in result.all_node_events if event.is_successful_output]
    told = output.step_output_data.metadata
    assert "| – | Datorns klocka: väntade en tid efter" in told["svar"].value
    assert "Port" not in told["svar"].value
    assert told["sammanfattning"].value == "Allt som behövs finns."


def test_what_stops_the_chain_makes_the_examination_red_and_says_what_to_do(paths):
    paths.warehouse.write_bytes(b"not a database")
    store_of = {"store": Store(data_dir=str(paths.root))}
    with pytest.raises(dg.Failure, match=r"1 sak att åtgärda först: Lagret data/warehouse\.duckdb går inte att öppna"):
        undersok_datorn.execute_in_process(resources=store_of)
